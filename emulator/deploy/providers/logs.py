"""Amazon CloudWatch Logs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
"""

from __future__ import annotations

from emulator.deploy.properties import FLOAT, INT, STR, TAGS, Shape
from emulator.deploy.resource_type import Made, Request, ResourceType, finished, pick, tags_of
from emulator.effects import Call, Process

__all__ = ["TYPES"]


def _create(request: Request) -> Process:
    name = request.get("LogGroupName") or request.generated_name(512)
    params = {"logGroupName": name, **pick(request.properties, KmsKeyId="kmsKeyId", LogGroupClass="logGroupClass")}
    tags = tags_of(request)
    if tags:
        params["tags"] = tags
    yield Call("logs", "CreateLogGroup", params)
    made = Made(name, {"Arn": request.account.arn("logs", f"log-group:{name}:*")})
    yield from finished(made, _retain(request, name))
    return made


def _retain(request: Request, name: str) -> Process:
    days = request.get("RetentionInDays")
    if days == request.previous.get("RetentionInDays"):
        return
    if days is None:
        yield Call("logs", "DeleteRetentionPolicy", {"logGroupName": name})
    else:
        yield Call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days})


def _update(request: Request) -> Process:
    yield from _retain(request, request.physical_id)
    before = {tag["Key"]: tag["Value"] for tag in request.previous.get("Tags", [])}
    after, arn = tags_of(request), request.account.arn("logs", f"log-group:{request.physical_id}")
    if set(before) - set(after):
        yield Call("logs", "UntagResource", {"resourceArn": arn, "tagKeys": sorted(set(before) - set(after))})
    if after and after != before:
        yield Call("logs", "TagResource", {"resourceArn": arn, "tags": after})
    return Made(request.physical_id, request.attributes)


def _delete(request: Request) -> Process:
    yield Call("logs", "DeleteLogGroup", {"logGroupName": request.physical_id})


def _create_stream(request: Request) -> Process:
    name = request.get("LogStreamName") or request.generated_name(512)
    yield Call("logs", "CreateLogStream", {"logGroupName": request["LogGroupName"], "logStreamName": name})
    return Made(name)


def _delete_stream(request: Request) -> Process:
    params = {"logGroupName": request["LogGroupName"], "logStreamName": request.physical_id}
    yield Call("logs", "DeleteLogStream", params)


def _put_filter(request: Request) -> Process:
    name = request.physical_id or request.get("FilterName") or request.generated_name(512)
    params = {
        "filterName": name,
        **pick(
            request.properties,
            DestinationArn="destinationArn",
            Distribution="distribution",
            FilterPattern="filterPattern",
            LogGroupName="logGroupName",
            RoleArn="roleArn",
        ),
    }
    yield Call("logs", "PutSubscriptionFilter", params)
    return Made(name)


def _delete_filter(request: Request) -> Process:
    params = {"logGroupName": request["LogGroupName"], "filterName": request.physical_id}
    yield Call("logs", "DeleteSubscriptionFilter", params)


_METRIC_MEMBERS = ("defaultValue", "metricName", "metricNamespace", "metricValue", "unit")


def _put_metric_filter(request: Request) -> Process:
    name = request.physical_id or request.get("FilterName") or request.generated_name(512)
    params = {
        "filterName": name,
        "metricTransformations": [
            {
                member: one[member[0].upper() + member[1:]]
                for member in _METRIC_MEMBERS
                if member[0].upper() + member[1:] in one
            }
            for one in request["MetricTransformations"]
        ],
        **pick(request.properties, FilterPattern="filterPattern", LogGroupName="logGroupName"),
    }
    yield Call("logs", "PutMetricFilter", params)
    return Made(name)


def _delete_metric_filter(request: Request) -> Process:
    params = {"logGroupName": request["LogGroupName"], "filterName": request.physical_id}
    yield Call("logs", "DeleteMetricFilter", params)


_METRIC_FILTER: dict[str, Shape] = {
    "FilterName": STR,
    "FilterPattern": STR,
    "LogGroupName": STR,
    "MetricTransformations": {
        "DefaultValue": FLOAT,
        "MetricName": STR,
        "MetricNamespace": STR,
        "MetricValue": STR,
        "Unit": STR,
    },
}
_FILTER: dict[str, Shape] = {
    "DestinationArn": STR,
    "Distribution": STR,
    "FilterName": STR,
    "FilterPattern": STR,
    "LogGroupName": STR,
    "RoleArn": STR,
}

TYPES = (
    ResourceType(
        "AWS::Logs::LogGroup",
        {"KmsKeyId": STR, "LogGroupClass": STR, "LogGroupName": STR, "RetentionInDays": INT, "Tags": TAGS},
        _create,
        _delete,
        attributes=("Arn",),
        update=_update,
        updatable=frozenset({"RetentionInDays", "Tags"}),
        replacing=frozenset({"LogGroupName"}),
    ),
    ResourceType(
        "AWS::Logs::LogStream",
        {"LogGroupName": STR, "LogStreamName": STR},
        _create_stream,
        _delete_stream,
        replacing=frozenset({"LogGroupName", "LogStreamName"}),
        required=("LogGroupName",),
    ),
    ResourceType(
        "AWS::Logs::SubscriptionFilter",
        _FILTER,
        _put_filter,
        _delete_filter,
        update=_put_filter,
        updatable=frozenset({"DestinationArn", "Distribution", "FilterPattern", "RoleArn"}),
        replacing=frozenset({"FilterName", "LogGroupName"}),
        required=("DestinationArn", "FilterPattern", "LogGroupName"),
    ),
    ResourceType(
        "AWS::Logs::MetricFilter",
        _METRIC_FILTER,
        _put_metric_filter,
        _delete_metric_filter,
        update=_put_metric_filter,
        updatable=frozenset({"FilterPattern", "MetricTransformations"}),
        replacing=frozenset({"FilterName", "LogGroupName"}),
        required=("FilterPattern", "LogGroupName", "MetricTransformations"),
    ),
)
