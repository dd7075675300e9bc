"""Amazon EventBridge. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html"""

from __future__ import annotations

import json
from typing import Any

from emulator.deploy.properties import BOOL, INT, JSON, STR, TAGS, Each
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# -- buses -------------------------------------------------------------------------------------------------------------


def _create_bus(request: Request) -> Process:
    name = request["Name"]
    params = pick(request.properties, "Name", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "Tags")
    answer = yield Call("events", "CreateEventBus", params)
    made = Made(name, {"Arn": answer["EventBusArn"], "Name": name})
    yield from finished(made, _put_bus_policy(request, name))
    return made


def _put_bus_policy(request: Request, name: str) -> Process:
    if "Policy" in request.properties:
        yield Call("events", "PutPermission", {"EventBusName": name, "Policy": _text(request["Policy"])})
    elif "Policy" in request.previous:
        yield Call("events", "RemovePermission", {"EventBusName": name, "RemoveAllPermissions": True})


def _update_bus(request: Request) -> Process:
    name = request.physical_id
    params = pick(request.properties, "Description", "KmsKeyIdentifier", "DeadLetterConfig")
    yield Call("events", "UpdateEventBus", {"Name": name, **params})
    yield from _put_bus_policy(request, name)
    return Made(name, request.attributes)


def _delete_bus(request: Request) -> Process:
    yield Call("events", "DeleteEventBus", {"Name": request.physical_id})


def _put_policy(request: Request) -> Process:
    bus = pick(request.properties, "EventBusName")
    statement = {"StatementId": request["StatementId"]}
    if "Statement" in request.properties:
        policy = {"Version": "2012-10-17", "Statement": [{"Sid": statement["StatementId"], **request["Statement"]}]}
        yield Call("events", "PutPermission", {**bus, "Policy": json.dumps(policy)})
    else:
        params = pick(request.properties, "Action", "Principal", "Condition")
        yield Call("events", "PutPermission", {**bus, **statement, **params})
    return Made(request.physical_id or request.generated_name(128))


def _remove_policy(request: Request) -> Process:
    bus = pick(request.properties, "EventBusName")
    yield Call("events", "RemovePermission", {**bus, "StatementId": request["StatementId"]})


# -- rules -------------------------------------------------------------------------------------------------------------


def _put_rule(request: Request, name: str) -> Process:
    params = pick(request.properties, "Description", "EventBusName", "RoleArn", "ScheduleExpression", "State", "Tags")
    if "EventPattern" in request.properties:
        params["EventPattern"] = _text(request["EventPattern"])
    answer = yield Call("events", "PutRule", {"Name": name, **params})
    return answer["RuleArn"]


def _put_targets(request: Request, name: str) -> Process:
    rule = {"Rule": name, **pick(request.properties, "EventBusName")}
    targets = request.get("Targets", [])
    kept = {target["Id"] for target in targets}
    removed = [target["Id"] for target in request.previous.get("Targets", []) if target["Id"] not in kept]
    if removed:
        yield Call("events", "RemoveTargets", {**rule, "Ids": removed})
    if targets:
        yield Call("events", "PutTargets", {**rule, "Targets": list(targets)})


def _create_rule(request: Request) -> Process:
    name = request.get("Name") or request.generated_name(64)
    arn = yield from _put_rule(request, name)
    bus = str(request.get("EventBusName", "default")).rpartition("/")[2]
    made = Made(name if bus == "default" else f"{bus}|{name}", {"Arn": arn})
    yield from finished(made, _put_targets(request, name))
    return made


def _update_rule(request: Request) -> Process:
    name = _rule_name(request)
    yield from _put_rule(request, name)
    yield from _put_targets(request, name)
    return Made(request.physical_id, request.attributes)


def _delete_rule(request: Request) -> Process:
    bus = pick(request.properties, "EventBusName")
    ids = [target["Id"] for target in request.get("Targets", [])]
    if ids:
        yield Call("events", "RemoveTargets", {"Rule": _rule_name(request), "Ids": ids, **bus})
    yield Call("events", "DeleteRule", {"Name": _rule_name(request), **bus})


