"""One execution environment: its process, its Runtime API, its logs, and the life cycle that ties them together.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

Rules. Between invocations the tree is frozen: from the moment when the runtime asks for the next event until there is one. A handler's
error costs nothing; a timeout or the end of the process costs the environment. The caller has its answer as soon as the runtime
posted it: logs are what was written until then, and later lines come with the next invocation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from emulator.clock import WallClock, stopwatch
from emulator.engine.janitor import Janitor
from emulator.sandbox.effects import (
    EnvironmentSpec,
    InitFailure,
    InvocationResult,
    LogLine,
    Outcome,
    RunInvocation,
    StartedEnvironment,
)
from emulator.sandbox.isolation import Command
from emulator.sandbox.log_pipe import LogPipe
from emulator.sandbox.process import ProcessTree
from emulator.sandbox.runtime_api import RuntimeApi

__all__ = ["Environment"]


class _State(Enum):
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    RESPONDED = "responded"
    """The invocation is answered, the runtime has not asked for the next one yet."""
    ENDED = "ended"


_MOVES = {
    _State.STARTING: {_State.IDLE, _State.ENDED},
    _State.IDLE: {_State.BUSY, _State.ENDED},
    _State.BUSY: {_State.RESPONDED, _State.ENDED},
    _State.RESPONDED: {_State.IDLE, _State.ENDED},
    _State.ENDED: set[_State](),
}


class Environment:
    """Runs one invocation at a time."""

    def __init__(
        self,
        environment_id: str,
        spec: EnvironmentSpec,
        command: Command,
        working_directory: Path,
        janitor: Janitor,
        on_started: Callable[[StartedEnvironment], None],
        on_end: Callable[[Environment], None],
    ) -> None:
        self.environment_id = environment_id
        self._loop = asyncio.get_running_loop()
        self._clock = WallClock()
        self._on_started: Callable[[StartedEnvironment], None] | None = on_started
        self._on_end = on_end
        self._state = _State.STARTING
        self._started = stopwatch()
        self._handed_over = 0.0
        self._init_error: InitFailure | None = None
        self._invocation: RunInvocation | None = None
        self._on_result: Callable[[InvocationResult], None] | None = None
        self._verdict: Outcome | None = None
        self._logs = LogPipe(stopwatch)
        self._api = RuntimeApi(self._loop, self)
        variables = {
            **command.variables,
            **dict(spec.variables),
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "LAMBDA_TASK_ROOT": command.variables["LAMBDA_TASK_ROOT"],
            "LAMBDA_RUNTIME_DIR": command.variables["LAMBDA_RUNTIME_DIR"],
            "_LAMBDA_TELEMETRY_LOG_FD": str(self._logs.write_end),
            "_HANDLER": spec.handler,
        }
        try:
            self._process = ProcessTree(
                self._loop, janitor, command, variables, self._logs.write_end, working_directory, self._process_ended
            )
        except OSError:
            self._api.close()
            self._logs.close()
            raise
        finally:
            self._logs.close_write_end()
        self._loop.add_reader(self._logs.read_end, self._read_logs)
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(spec.init_timeout_seconds, self._init_overran)

    # -- what the sandbox asks ---------------------------------------------------------------------------------------------------

    def run(self, invocation: RunInvocation, on_result: Callable[[InvocationResult], None]) -> None:
        """Give the runtime an event, now or as soon as it asks for one."""
        if self._state is _State.ENDED or self._verdict is not None:
            on_result(InvocationResult(Outcome.LOST))
            return
        self._invocation, self._on_result = invocation, on_result
        self._timer = self._loop.call_later(invocation.timeout_seconds, self._invocation_overran)
        if self._api.runtime_waits:
            self._hand_over()

    def kill(self) -> None:
        """End the environment, whatever it does."""
        self._process.kill()

    def collect_logs(self) -> tuple[LogLine, ...]:
        """Lines that no invocation took with it."""
        return self._logs.collect()

    # -- what the runtime does (RuntimeEvents) -----------------------------------------------------------------------------------

    def runtime_ready(self) -> None:
        """The runtime asks for the next event: init is over, or the last invocation."""
        if self._state is _State.STARTING:
            self._stop_timer()
            self._move(_State.IDLE)
            self._report_start(None)
        elif self._state is _State.RESPONDED:
            self._move(_State.IDLE)
        if self._invocation is not None:
            self._hand_over()
        else:
            self._process.freeze()

    def runtime_responded(self, body: bytes) -> None:
        """The handler returned."""
        self._finish(Outcome.OK, body)

    def runtime_erred(self, body: bytes, error_type: str) -> None:
        """The handler raised."""
        self._finish(Outcome.ERROR, body, error_type)

    def response_refused(self, body_bytes: int) -> None:
        """The response was larger than allowed."""
        self._finish(Outcome.TOO_LARGE, str(body_bytes).encode())

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The runtime could not be initialised; it ends itself now."""
        if self._state is _State.STARTING:
            self._init_error = InitFailure("error", body, error_type)

    # -- the life cycle ----------------------------------------------------------------------------------------------------------

    def _hand_over(self) -> None:
        invocation = self._invocation
        if invocation is None or self._state is not _State.IDLE:
            return
        self._move(_State.BUSY)
        self._logs.start_of_phase()
        self._handed_over = stopwatch()
        self._api.hand_over(invocation, self._clock.now() + invocation.timeout_seconds)
        self._process.thaw()

    def _finish(
        self, outcome: Outcome, payload: bytes = b"", error_type: str = "", exit_code: int | None = None
    ) -> None:
        on_result, self._on_result, self._invocation = self._on_result, None, None
        self._stop_timer()
        if self._state is _State.BUSY:
            self._move(_State.RESPONDED)
        duration = (stopwatch() - self._handed_over) * 1000.0
        if on_result is not None:
            lines, memory = self._logs.collect(), self._process.peak_memory_mb()
            on_result(InvocationResult(outcome, payload, error_type, lines, duration, memory, exit_code))

    def _report_start(self, failure: InitFailure | None) -> None:
        on_started, self._on_started = self._on_started, None
        if on_started is not None:
            milliseconds = (stopwatch() - self._started) * 1000.0
            on_started(StartedEnvironment(self.environment_id, milliseconds, self._logs.collect(), failure))

    def _init_overran(self) -> None:
        self._init_error = InitFailure("timeout")
        self._process.kill()

    def _invocation_overran(self) -> None:
        """Time is up. An event that the runtime never took is lost, not timed out."""
        self._verdict = Outcome.TIMEOUT if self._state is _State.BUSY else Outcome.LOST
        memory = self._process.peak_memory_mb()
        self._process.kill()
        if self._verdict is Outcome.TIMEOUT and self._on_result is not None:
            on_result, self._on_result = self._on_result, None
            duration = (stopwatch() - self._handed_over) * 1000.0
            on_result(InvocationResult(Outcome.TIMEOUT, b"", "", self._logs.collect(), duration, memory))

    def _process_ended(self, exit_code: int) -> None:
        was, self._state = self._state, _State.ENDED
        self._stop_timer()
        self._read_logs()
        self._api.close()
        if was is _State.STARTING:
            self._report_start(self._init_error or InitFailure("exit", exit_code=exit_code))
        elif self._on_result is not None:
            died = Outcome.EXIT if was is _State.BUSY else Outcome.LOST
            self._finish(died if self._verdict is None else self._verdict, exit_code=exit_code)
        self._on_end(self)
        self._loop.remove_reader(self._logs.read_end)
        self._logs.close()

    def _read_logs(self) -> None:
        self._logs.read()
        if self._logs.at_end:
            self._loop.remove_reader(self._logs.read_end)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _move(self, state: _State) -> None:
        if state not in _MOVES[self._state]:
            raise AssertionError(f"an environment cannot go from {self._state.value} to {state.value}")
        self._state = state
