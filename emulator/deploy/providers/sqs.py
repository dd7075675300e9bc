"""Amazon SQS. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SQS.html"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emulator.deploy.properties import BOOL, INT, JSON, STR, TAGS
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, tags_of
from emulator.effects import Call, Process

__all__ = ["TYPES", "attribute_text"]

DEFAULTS: Mapping[str, str] = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
"""What an attribute goes back to when a template no longer names it.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""


def attribute_text(value: Any) -> str:
    """A property as an attribute's text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    names = {*DEFAULTS, "FifoQueue"}
    chosen = {name: attribute_text(value) for name, value in properties.items() if name in names}
    if chosen.get("FifoQueue") == "false":
        del chosen["FifoQueue"]  # the API knows only `true`
    return chosen


def _create_queue(request: Request) -> Process:
    fifo = request.get("FifoQueue", False)
    suffix = ".fifo" if fifo else ""
    name = request.get("QueueName") or request.generated_name(80 - len(suffix)) + suffix
    params = {"QueueName": name, "Attributes": _attributes(request.properties), "tags": tags_of(request)}
    answer = yield Call("sqs", "CreateQueue", params)
    return _made_queue(request, answer["QueueUrl"], name)


def _made_queue(request: Request, url: str, name: str) -> Made:
    return Made(url, {"Arn": request.account.arn("sqs", name), "QueueName": name, "QueueUrl": url})


def _update_queue(request: Request) -> Process:
    before, after = _attributes(request.previous), _attributes(request.properties)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    changed.update({name: DEFAULTS[name] for name in before if name not in after})
    if changed:
        yield Call("sqs", "SetQueueAttributes", {"QueueUrl": request.physical_id, "Attributes": changed})
    return Made(request.physical_id, request.attributes)


def _delete_queue(request: Request) -> Process:
    yield Call("sqs", "DeleteQueue", {"QueueUrl": request.physical_id})


def _set_policy(request: Request) -> Process:
    policy = attribute_text(request["PolicyDocument"])
    for url in request["Queues"]:
        yield Call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": policy}})
    physical_id = request.physical_id or request.generated_name(128)
    return Made(physical_id, {"Id": physical_id})


def _clear_policy(request: Request) -> Process:
    for url in request["Queues"]:
        yield Call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": ""}})


_INTEGERS = (
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)

TYPES = (
    ResourceType(
        "AWS::SQS::Queue",
        {
            "ContentBasedDeduplication": BOOL,
            "DeduplicationScope": STR,
            "FifoQueue": BOOL,
            "FifoThroughputLimit": STR,
            "KmsMasterKeyId": STR,
            "QueueName": STR,
            "RedriveAllowPolicy": JSON,
            "RedrivePolicy": JSON,
            "SqsManagedSseEnabled": BOOL,
            "Tags": TAGS,
            **dict.fromkeys(_INTEGERS, INT),
        },
        _create_queue,
        _delete_queue,
        attributes=("Arn", "QueueName", "QueueUrl"),
        update=_update_queue,
        updatable=frozenset(DEFAULTS),
        replacing=frozenset({"FifoQueue", "QueueName"}),
    ),
    ResourceType(
        "AWS::SQS::QueuePolicy",
        {"PolicyDocument": JSON, "Queues": STR},
        _set_policy,
        _clear_policy,
        attributes=("Id",),
        update=_set_policy,
        updatable=frozenset({"PolicyDocument"}),
        replacing=EVERY_PROPERTY,
        required=("PolicyDocument", "Queues"),
    ),
)