def _rule_name(request: Request) -> str:
    return request.physical_id.rpartition("|")[2]


# -- connections and API destinations -----------------------------------------------------------------------------------


def _connection_params(request: Request) -> dict[str, Any]:
    return pick(request.properties, "AuthorizationType", "AuthParameters", "Description")


def _create_connection(request: Request) -> Process:
    name = request.get("Name") or request.generated_name(64)
    answer = yield Call("events", "CreateConnection", {"Name": name, **_connection_params(request)})
    made = Made(name, {"Arn": answer["ConnectionArn"]})
    return (yield from finished(made, _described_connection(name)))


def _described_connection(name: str) -> Process:
    described = yield Call("events", "DescribeConnection", {"Name": name})
    arn = described["ConnectionArn"]
    attributes = {"Arn": arn, "ArnForPolicy": arn.rpartition("/")[0], "SecretArn": described["SecretArn"]}
    return Made(name, attributes)


def _update_connection(request: Request) -> Process:
    yield Call("events", "UpdateConnection", {"Name": request.physical_id, **_connection_params(request)})
    return Made(request.physical_id, request.attributes)


def _delete_connection(request: Request) -> Process:
    yield Call("events", "DeleteConnection", {"Name": request.physical_id})


_DESTINATION = ("ConnectionArn", "Description", "HttpMethod", "InvocationEndpoint", "InvocationRateLimitPerSecond")


def _create_destination(request: Request) -> Process:
    name = request.get("Name") or request.generated_name(64)
    answer = yield Call("events", "CreateApiDestination", {"Name": name, **pick(request.properties, *_DESTINATION)})
    arn = answer["ApiDestinationArn"]
    return Made(name, {"Arn": arn, "ArnForPolicy": arn.rpartition("/")[0]})


def _update_destination(request: Request) -> Process:
    params = pick(request.properties, *_DESTINATION)
    yield Call("events", "UpdateApiDestination", {"Name": request.physical_id, **params})
    return Made(request.physical_id, request.attributes)


def _delete_destination(request: Request) -> Process:
    yield Call("events", "DeleteApiDestination", {"Name": request.physical_id})


# -- archives -----------------------------------------------------------------------------------------------------------


def _archive_params(request: Request) -> dict[str, Any]:
    params = pick(request.properties, "Description", "RetentionDays")
    if "EventPattern" in request.properties:
        params["EventPattern"] = _text(request["EventPattern"])
    return params


def _create_archive(request: Request) -> Process:
    name = request.get("ArchiveName") or request.generated_name(48)
    source = {"ArchiveName": name, "EventSourceArn": request["SourceArn"]}
    answer = yield Call("events", "CreateArchive", {**source, **_archive_params(request)})
    return Made(name, {"Arn": answer["ArchiveArn"], "ArchiveName": name})


def _update_archive(request: Request) -> Process:
    yield Call("events", "UpdateArchive", {"ArchiveName": request.physical_id, **_archive_params(request)})
    return Made(request.physical_id, request.attributes)


def _delete_archive(request: Request) -> Process:
    yield Call("events", "DeleteArchive", {"ArchiveName": request.physical_id})


_PAIR = {"IsValueSecret": BOOL, "Key": STR, "Value": STR}
_HTTP_PARAMETERS = {"BodyParameters": _PAIR, "HeaderParameters": _PAIR, "QueryStringParameters": _PAIR}
_TARGET = {
    "Arn": STR,
    "DeadLetterConfig": {"Arn": STR},
    "HttpParameters": {
        "HeaderParameters": Each(STR),
        "PathParameterValues": STR,
        "QueryStringParameters": Each(STR),
    },
    "Id": STR,
    "Input": STR,
    "InputPath": STR,
    "InputTransformer": {"InputPathsMap": Each(STR), "InputTemplate": STR},
    "RetryPolicy": {"MaximumEventAgeInSeconds": INT, "MaximumRetryAttempts": INT},
    "RoleArn": STR,
    "SqsParameters": {"MessageGroupId": STR},
}

