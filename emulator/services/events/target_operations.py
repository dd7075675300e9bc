"""Targets of rules. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.errors import LimitExceededException, ValidationException
from emulator.services.events.input_transformer import PREDEFINED, placeholders
from emulator.services.events.json_path import JsonPath, JsonPathError
from emulator.services.events.scheduler import Scheduler
from emulator.services.events.state import Rule, Target
from emulator.services.events.target_calls import kind_of_target

__all__ = ["TargetOperations"]

_SUPPORTED: Final = frozenset(
    {
        "Arn",
        "DeadLetterConfig",
        "HttpParameters",
        "Id",
        "Input",
        "InputPath",
        "InputTransformer",
        "RetryPolicy",
        "RoleArn",
        "SqsParameters",
    }
)
_INPUTS: Final = ("Input", "InputPath", "InputTransformer")


class TargetOperations(Scheduler):
    """PutTargets, ListTargetsByRule, RemoveTargets."""

    @operation("PutTargets")
    def put_targets(self, params: Params, context: CallContext) -> Reply:
        """Add targets, or replace those of the same id.

        Raises LimitExceededException, ResourceNotFoundException, ValidationException, and UnsupportedOperation for a target of a
        service that this emulator does not have.
        """
        rule = self.rule(params, "Rule")
        targets = {given["Id"]: Target(given["Id"], given["Arn"], dict(given)) for given in params["Targets"]}
        for target in targets.values():
            _check(target)
        if len({**rule.targets, **targets}) > self.quotas.targets_per_rule:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        had_targets = bool(rule.targets)
        rule.targets.update(targets)
        effects = () if had_targets else self.rescheduled(rule)
        return Reply({"FailedEntryCount": 0, "FailedEntries": []}, effects)

    @operation("ListTargetsByRule")
    def list_targets_by_rule(self, params: Params, context: CallContext) -> Reply:
        """A rule's targets. Raises ResourceNotFoundException."""
        targets = [dict(target.members) for target in self._existing(params).targets.values()]
        return Reply(self.page("Targets", targets, params))

    @operation("RemoveTargets")
    def remove_targets(self, params: Params, context: CallContext) -> Reply:
        """Take targets away; an id that the rule does not have is no error. Raises ResourceNotFoundException."""
        rule = self._existing(params)
        for target_id in params["Ids"]:
            rule.targets.pop(target_id, None)
        effects = () if rule.targets else self.rescheduled(rule)
        return Reply({"FailedEntryCount": 0, "FailedEntries": []}, effects)

    def _existing(self, params: Params) -> Rule:
        return self.rule(params, "Rule")


def _check(target: Target) -> None:
    """Raises ValidationException, UnsupportedOperation."""
    members = target.members
    kind = kind_of_target(target.arn)
    refused = sorted(set(members) - _SUPPORTED)
    if refused:
        raise UnsupportedOperation(
            f"events:PutTargets: {', '.join(refused)} of target {target.id} is not supported by this emulator"
        )
    if sum(member in members for member in _INPUTS) > 1:
        raise ValidationException(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target.id}."
        )
    if kind == "states" and target.role_arn is None:
        raise ValidationException(f"RoleArn is required for target {target.arn}.")
    if kind == "sqs" and target.arn.endswith(".fifo") and "SqsParameters" not in members:
        raise ValidationException(f"Parameter(s) SqsParameters must be specified for target: {target.id}.")
    if "HttpParameters" in members and kind != "api destination":
        raise ValidationException(f"HttpParameters are not supported for target {target.id}.")
    _check_input(target, members)


def _check_input(target: Target, members: Mapping[str, Any]) -> None:
    if "Input" in members:
        try:
            orjson.loads(members["Input"])
        except orjson.JSONDecodeError:
            raise ValidationException(f"JSON syntax error in input for target {target.id}.") from None
    if "InputPath" in members:
        _check_path(members["InputPath"], f"Invalid InputPath for target {target.id}")
    transformer = members.get("InputTransformer")
    if transformer is None:
        return
    paths = transformer.get("InputPathsMap") or {}
    for name, path in paths.items():
        _check_path(path, f"Invalid InputTransformer for target {target.id} : {name}")
    for name in placeholders(transformer["InputTemplate"]):
        if name not in paths and name not in PREDEFINED:
            raise ValidationException(f"InputTemplate for target {target.id} contains invalid placeholder {name}.")


def _check_path(path: str, subject: str) -> None:
    try:
        JsonPath.parse(path)
    except JsonPathError as error:
        raise ValidationException(f"{subject} : Reason : {error}") from error
