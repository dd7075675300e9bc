"""Delivers a notification to one subscriber: attempts, retries, and the dead-letter queue.

A client error (the endpoint is gone, its policy does not let SNS in) is not retried; a server error or a throttle is, by the policy
for AWS-managed endpoints. What cannot be delivered goes to the subscription's dead-letter queue, or is lost, as on AWS; the journal
says so either way. https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.account import Account
from emulator.effects import Call, Process, Record, Sleep
from emulator.errors import AwsError
from emulator.services.sns.envelope import lambda_event, sqs_body
from emulator.services.sns.quotas import SnsQuotas
from emulator.services.sns.state import Notification, Subscription

__all__ = ["deliver", "retry_delays"]

PRINCIPAL = "sns.amazonaws.com"
THROTTLED = 429


def deliver(account: Account, quotas: SnsQuotas, notification: Notification, subscription: Subscription) -> Process:
    """The process that delivers."""
    call = _call(account, notification, subscription)
    delays = retry_delays(quotas)
    attempts = 0
    while True:
        attempts += 1
        try:
            yield call
        except AwsError as error:
            delay = next(delays, None) if error.fault == "server" or error.status == THROTTLED else None
            if delay is None:
                break_with = error
                break
            if delay > 0.0:
                yield Sleep(delay)
        else:
            return
    detail = {
        "endpoint": subscription.endpoint,
        "message_id": notification.message_id,
        "attempts": attempts,
        "error": break_with.message[:500],
    }
    yield Record("sns", "delivery_failed", subscription.arn, break_with.code, detail)
    target = subscription.dead_letter_target_arn
    if target is not None:
        yield from _dead_letter(account, notification, subscription, target, break_with)


def retry_delays(quotas: SnsQuotas) -> Iterator[float]:
    """Seconds before each retry."""
    shortest, longest = quotas.shortest_retry_delay_seconds, quotas.longest_retry_delay_seconds
    for _ in range(quotas.immediate_retries):
        yield 0.0
    for _ in range(quotas.pre_backoff_retries):
        yield shortest
    steps = max(1, quotas.backoff_retries - 1)
    for step in range(quotas.backoff_retries):
        yield shortest * (longest / shortest) ** (step / steps)
    for _ in range(quotas.post_backoff_retries):
        yield longest


def _call(account: Account, notification: Notification, subscription: Subscription) -> Call:
    topic = notification.topic_arn
    if subscription.protocol == "lambda":
        payload = lambda_event(account, notification, subscription)
        invoke = {"FunctionName": subscription.endpoint, "InvocationType": "Event", "Payload": payload}
        return Call("lambda", "Invoke", invoke, principal=PRINCIPAL, source_arn=topic)
    message: dict[str, Any] = {"QueueUrl": _queue_url(account, subscription.endpoint)}
    if subscription.raw:
        message["MessageBody"] = notification.message_for("sqs")
        message["MessageAttributes"] = notification.attributes
    else:
        message["MessageBody"] = sqs_body(account, notification, subscription)
    return Call("sqs", "SendMessage", message, principal=PRINCIPAL, source_arn=topic)


def _dead_letter(
    account: Account, notification: Notification, subscription: Subscription, target: str, error: AwsError
) -> Process:
    """Send what was not delivered to the dead-letter queue, with the reason in its attributes."""
    reason = {"ErrorCode": error.code, "ErrorMessage": error.message, "RequestID": notification.message_id}
    body = notification.message_for(subscription.protocol)
    if not subscription.raw:
        body = sqs_body(account, notification, subscription)
    attributes = {
        name: {"DataType": "String", "StringValue": text if text != "" else "-"} for name, text in reason.items()
    }
    message = {"QueueUrl": _queue_url(account, target), "MessageBody": body, "MessageAttributes": attributes}
    try:
        yield Call("sqs", "SendMessage", message, principal=PRINCIPAL, source_arn=notification.topic_arn)
    except AwsError as refused:
        detail = {"target": target, "message_id": notification.message_id, "error": refused.message[:500]}
        yield Record("sns", "dead_letter_failed", subscription.arn, refused.code, detail)


def _queue_url(account: Account, arn: str) -> str:
    _, _, _, _, owner, name = arn.split(":", 5)
    return f"{account.endpoint_url}/{owner}/{name}"
