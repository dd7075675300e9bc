"""How each kind of target receives an event, and which kinds there are.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from emulator.account import Account
from emulator.arn import Arn
from emulator.effects import Call, Process
from emulator.errors import AwsError, EmulatorError, UnsupportedOperation
from emulator.http import HttpResponse
from emulator.services.events.errors import ResourceNotFoundException, ValidationException
from emulator.services.events.state import Event, Rule, Target
from emulator.services.events.store import bus_name

if TYPE_CHECKING:
    from emulator.services.events.router import Router

__all__ = ["PRINCIPAL", "deliver_to", "kind_of_target", "queue_url"]

PRINCIPAL: Final = "events.amazonaws.com"
_KINDS: Final[Mapping[tuple[str, str], str]] = {
    ("lambda", "function"): "lambda",
    ("sns", ""): "sns",
    ("sqs", ""): "sqs",
    ("states", "stateMachine"): "states",
    ("logs", "log-group"): "logs",
    ("events", "event-bus"): "bus",
    ("events", "api-destination"): "api destination",
}
_PLAIN: Final = frozenset({"sns", "sqs"})  # services whose resources have no type in their ARNs


def kind_of_target(arn: str) -> str:
    """Which kind of target an ARN names. Raises ValidationException, and UnsupportedOperation for what this emulator does not have."""
    try:
        parsed = Arn.parse(arn)
    except EmulatorError:
        raise ValidationException(
            f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        ) from None
    resource_type = "" if parsed.service in _PLAIN else parsed.resource.replace("/", ":").partition(":")[0]
    kind = _KINDS.get((parsed.service, resource_type))
    if kind is None:
        raise UnsupportedOperation(
            f"events:PutTargets: a target of type {parsed.service}{':' if resource_type else ''}{resource_type} ({arn}) is not "
            "supported by this emulator; it has Lambda functions, SQS queues, SNS topics, Step Functions state machines, CloudWatch "
            "log groups, event buses and API destinations"
        )
    return kind


def queue_url(account: Account, arn: str) -> str:
    """The URL of a queue, by its ARN."""
    parsed = Arn.parse(arn)
    return f"{account.endpoint_url}/{parsed.account_id}/{parsed.resource}"


def deliver_to(router: Router, rule: Rule, target: Target, event: Event, payload: str) -> Process:
    """One attempt. Raises the target's AwsError, or HttpUnreachable."""
    yield from _DELIVERIES[kind_of_target(target.arn)](router, rule, target, event, payload)


def _function(router: Router, rule: Rule, target: Target, event: Event, payload: str) -> Process:
    params = {"FunctionName": target.arn, "InvocationType": "Event", "Payload": payload.encode()}
    yield Call("lambda", "Invoke", params, principal=PRINCIPAL, source_arn=rule.arn)


def _queue(router: Router, rule: Rule, target: Target, event: Event, payload: str) -> Process:
    params: dict[str, Any] = {"QueueUrl": queue_url(router.account, target.arn), "MessageBody": payload}
    group = (target.members.get("SqsParameters") or {}).get("MessageGroupId")
    if group is not None:
        params["MessageGroupId"] = group
    yield Call("sqs", "SendMessage", params, principal=PRINCIPAL, source_arn=rule.arn)


def _topic(router: Router, rule: Rule, target: Target, event: Event, payload: str) -> Process:
    params = {"TopicArn": target.arn, "Message": payload}
    yield Call("sns", "Publish", params, principal=PRINCIPAL, source_arn=rule.arn)


def _state_machine(router: Router, rule: Rule, target: Target, event: Event, payload: str) -> Process:
    name = f"{event.id}_{router.account.identifiers.uuid()}"
    params = {"stateMachineArn": target.arn, "input": payload, "name": name}
    yield Call("stepfunctions", "StartExecution", params, principal=target.role_arn or PRINCIPAL, source_arn=rule.arn)


def _log_group(router: Router, rule: Rule, target: Target, event: Event, payload: str) -> Process:
    group = Arn.parse(target.arn).resource.removeprefix("log-group:").removesuffix(":*")
    stream = {"logGroupName": group, "logStreamName": router.account.identifiers.uuid()}
    yield Call("logs", "CreateLogStream", stream, principal=PRINCIPAL, source_arn=rule.arn)
    message = {"timestamp": round(event.ingestion_time * 1000), "message": payload}
    yield Call("logs", "PutLogEvents", {**stream, "logEvents": [message]}, principal=PRINCIPAL, source_arn=rule.arn)


def _bus(router: Router, rule: Rule, target: Target, event: Event, payload: str) -> Process:
    bus = router.buses.get(bus_name(target.arn))
    if bus is None:
        raise ResourceNotFoundException(f"Event bus {bus_name(target.arn)} does not exist.")
    if event.hops >= router.quotas.bus_hops:
        raise ValidationException(f"The event went from bus to bus {event.hops} times; the rules make a loop.")
    forwarded = Event(event.members, event.ingestion_time, event.trace_header, event.hops + 1)
    yield from router.accepted(bus, forwarded)


def _api_destination(router: Router, rule: Rule, target: Target, event: Event, payload: str) -> Process:
    name = target.arn.rpartition(":api-destination/")[2].partition("/")[0]
    destination = router.api_destinations.get(name)
    if destination is None or destination.arn != target.arn:
        raise ResourceNotFoundException(f"An api-destination '{name}' does not exist.")
    answer: HttpResponse = yield from router.invoke_api_destination(destination, target, event, payload)
    if answer.status < 200 or answer.status >= 300:
        headers = {header.lower(): value for header, value in answer.headers}
        waiting = headers.get("retry-after", "")
        fields = {"FromTarget": True, "RetryAfterSeconds": float(waiting) if waiting.isdecimal() else 0.0}
        text = answer.body[:200].decode("utf-8", "replace")
        message = f"The endpoint answered {answer.status}: {text}"
        raise AwsError.named(f"HttpStatus{answer.status}", message, status=answer.status, fields=fields)


_DELIVERIES: Final[Mapping[str, Callable[[Router, Rule, Target, Event, str], Process]]] = {
    "lambda": _function,
    "sqs": _queue,
    "sns": _topic,
    "states": _state_machine,
    "logs": _log_group,
    "bus": _bus,
    "api destination": _api_destination,
}
