"""InvokeWithResponseStream. https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html

The response is an event stream: a PayloadChunk for each part that the function writes, and InvokeComplete. What a function returns that
does not stream is one chunk. A function's failure is told by InvokeComplete, as the status has left before.
AWS passes the first 6 MB of a response on as fast as they come and slows down behind that (2 MB/s); nothing is slowed down here.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from emulator.effects import Process, Race, Shield, WaitFor
from emulator.event_stream import CONTENT_TYPE, event_message
from emulator.operation import CallContext, Params, Reply, operation
from emulator.sandbox.response_stream import ResponseStream
from emulator.services.lambda_.execution import Event, Executed
from emulator.services.lambda_.invoke_operations import InvokeOperations
from emulator.services.lambda_.state import Configuration, Function

__all__ = ["InvokeStreamOperations"]


class _PayloadChunks(ResponseStream):
    """A function's response as the operation's events."""

    @property
    def opened(self) -> bool:
        return self.begun

    def open(self, content_type: str) -> None:
        """Nothing of it is told: a client of this operation knows its function."""

    def add(self, part: bytes) -> None:
        self.body.write(event_message("PayloadChunk", part, "application/octet-stream"))

    def complete(self, executed: Executed, log_result: str | None) -> None:
        """Tell how it ended."""
        if not self.begun and not executed.failed:
            self.add(executed.payload)
        event: dict[str, str] = {}
        if executed.failed:
            event = {"ErrorCode": "Unhandled", "ErrorDetails": executed.payload.decode("utf-8", "replace")}
        if log_result is not None:
            event["LogResult"] = log_result
        self.body.write(event_message("InvokeComplete", orjson.dumps(event), "application/json"))
        self.body.finish()


class InvokeStreamOperations(InvokeOperations):
    """Invocations whose response leaves while the function writes it."""

    @operation("InvokeWithResponseStream", unsupported=("TenantId",))
    def invoke_with_response_stream(self, params: Params, context: CallContext) -> Reply | Process:
        """Run a function now and pass on what it writes."""
        function, configuration, event = self._prepare(params, context)
        if params.get("InvocationType") == "DryRun":
            return Reply({"StatusCode": 204, "ExecutedVersion": configuration.version})
        return self._invoke_with_stream(function, configuration, event, tail=params.get("LogType") == "Tail")

    def _invoke_with_stream(
        self, function: Function, configuration: Configuration, event: Event, *, tail: bool
    ) -> Process:
        stream = _PayloadChunks(self.quotas.streamed_response_bytes)

        def end(executed: Executed) -> None:
            report = executed.report
            stream.complete(executed, self._tail(report) if tail and report is not None else None)

        yield from self.stream(function, configuration, event, stream, end)
        return Reply(
            {
                "StatusCode": 200,
                "ExecutedVersion": configuration.version,
                "ResponseStreamContentType": CONTENT_TYPE,
                "EventStream": stream.body,
            }
        )

    def stream(
        self,
        function: Function,
        configuration: Configuration,
        event: Event,
        stream: ResponseStream,
        end: Callable[[Executed], None],
    ) -> Process:
        """Run an event until its response can begin; the result is Executed where it is over by then, else None.

        It goes on by itself; `end` is called when it is over. Raises what `execute` raises, as long as the response has not begun.
        """

        def run() -> Process:
            try:
                executed = yield from self.execute(function, configuration, event, stream)
            except BaseException:
                stream.body.fail()
                raise
            end(executed)
            return executed

        def shielded() -> Process:
            return (yield Shield(run()))

        def begun() -> Process:
            while not stream.ready:
                yield WaitFor(stream)

        return (yield Race((shielded(), begun())))[1]
