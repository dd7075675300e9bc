"""Invoke. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

from __future__ import annotations

import base64
import binascii
import json

from emulator.effects import Process, Spawn
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.asynchronous import AsynchronousInvocations, QueuedEvent
from emulator.services.lambda_.errors import (
    AccessDeniedException,
    InvalidRequestContentException,
    RequestTooLargeException,
)
from emulator.services.lambda_.execution import Event, Executed
from emulator.services.lambda_.function_name import LATEST, FunctionName, function_arn
from emulator.services.lambda_.payload_json import check_json
from emulator.services.lambda_.platform_logs import Report, invocation_lines
from emulator.services.lambda_.resource_policy import INVOKE, allows, needs_permission
from emulator.services.lambda_.state import Configuration, Function
from emulator.services.lambda_.transitions import check_invocable

__all__ = ["InvokeOperations"]


class InvokeOperations(AsynchronousInvocations):
    """The data plane."""

    @operation("Invoke", unsupported=("DurableExecutionName", "TenantId"))
    def invoke(self, params: Params, context: CallContext) -> Reply | Process:
        """Run a function now (RequestResponse), later (Event), or only check (DryRun)."""
        kind = params.get("InvocationType", "RequestResponse")
        function, configuration, event = self._prepare(params, context)
        if kind == "DryRun":
            return Reply({"StatusCode": 204})
        if kind == "Event":
            return self._accept(function, self.named(params), event, context)
        return self._invoke_now(function, configuration, event, params.get("LogType") == "Tail")

    def _prepare(self, params: Params, context: CallContext) -> tuple[Function, Configuration, Event]:
        """What is to run, once the caller may and the payload is one."""
        name = self.named(params)
        function = self.function(FunctionName(name.name, name.qualifier or LATEST))
        configuration = self.configuration(function, name.qualifier)
        if needs_permission(context.principal):
            self._check_permission(function, name, context)
        kind = params.get("InvocationType", "RequestResponse")
        check_invocable(configuration, context.now)
        event = Event(
            context.request_id,
            b"" if kind == "DryRun" else self._payload(params, context, kind),
            function_arn(self.account, function.name, name.qualifier),
            context.trace_id or self.account.identifiers.trace_root(context.now),
            "" if kind != "RequestResponse" else _client_context(params.get("ClientContext")),
        )
        if kind == "RequestResponse":
            self.check_rate(function, context.now)
        return function, configuration, event

    @operation("InvokeAsync")
    def invoke_async(self, params: Params, context: CallContext) -> Reply:
        """The older way to run a function later. https://docs.aws.amazon.com/lambda/latest/api/API_InvokeAsync.html"""
        limit = self.quotas.deprecated_asynchronous_request_bytes
        payload = bytes(params["InvokeArgs"])
        if len(payload) > limit:
            raise RequestTooLargeException(
                f"{len(payload)} byte payload is too large for the Event invocation type (limit {limit} bytes)"
            )
        reply = self.invoke(
            {"FunctionName": params["FunctionName"], "InvocationType": "Event", "Payload": payload}, context
        )
        if not isinstance(reply, Reply):
            raise AssertionError("an event is accepted at once")
        return Reply({"Status": 202}, reply.effects)

    def _check_permission(self, function: Function, name: FunctionName, context: CallContext) -> None:
        """A version's and an alias's policy is its own: the unqualified function's does not count for them."""
        key = "" if name.qualifier in (None, LATEST) else name.qualifier
        allowed = allows(
            function.policies.get(key or "", {}).values(),
            principal=context.principal,
            source_arn=context.source_arn,
            account_id=self.account.account_id,
        )
        if not allowed:
            arn = function_arn(self.account, function.name, name.qualifier)
            raise AccessDeniedException(
                f"User: {context.principal} is not authorized to perform: {INVOKE} on resource: {arn} because no "
                f"resource-based policy allows the {INVOKE} action"
            )

    def _invoke_now(self, function: Function, configuration: Configuration, event: Event, tail: bool) -> Process:
        executed: Executed = yield from self.execute(function, configuration, event)
        result = {"StatusCode": 200, "Payload": executed.payload, "ExecutedVersion": executed.version}
        if executed.failed:
            result["FunctionError"] = "Unhandled"
        if tail and executed.report is not None:
            result["LogResult"] = self._tail(executed.report)
        return Reply(result)

    def _accept(self, function: Function, name: FunctionName, event: Event, context: CallContext) -> Reply:
        queued = QueuedEvent(
            function.name,
            name.qualifier,
            event.request_id,
            event.payload,
            event.trace_id,
            context.now,
            context.principal,
        )
        deliver = Spawn(
            f"event for {function.name}", lambda: self.deliver(queued), delivery=True, trace_id=event.trace_id
        )
        return Reply({"StatusCode": 202, "Payload": b""}, (deliver,))

    def _payload(self, params: Params, context: CallContext, kind: str) -> bytes:
        payload = params.get("Payload", b"")
        payload = payload.encode() if isinstance(payload, str) else bytes(payload)
        quotas = self.quotas
        limit = quotas.asynchronous_request_bytes if kind == "Event" else quotas.synchronous_request_bytes
        if len(payload) > limit:
            raise RequestTooLargeException(
                f"{len(payload)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
            )
        if not payload:
            return b"{}"
        if context.request is not None:  # services of this emulator write their JSON themselves
            check_json(payload)
        return payload

    def _tail(self, report: Report) -> str:
        text = "".join(f"{line.text}\n" for line in invocation_lines(report)).encode()
        return base64.b64encode(text[-self.quotas.log_tail_bytes :]).decode()


def _client_context(encoded: str | None) -> str:
    if encoded is None:
        return ""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        json.loads(text)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestContentException(f"Could not parse Client Context into json: {error}") from error
    return " ".join(text.splitlines())
