"""Delivers one event to one target: attempts, retries, and the dead-letter queue.

A server error or a throttle is retried, by the target's retry policy; an error that no retry can mend is not. What cannot be delivered
goes to the dead-letter queue with the reason, or is lost, as on AWS; the journal says so either way.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.effects import Call, Now, Process, Record, Sleep
from emulator.errors import AwsError
from emulator.outbound import HttpUnreachable
from emulator.services.events.input_transformer import target_input
from emulator.services.events.state import Event, Rule, Target
from emulator.services.events.target_calls import PRINCIPAL, deliver_to, queue_url

if TYPE_CHECKING:
    from emulator.services.events.router import Router

__all__ = ["Delivery"]

_THROTTLED = 429
_NO_PERMISSIONS = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "KMSAccessDeniedException"})


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why an attempt failed, in the words of a dead letter."""

    code: str
    message: str
    retriable: bool
    retry_after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one target of a rule."""

    router: Router
    rule: Rule
    target: Target
    event: Event

    def run(self) -> Process:
        """Try until it is delivered, or given up."""
        quotas = self.router.quotas
        policy = self.target.members.get("RetryPolicy") or {}
        most_retries = policy.get("MaximumRetryAttempts", quotas.retry_attempts)
        oldest = policy.get("MaximumEventAgeInSeconds", quotas.event_age_seconds)
        started = yield Now()
        retries = 0
        while True:
            failure = yield from self._attempt()
            if failure is None:
                return
            exhausted = None
            if failure.retriable:
                now = yield Now()
                delay = max(self._delay(retries), failure.retry_after_seconds)
                if retries >= most_retries:
                    exhausted = "MaximumRetryAttempts"
                elif now + delay - started > oldest:
                    exhausted = "MaximumEventAgeInSeconds"
                else:
                    retries += 1
                    yield Sleep(delay)
                    continue
            yield from self._give_up(failure, retries, exhausted)
            return

    def _attempt(self) -> Process:
        """None, or the failure."""
        try:
            payload = target_input(self.target, self.rule, self.event)
            yield from deliver_to(self.router, self.rule, self.target, self.event, payload)
        except AwsError as error:
            return _failure(error)
        except HttpUnreachable as error:
            return _Failure("TIMEOUT" if error.kind == "timeout" else "CONNECTION_FAILURE", str(error), True)
        return None

    def _delay(self, retries: int) -> float:
        """Exponential backoff with full jitter."""
        quotas = self.router.quotas
        longest = min(quotas.longest_retry_delay_seconds, quotas.shortest_retry_delay_seconds * 2.0 ** min(retries, 30))
        return longest * (0.5 + 0.5 * self.router.account.identifiers.random.random())

    def _give_up(self, failure: _Failure, retries: int, exhausted: str | None) -> Process:
        detail = {"target": self.target.arn, "event_id": self.event.id, "retries": retries}
        error = {"error": failure.message[:500]}
        yield Record("events", "delivery_failed", self.rule.arn, failure.code, {**detail, **error})
        queue_arn = (self.target.members.get("DeadLetterConfig") or {}).get("Arn")
        if queue_arn is None:
            return
        texts = {
            "RULE_ARN": self.rule.arn,
            "TARGET_ARN": self.target.arn,
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message[:1024] or "-",
            "RETRY_ATTEMPTS": str(retries),
        }
        if exhausted is not None:
            texts["EXHAUSTED_RETRY_CONDITION"] = exhausted
        message: dict[str, Any] = {
            "QueueUrl": queue_url(self.router.account, queue_arn),
            "MessageBody": self.event.text,
            "MessageAttributes": {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()},
        }
        try:
            yield Call("sqs", "SendMessage", message, principal=PRINCIPAL, source_arn=self.rule.arn)
        except AwsError as refused:
            lost = {**detail, "queue": queue_arn, "error": refused.message[:500]}
            yield Record("events", "dead_letter_failed", self.rule.arn, refused.code, lost)


def _failure(error: AwsError) -> _Failure:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#dlq-message-attributes"""
    retry_after = float(error.fields.get("RetryAfterSeconds", 0.0))
    if error.status == _THROTTLED or "Throttl" in error.code or "TooManyRequests" in error.code:
        return _Failure("THROTTLING", error.message, True, retry_after)
    if error.fields.get("FromTarget"):
        retriable = error.status in (409, 429) or error.status >= 500
        return _Failure("ERROR_FROM_TARGET", error.message, retriable, retry_after)
    if error.fault == "server":
        return _Failure("INTERNAL_ERROR", error.message, True, retry_after)
    if error.code in _NO_PERMISSIONS or error.status == 403:
        return _Failure("NO_PERMISSIONS", error.message, False)
    if "NotFound" in error.code or "DoesNotExist" in error.code or "NonExistent" in error.code:
        return _Failure("NO_RESOURCE", error.message, False)
    return _Failure("SDK_CLIENT_ERROR", error.message, False)
