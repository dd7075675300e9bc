"""AWS Systems Manager parameters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
"""

from __future__ import annotations

from emulator.deploy.properties import STR, Each
from emulator.deploy.resource_type import Made, Request, ResourceType, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]

PLAIN = ("AllowedPattern", "DataType", "Description", "Tier", "Type", "Value")


def _create(request: Request) -> Process:
    name = request.get("Name") or f"CFN-{request.logical_id}-{request.account.identifiers.letters(12)}"
    tags = [{"Key": key, "Value": value} for key, value in request.get("Tags", {}).items()]
    params = {"Name": name, **pick(request.properties, *PLAIN)}
    if tags:
        params["Tags"] = tags
    yield Call("ssm", "PutParameter", params)
    return Made(name, {"Type": request["Type"], "Value": request["Value"]})


def _update(request: Request) -> Process:
    params = {"Name": request.physical_id, "Overwrite": True, **pick(request.properties, *PLAIN)}
    yield Call("ssm", "PutParameter", params)
    return Made(request.physical_id, {"Type": request["Type"], "Value": request["Value"]})


def _delete(request: Request) -> Process:
    yield Call("ssm", "DeleteParameter", {"Name": request.physical_id})


TYPES = (
    ResourceType(
        "AWS::SSM::Parameter",
        {**dict.fromkeys(PLAIN, STR), "Name": STR, "Tags": Each(STR)},
        _create,
        _delete,
        attributes=("Type", "Value"),
        update=_update,
        updatable=frozenset(PLAIN),
        replacing=frozenset({"Name"}),
        required=("Type", "Value"),
    ),
)
