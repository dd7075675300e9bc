"""A Logs service that is called without an engine; every result is checked against botocore's model."""

from __future__ import annotations

from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from emulator.account import Account
from emulator.operation import CallContext, Reply
from emulator.services.logs import LogsQuotas, LogsService

MODEL = botocore.session.get_session().get_service_model("logs")
NOW = 1_767_225_600.0
MILLIS = int(NOW * 1000)


class Logs:
    def __init__(self, quotas: LogsQuotas | None = None) -> None:
        self.service = LogsService(Account("http://127.0.0.1"), quotas)
        self.now = NOW
        self.calls: list[Any] = []
        self.refusal: Exception | None = None

    def call(self, name: str, **params: Any) -> Any:
        reply = self.service.handle(name, params, CallContext(now=self.now, request_id="r"))
        if not isinstance(reply, Reply):
            reply = self.driven(reply)
        shape = MODEL.operation_model(name).output_shape
        if shape is not None:
            report = ParamValidator().validate(reply.result, shape)
            assert not report.has_errors(), report.generate_report()
            assert set(reply.result) <= set(shape.members)
        return reply.result

    def driven(self, process: Any) -> Reply:
        """Run a process whose calls succeed, or fail with `refusal`."""
        try:
            self.calls.append(next(process))
            while True:
                effect = process.send({}) if self.refusal is None else process.throw(self.refusal)
                self.calls.append(effect)
        except StopIteration as end:
            return end.value

    def stream(self, group: str = "g", stream: str = "s") -> None:
        if group not in self.service.groups:
            self.call("CreateLogGroup", logGroupName=group)
        self.call("CreateLogStream", logGroupName=group, logStreamName=stream)

    def put(self, *messages: str, stream: str = "s", at: int = MILLIS) -> Any:
        events = [{"timestamp": at + number, "message": message} for number, message in enumerate(messages)]
        return self.call("PutLogEvents", logGroupName="g", logStreamName=stream, logEvents=events)

    def messages(self, **params: Any) -> list[str]:
        found = self.call("FilterLogEvents", logGroupName="g", **params)
        return [event["message"] for event in found["events"]]
