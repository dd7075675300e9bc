"""Amazon SNS. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.deploy.properties import BOOL, JSON, STR, TAGS
from emulator.deploy.providers.sqs import attribute_text
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, finished
from emulator.effects import Call, Process

__all__ = ["TYPES"]

TOPIC_ATTRIBUTES = frozenset(
    {
        "ContentBasedDeduplication",
        "DisplayName",
        "FifoThroughputScope",
        "FifoTopic",
        "KmsMasterKeyId",
        "SignatureVersion",
        "TracingConfig",
    }
)
SUBSCRIPTION_ATTRIBUTES = frozenset(
    {"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"}
)


def _attributes(properties: Mapping[str, Any], names: frozenset[str]) -> dict[str, str]:
    return {name: attribute_text(value) for name, value in properties.items() if name in names}


def _create_topic(request: Request) -> Process:
    suffix = ".fifo" if request.get("FifoTopic", False) else ""
    name = request.get("TopicName") or request.generated_name(256 - len(suffix)) + suffix
    params = {
        "Name": name,
        "Attributes": _attributes(request.properties, TOPIC_ATTRIBUTES),
        "Tags": list(request.get("Tags", [])),
    }
    answer = yield Call("sns", "CreateTopic", params)
    arn = answer["TopicArn"]
    made = Made(arn, {"TopicArn": arn, "TopicName": name})
    yield from finished(made, _subscribe_all(arn, request.get("Subscription", [])))
    return made


def _subscribe_all(topic_arn: str, subscriptions: list[dict[str, Any]]) -> Process:
    for subscription in subscriptions:
        yield Call("sns", "Subscribe", {"TopicArn": topic_arn, **subscription})


def _update_topic(request: Request) -> Process:
    before = _attributes(request.previous, TOPIC_ATTRIBUTES)
    after = _attributes(request.properties, TOPIC_ATTRIBUTES)
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            params = {"TopicArn": request.physical_id, "AttributeName": name, "AttributeValue": after.get(name, "")}
            yield Call("sns", "SetTopicAttributes", params)
    return Made(request.physical_id, request.attributes)


def _delete_topic(request: Request) -> Process:
    yield Call("sns", "DeleteTopic", {"TopicArn": request.physical_id})


def _create_subscription(request: Request) -> Process:
    params = {
        "TopicArn": request["TopicArn"],
        "Protocol": request["Protocol"],
        "Endpoint": request.get("Endpoint", ""),
        "Attributes": _attributes(request.properties, SUBSCRIPTION_ATTRIBUTES),
        "ReturnSubscriptionArn": True,
    }
    answer = yield Call("sns", "Subscribe", params)
    return Made(answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]})


def _update_subscription(request: Request) -> Process:
    before = _attributes(request.previous, SUBSCRIPTION_ATTRIBUTES)
    after = _attributes(request.properties, SUBSCRIPTION_ATTRIBUTES)
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            params = {
                "SubscriptionArn": request.physical_id,
                "AttributeName": name,
                "AttributeValue": after.get(name, "{}" if name == "FilterPolicy" else ""),
            }
            yield Call("sns", "SetSubscriptionAttributes", params)
    return Made(request.physical_id, request.attributes)


def _delete_subscription(request: Request) -> Process:
    yield Call("sns", "Unsubscribe", {"SubscriptionArn": request.physical_id})


def _set_policy(request: Request) -> Process:
    policy = attribute_text(request["PolicyDocument"])
    for arn in request["Topics"]:
        params = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy}
        yield Call("sns", "SetTopicAttributes", params)
    physical_id = request.physical_id or request.generated_name(128)
    return Made(physical_id, {"Id": physical_id})


def _clear_policy(request: Request) -> Process:
    for arn in request["Topics"]:
        yield Call("sns", "SetTopicAttributes", {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": ""})


TYPES = (
    ResourceType(
        "AWS::SNS::Topic",
        {
            "ContentBasedDeduplication": BOOL,
            "DisplayName": STR,
            "FifoThroughputScope": STR,
            "FifoTopic": BOOL,
            "KmsMasterKeyId": STR,
            "SignatureVersion": STR,
            "Subscription": {"Endpoint": STR, "Protocol": STR},
            "Tags": TAGS,
            "TopicName": STR,
            "TracingConfig": STR,
        },
        _create_topic,
        _delete_topic,
        attributes=("TopicArn", "TopicName"),
        update=_update_topic,
        updatable=TOPIC_ATTRIBUTES - {"FifoTopic"},
        replacing=frozenset({"FifoTopic", "TopicName"}),
    ),
    ResourceType(
        "AWS::SNS::Subscription",
        {
            "DeliveryPolicy": JSON,
            "Endpoint": STR,
            "FilterPolicy": JSON,
            "FilterPolicyScope": STR,
            "Protocol": STR,
            "RawMessageDelivery": BOOL,
            "RedrivePolicy": JSON,
            "TopicArn": STR,
        },
        _create_subscription,
        _delete_subscription,
        attributes=("Arn",),
        update=_update_subscription,
        updatable=SUBSCRIPTION_ATTRIBUTES,
        replacing=frozenset({"Endpoint", "Protocol", "TopicArn"}),
        required=("Protocol", "TopicArn"),
    ),
    ResourceType(
        "AWS::SNS::TopicPolicy",
        {"PolicyDocument": JSON, "Topics": STR},
        _set_policy,
        _clear_policy,
        attributes=("Id",),
        update=_set_policy,
        updatable=frozenset({"PolicyDocument"}),
        replacing=EVERY_PROPERTY,
        required=("PolicyDocument", "Topics"),
    ),
)
