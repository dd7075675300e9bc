"""Versions and aliases of functions, with provisioned concurrency, and how their asynchronous events are handled.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import FLOAT, INT, STR
from emulator.deploy.providers.lambda_ import until_active
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process, WaitFor

__all__ = ["TYPES"]

LONGEST_ALLOCATION_SECONDS = 600.0
_PROVISIONED = {"ProvisionedConcurrentExecutions": INT}


def _provision(function: str, qualifier: str, config: Mapping[str, Any] | None, before: Any = None) -> Process:
    """Bring provisioned concurrency to what a template says, and wait as CloudFormation does, until it is allocated."""
    where = {"FunctionName": function, "Qualifier": qualifier}
    if config == before:
        return
    if config is None:
        yield Call("lambda", "DeleteProvisionedConcurrencyConfig", where)
        return
    answer = yield Call("lambda", "PutProvisionedConcurrencyConfig", {**where, **config})
    waited = 0.0
    while answer["Status"] == "IN_PROGRESS":
        if waited > LONGEST_ALLOCATION_SECONDS:
            raise ProvisioningError(f"provisioned concurrency of {function}:{qualifier} was not allocated in time")
        yield WaitFor(("lambda", "allocated"), 0.1)  # real time passes meanwhile, the clock may stand still
        waited += 0.1
        answer = yield Call("lambda", "GetProvisionedConcurrencyConfig", where)
    if answer["Status"] == "FAILED":
        reason = answer.get("StatusReason", "")
        raise ProvisioningError(f"provisioned concurrency of {function}:{qualifier} is FAILED: {reason}")


def _create_version(request: Request) -> Process:
    params = pick(request.properties, "CodeSha256", "Description", "FunctionName")
    answer = yield Call("lambda", "PublishVersion", params)
    arn, version = answer["FunctionArn"], answer["Version"]
    made = Made(arn, {"FunctionArn": arn, "Version": version})
    yield from finished(made, _settle_version(request, arn, version, answer))
    return made


def _settle_version(request: Request, arn: str, version: str, answer: Mapping[str, Any]) -> Process:
    yield from until_active(arn, answer)
    yield from _provision(request["FunctionName"], version, request.get("ProvisionedConcurrencyConfig"))


def _delete_version(request: Request) -> Process:
    function, _, version = request.physical_id.rpartition(":")
    yield Call("lambda", "DeleteFunction", {"FunctionName": function, "Qualifier": version})


def _alias(request: Request) -> dict[str, Any]:
    params = pick(request.properties, "Description", "FunctionName", "FunctionVersion", "Name")
    weights = request.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
    table = {weight["FunctionVersion"]: weight["FunctionWeight"] for weight in weights}
    if table or request.previous.get("RoutingConfig"):
        params["RoutingConfig"] = {"AdditionalVersionWeights": table}
    return params


def _create_alias(request: Request) -> Process:
    answer = yield Call("lambda", "CreateAlias", _alias(request))
    made = Made(answer["AliasArn"], {"AliasArn": answer["AliasArn"]})
    config = request.get("ProvisionedConcurrencyConfig")
    yield from finished(made, _provision(request["FunctionName"], request["Name"], config))
    return made


def _update_alias(request: Request) -> Process:
    yield Call("lambda", "UpdateAlias", _alias(request))
    before, after = request.previous, request.properties
    configs = [properties.get("ProvisionedConcurrencyConfig") for properties in (after, before)]
    yield from _provision(request["FunctionName"], request["Name"], *configs)
    return Made(request.physical_id, request.attributes)


def _delete_alias(request: Request) -> Process:
    yield Call("lambda", "DeleteAlias", pick(request.properties, "FunctionName", "Name"))


def _put_invoke_config(request: Request) -> Process:
    names = ("DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier")
    yield Call("lambda", "PutFunctionEventInvokeConfig", pick(request.properties, *names))
    return Made(request.physical_id or request.generated_name(128))


def _delete_invoke_config(request: Request) -> Process:
    yield Call("lambda", "DeleteFunctionEventInvokeConfig", pick(request.properties, "FunctionName", "Qualifier"))


TYPES = (
    ResourceType(
        "AWS::Lambda::Version",
        {"CodeSha256": STR, "Description": STR, "FunctionName": STR, "ProvisionedConcurrencyConfig": _PROVISIONED},
        _create_version,
        _delete_version,
        attributes=("FunctionArn", "Version"),
        replacing=EVERY_PROPERTY,
        required=("FunctionName",),
    ),
    ResourceType(
        "AWS::Lambda::Alias",
        {
            "Description": STR,
            "FunctionName": STR,
            "FunctionVersion": STR,
            "Name": STR,
            "ProvisionedConcurrencyConfig": _PROVISIONED,
            "RoutingConfig": {"AdditionalVersionWeights": {"FunctionVersion": STR, "FunctionWeight": FLOAT}},
        },
        _create_alias,
        _delete_alias,
        attributes=("AliasArn",),
        update=_update_alias,
        updatable=frozenset({"Description", "FunctionVersion", "ProvisionedConcurrencyConfig", "RoutingConfig"}),
        replacing=frozenset({"FunctionName", "Name"}),
        required=("FunctionName", "FunctionVersion", "Name"),
    ),
    ResourceType(
        "AWS::Lambda::EventInvokeConfig",
        {
            "DestinationConfig": {"OnFailure": {"Destination": STR}, "OnSuccess": {"Destination": STR}},
            "FunctionName": STR,
            "MaximumEventAgeInSeconds": INT,
            "MaximumRetryAttempts": INT,
            "Qualifier": STR,
        },
        _put_invoke_config,
        _delete_invoke_config,
        update=_put_invoke_config,
        updatable=frozenset({"DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"}),
        replacing=frozenset({"FunctionName", "Qualifier"}),
        required=("FunctionName", "Qualifier"),
    ),
)
