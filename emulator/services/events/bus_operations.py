"""Event buses and who may use them.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.errors import (
    LimitExceededException,
    PolicyLengthExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from emulator.services.events.state import DEFAULT_BUS, EventBus
from emulator.services.events.store import EventsStore, bus_name
from emulator.services.events.tag_operations import tags_in

__all__ = ["BusOperations"]

_SETTINGS: Final = ("Description", "KmsKeyIdentifier", "DeadLetterConfig")


class BusOperations(EventsStore):
    """CreateEventBus, PutPermission and what belongs to them."""

    @operation("CreateEventBus", unsupported=("EventSourceName", "LogConfig"))
    def create_event_bus(self, params: Params, context: CallContext) -> Reply:
        """A custom bus. Raises ResourceAlreadyExistsException, LimitExceededException, ValidationException."""
        name = params["Name"]
        if name in self.buses:
            raise ResourceAlreadyExistsException(f"Event bus {name} already exists.")
        if "/" in name:
            raise ValidationException("Event bus name must not contain '/'.")
        if len(self.buses) >= self.quotas.event_buses:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        settings = {member: params[member] for member in _SETTINGS if member in params}
        arn = self.account.arn("events", f"event-bus/{name}")
        self.buses[name] = EventBus(arn, name, context.now, context.now, settings, tags=tags_in(params, self.quotas))
        return Reply({"EventBusArn": arn, **settings})

    @operation("DescribeEventBus")
    def describe_event_bus(self, params: Params, context: CallContext) -> Reply:
        """A bus with its policy. Raises ResourceNotFoundException."""
        bus = self._seen(self.bus(params.get("Name")), context.now)
        return Reply({**_summary(bus), **bus.settings})

    @operation("UpdateEventBus", unsupported=("LogConfig",))
    def update_event_bus(self, params: Params, context: CallContext) -> Reply:
        """Change a bus's settings. Raises ResourceNotFoundException."""
        bus = self.bus(params.get("Name"))
        bus.settings.update({member: params[member] for member in _SETTINGS if member in params})
        bus.modified = context.now
        return Reply({"Arn": bus.arn, "Name": bus.name, **bus.settings})

    @operation("ListEventBuses")
    def list_event_buses(self, params: Params, context: CallContext) -> Reply:
        """All buses, by name."""
        prefix = params.get("NamePrefix", "")
        buses = [
            _summary(self._seen(self.buses[name], context.now))
            for name in sorted(self.buses)
            if name.startswith(prefix)
        ]
        return Reply(self.page("EventBuses", buses, params))

    @operation("DeleteEventBus")
    def delete_event_bus(self, params: Params, context: CallContext) -> Reply:
        """Delete a bus without rules; one that does not exist is no error. Raises ValidationException."""
        name = bus_name(params["Name"])
        if name == DEFAULT_BUS:
            raise ValidationException("Cannot delete event bus default.")
        bus = self.buses.get(name)
        if bus is not None and bus.rules:
            raise ValidationException(f"Event bus {name} can't be deleted since it has rules.")
        self.buses.pop(name, None)
        return Reply()

    def _seen(self, bus: EventBus, now: float) -> EventBus:
        """The default bus is as old as the account, whose birth nobody saw: its times are those of the first look."""
        if bus.created == 0.0:
            bus.created = bus.modified = now
        return bus

    # -- permissions --------------------------------------------------------------------------------------------------

    @operation("PutPermission")
    def put_permission(self, params: Params, context: CallContext) -> Reply:
        """Add a statement to a bus's policy, or replace all of it. Raises ResourceNotFoundException, ValidationException."""
        bus = self.bus(params.get("EventBusName"))
        if "Policy" in params:
            statements, members = _parsed_policy(params["Policy"])
        else:
            statement = self._statement(bus, params)
            statements = [kept for kept in bus.statements if kept.get("Sid") != statement["Sid"]] + [statement]
            members = bus.policy_members
        if len(_policy_text(statements, members)) > self.quotas.policy_characters:
            raise PolicyLengthExceededException(
                f"The event bus policy is longer than {self.quotas.policy_characters} characters."
            )
        bus.statements, bus.policy_members = statements, members
        bus.modified = context.now
        return Reply()

    @operation("RemovePermission")
    def remove_permission(self, params: Params, context: CallContext) -> Reply:
        """Take one statement away, or all. Raises ResourceNotFoundException."""
        bus = self.bus(params.get("EventBusName"))
        if params.get("RemoveAllPermissions"):
            if not bus.statements and "StatementId" in params:
                raise ResourceNotFoundException("Statement with the provided id does not exist.")
            bus.statements, bus.policy_members = [], {}
        else:
            kept = [statement for statement in bus.statements if statement.get("Sid") != params.get("StatementId")]
            if len(kept) == len(bus.statements):
                raise ResourceNotFoundException("Statement with the provided id does not exist.")
            bus.statements = kept
        bus.modified = context.now
        return Reply()

    def _statement(self, bus: EventBus, params: Params) -> dict[str, Any]:
        missing = [member for member in ("Action", "Principal", "StatementId") if member not in params]
        if missing:
            raise ValidationException(f"Parameter(s) {', '.join(missing)} must be specified.")
        principal = params["Principal"]
        named: Any = principal
        if principal != "*":
            named = {"AWS": self.account.arn("iam", "root", region="", account_id=principal)}
        statement = {
            "Sid": params["StatementId"],
            "Effect": "Allow",
            "Principal": named,
            "Action": params["Action"],
            "Resource": bus.arn,
        }
        condition = params.get("Condition")
        if condition is not None:
            statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
        return statement


def _summary(bus: EventBus) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Name": bus.name,
        "Arn": bus.arn,
        "CreationTime": bus.created,
        "LastModifiedTime": bus.modified,
    }
    if "Description" in bus.settings:
        shown["Description"] = bus.settings["Description"]
    if bus.statements:
        shown["Policy"] = _policy_text(bus.statements, bus.policy_members)
    return shown


def _policy_text(statements: list[dict[str, Any]], members: dict[str, Any]) -> str:
    return orjson.dumps({"Version": "2012-10-17", **members, "Statement": statements}).decode()


def _parsed_policy(text: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A policy's statements, and its other members. Raises ValidationException."""
    try:
        policy = orjson.loads(text)
        given = policy["Statement"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ValidationException("Invalid policy syntax.") from None
    statements = [given] if isinstance(given, dict) else given
    if not isinstance(statements, list) or not all(isinstance(statement, dict) for statement in statements):
        raise ValidationException("Invalid policy syntax.")
    return statements, {name: value for name, value in policy.items() if name != "Statement"}
