"""Runs one invocation: concurrency limits, an environment, the event, the result, the logs.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from dataclasses import field, replace

from emulator.effects import Now, Process, Record, Shield
from emulator.sandbox.effects import (
    InvocationResult,
    Outcome,
    RunInvocation,
    StartedEnvironment,
)
from emulator.sandbox.response_stream import ResponseStream
from emulator.services.lambda_.cold_starts import ColdStarts
from emulator.services.lambda_.environments import WarmEnvironment
from emulator.services.lambda_.function_errors import failure_document, init_failure_document
from emulator.services.lambda_.platform_logs import Report, init_report_line, opening_lines
from emulator.services.lambda_.state import Configuration, Function
from emulator.value import value

__all__ = ["Event", "Executed", "ExecutionEngine"]


@value
class Event:
    """One attempt to have an event handled."""

    request_id: str
    payload: bytes = field(repr=False)
    function_arn: str
    """As the caller named it, with its qualifier."""
    trace_id: str = ""
    client_context: str = ""


@value
class Executed:
    """What came of it. `failed` is whether AWS would say X-Amz-Function-Error; `report` is None where no environment could start."""

    payload: bytes = field(repr=False)
    failed: bool
    version: str
    report: Report | None


class ExecutionEngine(ColdStarts):
    """Invocations of functions in environments."""

    def execute(
        self,
        function: Function,
        configuration: Configuration,
        event: Event,
        stream: ResponseStream | None = None,
    ) -> Process:
        """Run an event to its end; the result is Executed. It ends even if the one who waits goes away.

        With a `stream`, a streamed response goes there while the function writes it, and the result's payload is empty.
        Raises TooManyRequestsException at a concurrency limit, ServiceException where this machine has no environment to give.
        """
        self._admit(function, configuration.version)
        return (yield Shield(self._counted(function, configuration, event, stream)))

    def _counted(
        self, function: Function, configuration: Configuration, event: Event, stream: ResponseStream | None
    ) -> Process:
        running, version = function.running, configuration.version
        running[version] = running.get(version, 0) + 1
        self.running += 1
        try:
            return (yield from self._run(function, configuration, event, stream))
        finally:
            running[version] -= 1
            if not running[version]:
                del running[version]
            self.running -= 1

    def _run(
        self, function: Function, configuration: Configuration, event: Event, stream: ResponseStream | None
    ) -> Process:
        trace_header = (
            f"Root={event.trace_id};Parent={self.account.identifiers.hex(16)};Sampled=1" if event.trace_id else ""
        )
        invocation_id = self.account.identifiers.uuid()
        while True:
            environment = yield from self._environment(function, configuration)
            started = yield Now()
            if isinstance(environment, StartedEnvironment):
                return (yield from self._not_initialised(configuration, event, environment, started))
            result: InvocationResult = yield RunInvocation(
                environment_id=environment.environment_id,
                request_id=event.request_id,
                payload=event.payload,
                timeout_seconds=float(configuration.timeout_seconds),
                function_arn=event.function_arn,
                response_limit_bytes=self.quotas.synchronous_response_bytes,
                invocation_id=invocation_id,
                trace_header=trace_header,
                client_context=event.client_context,
                stream=stream,
                resource=function.name,
            )
            environment.started_at = started
            if result.outcome is not Outcome.LOST:
                return (yield from self._conclude(function, configuration, event, environment, started, result))
            # The environment died before its runtime took the event: nobody has seen it, another environment gets it.
            yield Record("lambda", "environment_lost", function.name)
            yield from self._gone(function, environment, result.lines)

    def _conclude(
        self,
        function: Function,
        configuration: Configuration,
        event: Event,
        environment: WarmEnvironment,
        started: float,
        result: InvocationResult,
    ) -> Process:
        """Give the environment back, write down what happened, and say what the caller gets."""
        report = Report(
            request_id=event.request_id,
            version=configuration.version,
            memory_mb=configuration.memory_mb,
            timeout_seconds=configuration.timeout_seconds,
            started=started,
            result=result,
            init_milliseconds=environment.init_milliseconds,
            response_limit_bytes=self.quotas.synchronous_response_bytes,
            log_format=configuration.log_format,
            system_log_level=configuration.system_log_level or "INFO",
        )
        environment.init_milliseconds = None
        self.environments.served(configuration, result.duration_milliseconds / 1000.0)
        payload = result.payload
        if result.suppressed_init is not None:
            line = init_report_line(
                configuration.log_format,
                started,
                result.init_milliseconds,
                result.suppressed_init,
                phase="invoke",
                initialization_type=environment.initialization_type,
            )
            result = replace(result, lines=(*result.lines, line))
            report = report._replace(result=result)
        if result.outcome not in (Outcome.OK, Outcome.ERROR):
            payload = failure_document(
                result,
                event.request_id,
                configuration.timeout_seconds,
                self.quotas.synchronous_response_bytes
                if result.streamed_bytes is None
                else self.quotas.streamed_response_bytes,
            )
        # A failed invocation resets its environment, with /tmp kept; the next one initialises it first.
        for effect in self.environments.release(environment, started + result.duration_milliseconds / 1000.0):
            yield self._without_waiting(effect)
        if self.environments.awaited:
            yield from self._start_where_wanted(function)
        if not self.watches:
            yield from self._watch()
        if not result.finished:
            environment.report = report
        shipped = report if result.finished else opening_lines(report)
        for effect in self.function_logs.ship(configuration.shown_log_group, environment.log_stream, started, shipped):
            yield effect
        yield Record(
            "lambda",
            "invocation",
            function.name,
            result.outcome.value,
            {
                "version": configuration.version,
                "request_id": event.request_id,
                "duration_ms": round(result.duration_milliseconds, 3),
                "billed_ms": report.billed_milliseconds,
                "memory_mb": result.max_memory_mb,
                "memory_size_mb": configuration.memory_mb,
                "architecture": configuration.architectures[0],
                "cold": report.init_milliseconds is not None,
                "request_bytes": len(event.payload),
                "response_bytes": len(payload) if result.streamed_bytes is None else result.streamed_bytes,
            },
        )
        failed_at_all = result.outcome is not Outcome.OK
        version = configuration.version
        return Executed(payload, failed_at_all, version, report)

    def _not_initialised(
        self, configuration: Configuration, event: Event, failed: StartedEnvironment, started: float
    ) -> Process:
        if failed.failure is None:
            raise AssertionError("an environment that started is no failure")
        document = init_failure_document(failed.failure, event.request_id, configuration.timeout_seconds)
        detail = {
            "request_id": event.request_id,
            "version": configuration.version,
            "error_type": failed.failure.error_type,
        }
        yield Record("lambda", "invocation", configuration.function_name, f"init_{failed.failure.kind}", detail)
        return Executed(document, True, configuration.version, None)
