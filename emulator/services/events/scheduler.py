"""Fires the rules that have a schedule. One process for each of them, while it is enabled and has targets.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

from __future__ import annotations

from emulator.effects import Effect, Notify, Now, Process, Spawn, WaitFor
from emulator.services.events.router import Router
from emulator.services.events.state import Event, Rule, instant, rule_topic

__all__ = ["Scheduler"]


class Scheduler(Router):
    """Keeps the schedules of all rules running."""

    def rescheduled(self, rule: Rule) -> tuple[Effect, ...]:
        """What a change of a rule means for its schedule: the process that ran it ends, a new one may start."""
        rule.scheduler = None
        wake = Notify(rule_topic(rule.arn))
        if rule.schedule is None or not rule.enabled or not rule.targets:
            return (wake,)
        mark = rule.scheduler = object()
        return (wake, Spawn(f"schedule of {rule.arn}", lambda: self._run(rule, mark)))

    def _run(self, rule: Rule, mark: object) -> Process:
        while rule.scheduler is mark and rule.schedule is not None:
            now = yield Now()
            due = rule.schedule.after(now, rule.created)
            if due is None:
                return
            changed = yield WaitFor(rule_topic(rule.arn), due - now)
            if changed or rule.scheduler is not mark:
                continue
            yield from self.sent(rule, self._scheduled_event(rule, due))

    def _scheduled_event(self, rule: Rule, moment: float) -> Event:
        members = {
            "version": "0",
            "id": self.account.identifiers.uuid(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": self.account.account_id,
            "time": instant(moment),
            "region": self.account.region,
            "resources": [rule.arn],
            "detail": {},
        }
        return Event(members, moment)
