"""Asynchronous invocation: Lambda's own queue, its retries, dead-letter queues and destinations.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

Rules. A function error is tried again after 60 and 120 seconds, at most `MaximumRetryAttempts` times. A throttle or a failure of
the service puts the event back, 1 second at first, doubling to 5 minutes, until the event is too old. Reserved concurrency 0
sends events to the dead-letter queue or destination without a retry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from emulator.arn import Arn
from emulator.effects import Call, Now, Process, Record, Sleep
from emulator.errors import AwsError, EmulatorError
from emulator.services.lambda_.execution import Event, Executed, ExecutionEngine
from emulator.services.lambda_.function_name import LATEST, function_arn
from emulator.services.lambda_.state import EventInvokeConfig, Function

__all__ = ["AsynchronousInvocations", "QueuedEvent"]

_PRINCIPAL = "lambda.amazonaws.com"


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event in Lambda's queue."""

    function_name: str
    qualifier: str | None
    request_id: str
    payload: bytes = field(repr=False)
    trace_id: str
    accepted: float
    """Epoch seconds."""
    principal: str


@dataclass(frozen=True, slots=True)
class _End:
    """How an event's life ended: `condition` is AWS's word, `executed` the last attempt's outcome if there was one."""

    condition: str
    attempts: int
    executed: Executed | None = None
    error: AwsError | None = None