TYPES = (
    ResourceType(
        "AWS::Events::EventBus",
        {
            "DeadLetterConfig": {"Arn": STR},
            "Description": STR,
            "KmsKeyIdentifier": STR,
            "Name": STR,
            "Policy": JSON,
            "Tags": TAGS,
        },
        _create_bus,
        _delete_bus,
        attributes=("Arn", "Name"),
        update=_update_bus,
        updatable=frozenset({"DeadLetterConfig", "Description", "KmsKeyIdentifier", "Policy"}),
        replacing=frozenset({"Name"}),
        required=("Name",),
    ),
    ResourceType(
        "AWS::Events::EventBusPolicy",
        {
            "Action": STR,
            "Condition": {"Key": STR, "Type": STR, "Value": STR},
            "EventBusName": STR,
            "Principal": STR,
            "Statement": JSON,
            "StatementId": STR,
        },
        _put_policy,
        _remove_policy,
        replacing=EVERY_PROPERTY,
        required=("StatementId",),
    ),
    ResourceType(
        "AWS::Events::Rule",
        {
            "Description": STR,
            "EventBusName": STR,
            "EventPattern": JSON,
            "Name": STR,
            "RoleArn": STR,
            "ScheduleExpression": STR,
            "State": STR,
            "Tags": TAGS,
            "Targets": _TARGET,
        },
        _create_rule,
        _delete_rule,
        attributes=("Arn",),
        update=_update_rule,
        updatable=frozenset({"Description", "EventPattern", "RoleArn", "ScheduleExpression", "State", "Targets"}),
        replacing=frozenset({"EventBusName", "Name"}),
    ),
    ResourceType(
        "AWS::Events::Connection",
        {
            "AuthParameters": {
                "ApiKeyAuthParameters": {"ApiKeyName": STR, "ApiKeyValue": STR},
                "BasicAuthParameters": {"Password": STR, "Username": STR},
                "InvocationHttpParameters": _HTTP_PARAMETERS,
                "OAuthParameters": {
                    "AuthorizationEndpoint": STR,
                    "ClientParameters": {"ClientID": STR, "ClientSecret": STR},
                    "HttpMethod": STR,
                    "OAuthHttpParameters": _HTTP_PARAMETERS,
                },
            },
            "AuthorizationType": STR,
            "Description": STR,
            "Name": STR,
        },
        _create_connection,
        _delete_connection,
        attributes=("Arn", "ArnForPolicy", "SecretArn"),
        update=_update_connection,
        updatable=frozenset({"AuthParameters", "AuthorizationType", "Description"}),
        replacing=frozenset({"Name"}),
        required=("AuthorizationType",),
    ),
    ResourceType(
        "AWS::Events::ApiDestination",
        {
            "ConnectionArn": STR,
            "Description": STR,
            "HttpMethod": STR,
            "InvocationEndpoint": STR,
            "InvocationRateLimitPerSecond": INT,
            "Name": STR,
        },
        _create_destination,
        _delete_destination,
        attributes=("Arn", "ArnForPolicy"),
        update=_update_destination,
        updatable=frozenset(_DESTINATION),
        replacing=frozenset({"Name"}),
        required=("ConnectionArn", "HttpMethod", "InvocationEndpoint"),
    ),
    ResourceType(
        "AWS::Events::Archive",
        {"ArchiveName": STR, "Description": STR, "EventPattern": JSON, "RetentionDays": INT, "SourceArn": STR},
        _create_archive,
        _delete_archive,
        attributes=("Arn", "ArchiveName"),
        update=_update_archive,
        updatable=frozenset({"Description", "EventPattern", "RetentionDays"}),
        replacing=frozenset({"ArchiveName", "SourceArn"}),
        required=("SourceArn",),
    ),
)
