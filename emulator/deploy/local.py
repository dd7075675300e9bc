"""Deploys a local template the way a user would: CreateStack with a `file://` address, then wait until the stack has settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.effects import Call, Process, WaitFor
from emulator.errors import AwsError, EmulatorError

__all__ = ["DeployedStack", "deploy_template"]

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack that stands, with its outputs."""

    stack_id: str
    stack_name: str
    outputs: Mapping[str, str]


def deploy_template(template: Path, stack_name: str, parameters: Mapping[str, str]) -> Process:
    """The DeployedStack of a local template. Raises EmulatorError with all reasons where it cannot be deployed."""
    try:
        answer = yield Call(
            "cloudformation",
            "CreateStack",
            {
                "StackName": stack_name,
                "TemplateURL": template.resolve().as_uri(),
                "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
                "Capabilities": CAPABILITIES,
            },
        )
    except AwsError as error:
        raise EmulatorError(f"cannot deploy {template} as stack {stack_name}: {error.message}") from error
    stack_id = answer["StackId"]
    while True:
        found = yield Call("cloudformation", "DescribeStacks", {"StackName": stack_id})
        stack: Mapping[str, Any] = found["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        yield WaitFor(("cloudformation", stack_id))
    if stack["StackStatus"] != "CREATE_COMPLETE":
        reason = stack.get("StackStatusReason", "")
        raise EmulatorError(f"stack {stack_name} of {template} is {stack['StackStatus']}: {reason}")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return DeployedStack(stack_id, stack_name, outputs)