class AsynchronousInvocations(ExecutionEngine):
    """Events that nobody waits for."""

    def deliver(self, queued: QueuedEvent) -> Process:
        """Work on one event until it succeeded or is given up; then tell the dead-letter queue and the destinations."""
        end: _End = yield from self._attempts(queued)
        function = self.functions.get(queued.function_name)
        if function is None:
            yield Record("lambda", "event_dropped", queued.function_name, end.condition)
            return
        config = self._config(function, queued.qualifier)
        if end.condition == "Success":
            if config.on_success:
                yield from self._send_record(queued, config.on_success, end)
            return
        yield Record("lambda", "event_failed", function.name, end.condition, {"attempts": end.attempts})
        if function.latest.dead_letter_arn:
            yield from self._send_to_dead_letters(queued, function.latest.dead_letter_arn, end)
        if config.on_failure:
            yield from self._send_record(queued, config.on_failure, end)

    def _config(self, function: Function, qualifier: str | None) -> EventInvokeConfig:
        return function.event_invoke_configs.get(LATEST if qualifier is None else qualifier, EventInvokeConfig(0.0))

    def _attempts(self, queued: QueuedEvent) -> Process:
        attempts = 0
        throttle_delay = self.quotas.first_throttle_delay_seconds
        last: tuple[Executed | None, AwsError | None] = (None, None)
        while True:
            function = self.functions.get(queued.function_name)
            if function is None:
                return _End("RetriesExhausted", attempts, *last)
            config = self._config(function, queued.qualifier)
            now = yield Now()
            age = self.quotas.maximum_event_age_seconds
            age = age if config.maximum_event_age_seconds is None else config.maximum_event_age_seconds
            if now - queued.accepted >= age:
                return _End("EventAgeExceeded", attempts, *last)
            if function.reserved_concurrency == 0:
                return _End("RetriesExhausted", attempts, *last)
            try:
                executed: Executed = yield from self._attempt(function, queued)
            except AwsError as error:
                last = (None, error)
                yield Record("lambda", "event_returned", function.name, error.code, {"delay_s": throttle_delay})
                yield Sleep(throttle_delay)
                throttle_delay = min(throttle_delay * 2, self.quotas.longest_throttle_delay_seconds)
                continue
            attempts += 1
            last = (executed, None)
            if not executed.failed:
                return _End("Success", attempts, executed)
            retries = self.quotas.maximum_retry_attempts
            retries = retries if config.maximum_retry_attempts is None else config.maximum_retry_attempts
            if attempts > retries:
                return _End("RetriesExhausted", attempts, executed)
            delays = self.quotas.retry_delays_seconds
            yield Sleep(delays[min(attempts, len(delays)) - 1])

    def _attempt(self, function: Function, queued: QueuedEvent) -> Process:
        arn = function_arn(self.account, function.name, queued.qualifier)
        configuration = self.configuration(function, queued.qualifier)
        return (
            yield from self.execute(
                function, configuration, Event(queued.request_id, queued.payload, arn, queued.trace_id)
            )
        )

    # -- where events go ---------------------------------------------------------------------------------------------------------

    def _send_to_dead_letters(self, queued: QueuedEvent, arn: str, end: _End) -> Process:
        """The event as it came, with three attributes. A target that refuses it costs the event, as on AWS."""
        status, message = _failure_of(end, self.quotas.dead_letter_error_bytes)
        attributes = {
            "RequestID": {"DataType": "String", "StringValue": queued.request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": str(status)},
            "ErrorMessage": {"DataType": "String", "StringValue": message},
        }
        target = Arn.parse(arn)
        body = queued.payload.decode("utf-8", "replace")
        if target.service == "sqs":
            params = {"QueueUrl": self._queue_url(target), "MessageBody": body, "MessageAttributes": attributes}
            yield from self._deliver_to(queued, Call("sqs", "SendMessage", params, _PRINCIPAL), arn)
        else:
            params = {"TopicArn": arn, "Message": body, "MessageAttributes": attributes}
            yield from self._deliver_to(queued, Call("sns", "Publish", params, _PRINCIPAL), arn)

    def _send_record(self, queued: QueuedEvent, arn: str, end: _End) -> Process:
        """The invocation record, to a destination."""
        now = yield Now()
        record = self._record(queued, end, now)
        text = orjson.dumps(record).decode()
        target = Arn.parse(arn)
        if target.service == "sqs":
            call = Call("sqs", "SendMessage", {"QueueUrl": self._queue_url(target), "MessageBody": text}, _PRINCIPAL)
        elif target.service == "sns":
            call = Call("sns", "Publish", {"TopicArn": arn, "Message": text}, _PRINCIPAL)
        elif target.service == "lambda":
            params = {"FunctionName": arn, "InvocationType": "Event", "Payload": text.encode()}
            call = Call("lambda", "Invoke", params, _PRINCIPAL)
        elif target.service == "s3":
            key = _record_key(queued.function_name, now, self.account.identifiers.uuid())
            call = Call("s3", "PutObject", {"Bucket": target.resource, "Key": key, "Body": text.encode()}, _PRINCIPAL)
        else:
            outcome = "Success" if end.condition == "Success" else "Failure"
            entry = {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {outcome}",
                "Detail": text,
                "Resources": [arn, record["requestContext"]["functionArn"]],
                "EventBusName": arn,
            }
            call = Call("events", "PutEvents", {"Entries": [entry]}, _PRINCIPAL)
        yield from self._deliver_to(queued, call, arn)

    def _deliver_to(self, queued: QueuedEvent, call: Call, arn: str) -> Process:
        """A target that refuses costs the record, as on AWS; the journal says so."""
        code = problem = ""
        try:
            answer = yield call
            if answer.get("FailedEntryCount", 0) > 0:
                failed = answer["Entries"][0]
                code, problem = failed.get("ErrorCode", "Failed"), failed.get("ErrorMessage", "")
        except (AwsError, EmulatorError) as error:
            code = error.code if isinstance(error, AwsError) else type(error).__name__
            problem = str(error)
        if code:
            detail = {"destination": arn, "error": problem[:500]}
            yield Record("lambda", "destination_failed", queued.function_name, code, detail)

    def _queue_url(self, arn: Arn) -> str:
        return f"{self.account.endpoint_url}/{arn.account_id}/{arn.resource}"

    def _record(self, queued: QueuedEvent, end: _End, now: float) -> dict[str, Any]:
        version = LATEST if queued.qualifier is None else queued.qualifier
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{int(now * 1000) % 1000:03d}Z",
            "requestContext": {
                "requestId": queued.request_id,
                "functionArn": function_arn(self.account, queued.function_name, version),
                "condition": end.condition,
                "approximateInvokeCount": end.attempts,
            },
            "requestPayload": orjson.loads(queued.payload),
        }
        if end.executed is not None:
            context: dict[str, Any] = {"statusCode": 200, "executedVersion": end.executed.version}
            if end.executed.failed:
                context["functionError"] = "Unhandled"
            record["responseContext"] = context
            record["responsePayload"] = orjson.loads(end.executed.payload or b"null")
        return record


def _record_key(function_name: str, now: float, uuid: str) -> str:
    """`aws/lambda/async/<function>/2026/11/22/2026-11-22T04.00.00-<uuid>`."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"aws/lambda/async/{function_name}/{moment:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid}"


def _failure_of(end: _End, longest: int) -> tuple[int, str]:
    """Status and message for a dead letter."""
    if end.executed is not None:
        document = orjson.loads(end.executed.payload or b"null")
        message = document.get("errorMessage", "") if isinstance(document, dict) else ""
        return 200, str(message)[:longest]
    if end.error is not None:
        return end.error.status, end.error.message[:longest]
    return 429, "Rate Exceeded."
