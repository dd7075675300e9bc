"""Rules. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""

from __future__ import annotations

from typing import Any

import orjson

from emulator.effects import Notify
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.errors import (
    InvalidEventPatternException,
    LimitExceededException,
    ValidationException,
)
from emulator.services.events.patterns import EventFields, EventPattern, PatternError
from emulator.services.events.schedule import Schedule, ScheduleError
from emulator.services.events.scheduler import Scheduler
from emulator.services.events.state import DEFAULT_BUS, EventBus, Rule, rule_topic
from emulator.services.events.tag_operations import tags_in

__all__ = ["RuleOperations"]


class RuleOperations(Scheduler):
    """PutRule, ListRules, EnableRule, TestEventPattern and what belongs to them."""

    @operation("PutRule")
    def put_rule(self, params: Params, context: CallContext) -> Reply:
        """A new rule, or all but targets and tags of an existing one replaced.

        Raises InvalidEventPatternException, LimitExceededException, ResourceNotFoundException, ValidationException.
        """
        bus = self.bus(params.get("EventBusName"))
        pattern, schedule = self._pattern(params), _schedule(params, bus)
        if pattern is None and schedule is None:
            raise ValidationException("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        name = params["Name"]
        rule = bus.rules.get(name)
        if rule is None:
            if len(bus.rules) >= self.quotas.rules_per_bus:
                raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
            path = name if bus.name == DEFAULT_BUS else f"{bus.name}/{name}"
            rule = bus.rules[name] = Rule(
                self.account.arn("events", f"rule/{path}"), name, bus.name, context.now, self.account.account_id
            )
            rule.tags = tags_in(params, self.quotas)
        if schedule != rule.schedule:
            rule.created = context.now  # a rate counts from here on
        rule.pattern, rule.schedule = pattern, schedule
        rule.state = params.get("State", "ENABLED")
        rule.description, rule.role_arn = params.get("Description"), params.get("RoleArn")
        return Reply({"RuleArn": rule.arn}, self.rescheduled(rule))

    @operation("DescribeRule")
    def describe_rule(self, params: Params, context: CallContext) -> Reply:
        """A rule. Raises ResourceNotFoundException."""
        rule = self.rule(params)
        return Reply({**_summary(rule), "CreatedBy": rule.created_by})

    @operation("ListRules")
    def list_rules(self, params: Params, context: CallContext) -> Reply:
        """A bus's rules, by name. Raises ResourceNotFoundException."""
        bus = self.bus(params.get("EventBusName"))
        prefix = params.get("NamePrefix", "")
        rules = [_summary(bus.rules[name]) for name in sorted(bus.rules) if name.startswith(prefix)]
        return Reply(self.page("Rules", rules, params))

    @operation("ListRuleNamesByTarget")
    def list_rule_names_by_target(self, params: Params, context: CallContext) -> Reply:
        """The rules of a bus that send to a target. Raises ResourceNotFoundException."""
        bus, arn = self.bus(params.get("EventBusName")), params["TargetArn"]
        names = [
            name for name in sorted(bus.rules) if any(target.arn == arn for target in bus.rules[name].targets.values())
        ]
        return Reply(self.page("RuleNames", names, params))

    @operation("DeleteRule")
    def delete_rule(self, params: Params, context: CallContext) -> Reply:
        """Delete a rule without targets; one that does not exist is no error. Raises ValidationException."""
        bus = self.bus(params.get("EventBusName"))
        rule = bus.rules.get(params["Name"])
        if rule is None:
            return Reply()
        if rule.targets:
            raise ValidationException("Rule can't be deleted since it has targets.")
        del bus.rules[rule.name]
        rule.scheduler = None
        return Reply({}, (Notify(rule_topic(rule.arn)),))

    @operation("EnableRule")
    def enable_rule(self, params: Params, context: CallContext) -> Reply:
        """Let a rule match again. Raises ResourceNotFoundException."""
        return self._switched(params, "ENABLED")

    @operation("DisableRule")
    def disable_rule(self, params: Params, context: CallContext) -> Reply:
        """Let a rule match nothing. Raises ResourceNotFoundException."""
        return self._switched(params, "DISABLED")

    @operation("TestEventPattern")
    def test_event_pattern(self, params: Params, context: CallContext) -> Reply:
        """Whether an event matches a pattern. Raises InvalidEventPatternException, ValidationException."""
        pattern = self._pattern(params)
        assert pattern is not None
        try:
            event = orjson.loads(params["Event"])
        except orjson.JSONDecodeError:
            event = None
        if not isinstance(event, dict) or any(
            member not in event for member in ("id", "account", "source", "time", "region", "detail-type")
        ):
            raise ValidationException("Parameter Event is not valid.")
        return Reply({"Result": pattern.matches(EventFields(event))})

    def _switched(self, params: Params, state: str) -> Reply:
        rule = self.rule(params)
        rule.state = state
        return Reply({}, self.rescheduled(rule))

    def _pattern(self, params: Params) -> EventPattern | None:
        text = params.get("EventPattern")
        if text is None or text == "":
            return None
        if len(text) > self.quotas.pattern_characters:
            raise LimitExceededException(
                f"The event pattern has {len(text)} characters; at most {self.quotas.pattern_characters} are allowed."
            )
        try:
            return EventPattern.parse(text)
        except PatternError as error:
            raise InvalidEventPatternException(f"Event pattern is not valid. Reason: {error}") from error


def _schedule(params: Params, bus: EventBus) -> Schedule | None:
    text = params.get("ScheduleExpression")
    if text is None or text == "":
        return None
    try:
        schedule = Schedule.parse(text)
    except ScheduleError as error:
        raise ValidationException("Parameter ScheduleExpression is not valid.") from error
    if bus.name != DEFAULT_BUS:
        raise ValidationException("ScheduleExpression is supported only on the default event bus.")
    return schedule


def _summary(rule: Rule) -> dict[str, Any]:
    shown = {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": None if rule.pattern is None else rule.pattern.text,
        "ScheduleExpression": None if rule.schedule is None else rule.schedule.text,
        "State": rule.state,
        "Description": rule.description,
        "RoleArn": rule.role_arn,
        "ManagedBy": rule.managed_by,
        "EventBusName": rule.bus_name,
    }
    return {name: value for name, value in shown.items() if value is not None}
