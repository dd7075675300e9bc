"""AWS CloudFormation's own resource types: nested stacks and wait condition handles.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudFormation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import INT, STR, TAGS, Each
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, nothing, pick
from emulator.effects import Call, Process, WaitFor
from emulator.errors import AwsError

__all__ = ["TYPES"]

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
"""A nested stack has what its root was given; the root's own check covers it."""
NO_CHANGE = "No updates are to be performed."


def _params(request: Request) -> dict[str, Any]:
    parameters = request.get("Parameters", {})
    params: dict[str, Any] = {
        "TemplateURL": request["TemplateURL"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else value}
            for key, value in parameters.items()
        ],
        "Capabilities": CAPABILITIES,
        "Tags": list(request.get("Tags", [])),
        "ParentStackId": request.stack_id,
        **pick(request.properties, "TimeoutInMinutes"),
    }
    return params


def _until_settled(stack_id: str) -> Process:
    """Wait until a stack's operation has ended: its description."""
    while True:
        stack: Mapping[str, Any] = (yield Call("cloudformation", "DescribeStacks", {"StackName": stack_id}))["Stacks"][
            0
        ]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        yield WaitFor(("cloudformation", stack_id))


def _made(stack: Mapping[str, Any], wanted: str) -> Made:
    if stack["StackStatus"] != wanted:
        name, status = stack["StackName"], stack["StackStatus"]
        raise ProvisioningError(f"Embedded stack {name} is {status}: {stack.get('StackStatusReason', '')}")
    outputs = {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in stack.get("Outputs", [])}
    return Made(stack["StackId"], outputs)


def _create(request: Request) -> Process:
    # The stack's own rollback leaves an empty record behind; it goes with OnFailure=DELETE, as nothing may be left half done.
    params = {"StackName": request.generated_name(128), "OnFailure": "DELETE", **_params(request)}
    answer = yield Call("cloudformation", "CreateStack", params)
    stack = yield from _until_settled(answer["StackId"])
    return _made(stack, "CREATE_COMPLETE")  # OnFailure has deleted one that failed: nothing is half made


def _update(request: Request) -> Process:
    try:
        yield Call("cloudformation", "UpdateStack", {"StackName": request.physical_id, **_params(request)})
    except AwsError as error:
        if error.message != NO_CHANGE:
            raise
        return Made(request.physical_id, request.attributes)
    stack = yield from _until_settled(request.physical_id)
    return _made(stack, "UPDATE_COMPLETE")


def _delete(request: Request) -> Process:
    yield Call("cloudformation", "DeleteStack", {"StackName": request.physical_id})
    stack = yield from _until_settled(request.physical_id)
    _made(stack, "DELETE_COMPLETE")


def _create_handle(request: Request) -> Process:
    suffix = request.account.identifiers.letters(12)
    return Made(f"{request.account.endpoint_url}/waitcondition/{request.stack_name}/{request.logical_id}/{suffix}")
    yield


TYPES = (
    ResourceType(
        "AWS::CloudFormation::Stack",
        {"Parameters": Each(STR), "Tags": TAGS, "TemplateURL": STR, "TimeoutInMinutes": INT},
        _create,
        _delete,
        attributes=("Outputs.*",),
        update=_update,
        updatable=EVERY_PROPERTY,
        required=("TemplateURL",),
        always_updated=True,
    ),
    ResourceType(
        "AWS::CloudFormation::WaitConditionHandle",
        {},
        _create_handle,
        nothing,
        replacing=EVERY_PROPERTY,
    ),
)
