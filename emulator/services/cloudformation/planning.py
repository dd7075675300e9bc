"""From a request to a checked plan: source, parameters, quotas, capabilities."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from emulator.deploy import Environment, Plan, Source, make_plan, read_source
from emulator.effects import Process
from emulator.operation import Params
from emulator.services.cloudformation.errors import (
    InsufficientCapabilitiesException,
    LimitExceededException,
    ValidationError,
)
from emulator.services.cloudformation.quotas import CloudformationQuotas
from emulator.services.cloudformation.state import Stack

__all__ = ["check_capabilities", "given_parameters", "needed_capabilities", "plan_for", "source_of", "tags_of"]

NAMED_IAM: Mapping[str, str] = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
"""Resources whose own name needs CAPABILITY_NAMED_IAM."""
IAM = frozenset({*NAMED_IAM, "AWS::IAM::AccessKey", "AWS::IAM::Policy", "AWS::IAM::UserToGroupAddition"})
"""Resources that need CAPABILITY_IAM. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""


def source_of(params: Params, quotas: CloudformationQuotas, stack: Stack | None = None) -> Process:
    """The template that a request names, or the stack's own. Raises ValidationError where it is larger than the quota."""
    if params.get("UsePreviousTemplate", False):
        if stack is None:
            raise ValidationError("There is no previous template to use")
        return stack.source
    source: Source = yield from read_source(params)
    limit = quotas.template_body_bytes if "TemplateBody" in params else quotas.template_url_bytes
    size = len(source.text.encode())
    if size > limit:
        member = "templateBody" if "TemplateBody" in params else "templateURL"
        raise ValidationError(
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limit} (it has {size})"
        )
    return source


def given_parameters(params: Params, stack: Stack | None = None) -> dict[str, str]:
    """The parameters of a request by name; `UsePreviousValue` takes the stack's."""
    previous: Mapping[str, str] = {} if stack is None else stack.given
    given: dict[str, str] = {}
    for parameter in params.get("Parameters", []):
        key = parameter["ParameterKey"]
        if parameter.get("UsePreviousValue", False):
            if stack is None:
                raise ValidationError(f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true")
            if key in previous:
                given[key] = previous[key]
        elif "ParameterValue" in parameter:
            given[key] = parameter["ParameterValue"]
    return given


def tags_of(params: Params) -> dict[str, str]:
    """The request's tags as a map."""
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}


def plan_for(
    source: Source, given: Mapping[str, str], environment: Environment, quotas: CloudformationQuotas
) -> Process:
    """The checked Plan. Raises TemplateError, UnsupportedTemplate, LimitExceededException."""
    plan: Plan = yield from make_plan(source, given, environment)
    template = plan.draft.template
    for section, limit in (
        ("Resources", quotas.resources),
        ("Parameters", quotas.parameters),
        ("Outputs", quotas.outputs),
        ("Mappings", quotas.mappings),
    ):
        count = len(template.get(section) or {})
        if count > limit:
            raise LimitExceededException(
                f"Template format error: Number of {section.lower()}, {count}, is greater than maximum allowed, {limit}"
            )
    return plan


def needed_capabilities(template: Mapping[str, Any], transforms: Collection[str]) -> list[str]:
    """What a caller must acknowledge for this template."""
    needed = []
    resources = template["Resources"].values()
    if any(resource["Type"] in IAM for resource in resources):
        named = any(NAMED_IAM.get(resource["Type"]) in (resource.get("Properties") or {}) for resource in resources)
        needed.append("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    if transforms:
        needed.append("CAPABILITY_AUTO_EXPAND")
    return needed


def check_capabilities(plan: Plan, given: Collection[str], *, expands: bool) -> None:
    """Refuse a plan that makes more than was acknowledged. A change set shows the expanded template: `expands` is then False."""
    missing = []
    for capability in needed_capabilities(plan.draft.template, plan.draft.transforms if expands else ()):
        covered = capability in given or (capability == "CAPABILITY_IAM" and "CAPABILITY_NAMED_IAM" in given)
        if not covered:
            missing.append(capability)
    if missing:
        raise InsufficientCapabilitiesException(f"Requires capabilities : [{', '.join(missing)}]")
