"""Amazon CloudWatch Logs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
"""

from __future__ import annotations

from emulator.deploy.properties import INT, STR, TAGS
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
    return Made(request.physical_id, request.attributes)


def _delete(request: Request) -> Process:
    yield Call("logs", "DeleteLogGroup", {"logGroupName": request.physical_id})


TYPES = (
    ResourceType(
        "AWS::Logs::LogGroup",
        {"KmsKeyId": STR, "LogGroupClass": STR, "LogGroupName": STR, "RetentionInDays": INT, "Tags": TAGS},
        _create,
        _delete,
        attributes=("Arn",),
        update=_update,
        updatable=frozenset({"RetentionInDays"}),
        replacing=frozenset({"LogGroupName"}),
    ),
)
