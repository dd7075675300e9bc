"""One execution environment: its programs, its APIs, its logs, and the life cycle that ties them together (see `life_cycle`).

Rules. Between invocations the tree is frozen: from a moment after the runtime and every extension asked for the next event until there
is one. A handler's error costs nothing; a timeout, a crash or too much memory resets: the runtime is killed, extensions get SHUTDOWN, /tmp
stays, and the next invocation initialises everything again within its own timeout. The caller has its answer as soon as the runtime
posted it; what is written later comes late (`on_late`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from emulator.clock import WallClock, stopwatch
from emulator.engine.janitor import Janitor
from emulator.sandbox.deadline import Deadline
from emulator.sandbox.effects import (
    EnvironmentSpec,
    InitFailure,
    InvocationResult,
    LateLines,
    LogLine,
    Outcome,
    RunInvocation,
    StartedEnvironment,
)
from emulator.sandbox.environment_logs import EnvironmentLogs
from emulator.sandbox.extensions_api import PREFIX as EXTENSIONS
from emulator.sandbox.extensions_api import Extension, ExtensionsApi
from emulator.sandbox.life_cycle import SHUTDOWN_SECONDS, Reason, State, check_move
from emulator.sandbox.memory_watch import MemoryWatch
from emulator.sandbox.own_ports import OwnPorts
from emulator.sandbox.process import ProcessTree
from emulator.sandbox.programs import RUNTIME, Programs
from emulator.sandbox.runtime_api import RuntimeApi
from emulator.sandbox.telemetry_api import LOGS_PATH, TELEMETRY_PATH, TelemetryApi
from emulator.sandbox.telemetry_events import TelemetryEvents

__all__ = ["Environment"]

_FREEZE_AFTER_SECONDS = 0.002
"""Between the request for the next event and the freeze: under load the event comes first, and two signals to every process are saved."""


class Environment:
    """Runs one invocation at a time."""

    def __init__(
        self,
        environment_id: str,
        spec: EnvironmentSpec,
        programs: Programs,
        janitor: Janitor,
        memory: MemoryWatch,
        on_started: Callable[[StartedEnvironment], None],
        on_late: Callable[[LateLines], None],
        on_end: Callable[[Environment], None],
        ports: OwnPorts | None = None,
    ) -> None:
        self.environment_id = environment_id
        self._spec = spec
        self._programs = programs
        self._loop = asyncio.get_running_loop()
        self._clock = WallClock()
        self._memory = memory
        self._on_started: Callable[[StartedEnvironment], None] | None = on_started
        self._on_late = on_late
        self._on_end = on_end
        self._state = State.RESET
        self._handed_over = self._init_started = stopwatch()
        self._init_error: InitFailure | None = None
        self._invocation: RunInvocation | None = None
        self._on_result: Callable[[InvocationResult], None] | None = None
        self._peak_mb = 0
        self._ending = False
        self._deadline = Deadline(self._loop, lasts=True)
        self._grace = Deadline(self._loop)
        self._logs = EnvironmentLogs(self._loop, extensions=bool(programs.extensions), on_lines=self._lines_came)
        self._api = RuntimeApi(self._loop, self)
        self._extensions = ExtensionsApi(self, programs.function_facts(spec), tuple(programs.extensions))
        telemetry = TelemetryApi(self._loop, self._extensions, self._clock.now)
        telemetry.announce = self._logs.tell
        if ports is not None:
            telemetry.locate = ports.locate
        self._telemetry = TelemetryEvents(telemetry, spec)
        self._api.serve(EXTENSIONS, self._extensions.dispatch)
        self._api.serve(TELEMETRY_PATH, telemetry.dispatch)
        self._api.serve(LOGS_PATH, telemetry.dispatch)
        self._api.on_hang_up = self._extensions.hung_up
        try:
            self._process = ProcessTree(
                self._loop,
                janitor,
                programs.command,
                self._logs.write_ends,
                self._program_exited,
                self._tree_ended,
                ports,
            )
        except OSError:
            self._api.close()
            self._logs.close_write_ends()
            raise
        self._descriptors = self._logs.write_ends
        self._logs.begin()
        self._initialise()

    # -- what the sandbox asks ---------------------------------------------------------------------------------------------------

    def run(self, invocation: RunInvocation, on_result: Callable[[InvocationResult], None]) -> None:
        """Give the runtime an event, now or as soon as it asks for one."""
        if self._state is State.ENDED or self._ending:
            on_result(InvocationResult(Outcome.LOST))
            return
        self._invocation, self._on_result = invocation, on_result
        if self._state is State.IDLE:
            self._hand_over()
        elif self._state is State.RESET:
            self._initialise()

    def stop(self) -> None:
        """End the environment the way Lambda does when it is no longer needed."""
        self._ending = True
        if not self._extensions.registered or self._state not in (State.IDLE, State.RESPONDED, State.STOPPING):
            self.kill()
        elif self._state is State.IDLE:
            self._shut_down(Reason.SPINDOWN)

    def kill(self) -> None:
        """End the environment at once, whatever it does."""
        self._ending = True
        self._process.kill()

    def crash(self, span: str) -> None:
        """End the runtime in the middle of the invocation with this span in its trace header, as a defect of the function would."""
        if self._invocation is not None and f";Parent={span};" in self._invocation.trace_header:
            self._process.kill_programs(spare=self._programs.names)

    def collect_logs(self) -> tuple[LogLine, ...]:
        """Lines that no invocation took with it."""
        return self._logs.collect()

    def check_memory(self) -> None:
        """Reset an environment whose programs hold more than its memory size."""
        resident = self._process.resident_mb()
        self._peak_mb = max(self._peak_mb, resident)
        if resident <= self._spec.memory_mb or self._state not in (State.STARTING, State.BUSY, State.RESPONDED):
            return
        if self._state is State.STARTING:
            self._fail_init(InitFailure("memory", b"", "Runtime.OutOfMemory", -9))
        else:
            self._fail_invocation(Outcome.EXIT, Reason.FAILURE, error_type="Runtime.OutOfMemory", exit_code=-9)

    # -- init --------------------------------------------------------------------------------------------------------------------

    def _initialise(self) -> None:
        """Start everything: in the init phase, or (suppressed) in the invocation that waits."""
        self._move(State.STARTING)
        self._init_started = stopwatch()
        self._init_error = None
        invocation = self._invocation
        if invocation is not None:
            self._handed_over = self._init_started
            self._logs.start_of_phase()
        seconds = self._spec.init_timeout_seconds if invocation is None else invocation.timeout_seconds
        self._deadline.set(seconds, lambda: self._fail_init(InitFailure("timeout")))
        self._api.reset()
        self._extensions.begin()
        self._telemetry.init_started(suppressed=invocation is not None)
        if self._programs.extensions:
            self._logs.observe(self._telemetry.function_line, self._telemetry.extension_line)
        self._memory.add(self)
        self._process.thaw()
        variables = self._programs.variables(self._spec, self._api.address, self._descriptors[0])
        for name, argv in self._programs.extensions.items():
            shown = self._programs.for_extension(variables)
            self._process.launch(name, argv, shown, self._descriptors[-1])
        if not self._programs.extensions:
            self._start_runtime()

    def _start_runtime(self) -> None:
        if not self._programs.runtime:
            self._fail_init(InitFailure("entrypoint", error_type="Runtime.InvalidEntrypoint"))
            return
        variables = self._programs.variables(self._spec, self._api.address, self._descriptors[0])
        self._process.launch(RUNTIME, self._programs.runtime, variables, self._descriptors[0])

    def _initialised(self) -> None:
        """The runtime and every extension wait for the first event."""
        milliseconds = (stopwatch() - self._init_started) * 1000.0
        self._memory.remove(self)
        self._extensions.open = False
        self._telemetry.init_ended("success", milliseconds)
        for extension in self._extensions.registered.values():
            self._logs.tell(self._telemetry.extension_ready(extension))
        self._move(State.IDLE)
        if self._on_started is not None:
            self._deadline.clear()
            self._report_start(None)

    def _fail_init(self, failure: InitFailure) -> None:
        milliseconds = (stopwatch() - self._init_started) * 1000.0
        self._memory.remove(self)
        self._telemetry.init_ended(
            "timeout" if failure.kind == "timeout" else "error", milliseconds, failure.error_type
        )
        self._extensions.open = False
        reason = Reason.TIMEOUT if failure.kind == "timeout" else Reason.FAILURE
        if self._on_started is not None:
            self._report_start(failure)
        elif self._on_result is not None:
            self._answer(InvocationResult.of_failed_init(failure, milliseconds))
        self._shut_down(reason)

    def _report_start(self, failure: InitFailure | None, *, alive: bool = True) -> None:
        on_started, self._on_started = self._on_started, None
        if on_started is not None:
            milliseconds = (stopwatch() - self._init_started) * 1000.0
            on_started(StartedEnvironment(self.environment_id, milliseconds, self._logs.collect(), failure, alive))

    # -- what the runtime does (RuntimeEvents) -----------------------------------------------------------------------------------

    def runtime_ready(self) -> None:
        """The runtime asks for the next event: its part of init is over, or of the last invocation."""
        if self._state is State.STARTING:
            self._telemetry.init_runtime_done()
        self._settle()

    def _settle(self) -> None:
        """Go on where everybody waits for an event."""
        if not self._api.runtime_waits or not self._extensions.all_ready:
            return
        if self._state is State.STARTING:
            self._initialised()
        elif self._state is State.RESPONDED:
            self._deadline.clear()
            self._memory.remove(self)
            self._invocation_over()
            self._move(State.IDLE)
        if self._state is not State.IDLE:
            return
        if self._ending:
            self._shut_down(Reason.SPINDOWN)
        elif self._invocation is not None:
            self._hand_over()
        elif not self._grace.is_set:
            self._grace.set(_FREEZE_AFTER_SECONDS, self._freeze)

    def _freeze(self) -> None:
        if self._state is State.IDLE:
            self._telemetry.freeze()
            self._process.freeze()

    def runtime_responded(self, body: bytes) -> None:
        """The handler returned."""
        self._finish(Outcome.OK, body)

    def runtime_erred(self, body: bytes, error_type: str) -> None:
        """The handler raised, or a streamed response failed in its middle."""
        self._finish(Outcome.ERROR, body, error_type)

    def response_refused(self, body_bytes: int) -> None:
        """The response was larger than allowed."""
        self._finish(Outcome.TOO_LARGE, str(body_bytes).encode())

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The runtime could not be initialised; it ends itself now."""
        if self._state is State.STARTING:
            self._init_error = InitFailure("error", body, error_type)

    # -- what extensions do (ExtensionEvents) ------------------------------------------------------------------------------------

    def extension_registered(self, extension: Extension) -> None:
        """The runtime starts when every external extension has registered."""
        self._logs.drain()
        if self._state is State.STARTING and not self._process.runs(RUNTIME) and self._extensions.all_registered:
            self._start_runtime()

    def extension_ready(self, extension: Extension) -> None:
        """An extension waits for its next event."""
        self._logs.drain()
        self._settle()

    def extension_failed(self, extension: Extension, phase: str, error_type: str) -> None:
        """An extension gives up."""
        self._extension_lost(extension.name, error_type, None)

    def _extension_lost(self, name: str, error_type: str, exit_code: int | None) -> None:
        if self._state is State.STARTING:
            self._fail_init(InitFailure("extension", error_type=error_type, exit_code=exit_code))
        elif self._state in (State.BUSY, State.RESPONDED):
            self._fail_invocation(Outcome.EXIT, Reason.FAILURE, error_type=error_type, exit_code=exit_code)
        elif self._state is State.IDLE:
            self._shut_down(Reason.FAILURE)

    # -- an invocation -----------------------------------------------------------------------------------------------------------

    def _hand_over(self) -> None:
        invocation = self._invocation
        if invocation is None or self._state is not State.IDLE:
            return
        self._move(State.BUSY)
        self._grace.clear()
        if not self._deadline.is_set:  # else it runs already, since the init that this invocation began with
            self._logs.start_of_phase()
            self._handed_over = stopwatch()
        left = invocation.timeout_seconds - (stopwatch() - self._handed_over)
        self._deadline.set(left, self._time_out)
        self._peak_mb = 0
        deadline = self._clock.now() + left
        self._memory.add(self)
        if self._extensions.registered:
            self._extensions.invoke(
                invocation.request_id, invocation.function_arn, invocation.trace_header, int(deadline * 1000)
            )
            self._telemetry.started(invocation)
        self._api.hand_over(invocation, deadline)
        self._process.thaw()
        self._telemetry.thaw()

    def _time_out(self) -> None:
        self._fail_invocation(Outcome.TIMEOUT, Reason.TIMEOUT)

    def _finish(self, outcome: Outcome, payload: bytes, error_type: str = "") -> None:
        """The runtime has answered."""
        if self._state is State.BUSY:
            self._move(State.RESPONDED)
        self._answer(InvocationResult(outcome, payload, error_type))

    def _fail_invocation(
        self, outcome: Outcome, reason: Reason, *, error_type: str = "", exit_code: int | None = None
    ) -> None:
        """End what is under way; an event that was not handed over yet waits for the next init instead."""
        if self._state is State.BUSY:
            self._answer(InvocationResult(outcome, b"", error_type, exit_code=exit_code))
        self._shut_down(reason)

    def _answer(self, result: InvocationResult) -> None:
        on_result, self._on_result = self._on_result, None
        invocation, self._invocation = self._invocation, None
        if on_result is None:
            return
        duration = (stopwatch() - self._handed_over) * 1000.0
        peak = min(max(self._peak_mb, self._process.peak_memory_mb(RUNTIME)), self._spec.memory_mb)
        lines = self._logs.collect()
        over = not self._extensions.registered or self._state is not State.RESPONDED
        stream = None if invocation is None else invocation.stream
        streamed = stream.written_bytes if stream is not None and stream.begun else None
        finished = result.measured(lines, duration, peak, streamed, finished=over)
        if self._extensions.registered:
            self._telemetry.answered(finished)
            if over:
                self._telemetry.finished(duration)
        on_result(finished)

    def _invocation_over(self) -> None:
        """Extensions have finished with it too."""
        if self._extensions.registered:
            milliseconds = (stopwatch() - self._handed_over) * 1000.0
            self._telemetry.finished(milliseconds)
            self._on_late(LateLines(self.environment_id, self._logs.collect(), milliseconds))

    # -- the end of programs, resets, the end ------------------------------------------------------------------------------------

    def _shut_down(self, reason: Reason) -> None:
        """Kill the runtime (or ask it to end), tell extensions, and give them what Lambda gives them."""
        if self._state is State.RESPONDED:
            self._invocation_over()
        self._move(State.STOPPING)
        self._deadline.clear()
        self._memory.remove(self)
        self._process.thaw()
        self._telemetry.shut_down()
        extensions = self._extensions
        kind = "external" if extensions.any_external else "internal" if extensions.registered else "none"
        seconds = SHUTDOWN_SECONDS[kind]
        if reason is Reason.SPINDOWN:
            self._process.terminate(RUNTIME)
        else:
            self._process.kill_programs(spare=self._programs.names)
        extensions.shut_down(reason.value, int((self._clock.now() + seconds) * 1000))
        if seconds == 0.0:
            self._process.kill_programs()
        else:
            self._deadline.set(seconds, self._process.kill_programs)
        self._check_stopped()

    def _check_stopped(self) -> None:
        """Once no program runs: be gone, or be ready to begin again."""
        if self._state is not State.STOPPING or any(map(self._process.runs, (RUNTIME, *self._programs.names))):
            return
        self._deadline.clear()
        if self._ending:
            self._process.kill()
            return
        self._move(State.RESET)
        self._api.reset()
        if self._invocation is not None:
            self._initialise()
        else:
            self._process.freeze()

    def _program_exited(self, name: str, exit_code: int) -> None:
        self._logs.drain()
        extension = self._extensions.named(name)
        if extension is not None:
            extension.gone = True
            self._telemetry.extension_state(extension, "Exited")
        if self._state is State.STOPPING:
            if name == RUNTIME and not self._extensions.any_external:
                self._process.kill_programs()
            self._check_stopped()
        elif name != RUNTIME:
            self._extension_lost(name, "Extension.Crash", exit_code)
        elif self._state is State.STARTING:
            self._fail_init(
                self._init_error or InitFailure("exit", error_type="Runtime.ExitError", exit_code=exit_code)
            )
        elif self._state in (State.BUSY, State.RESPONDED):
            self._fail_invocation(Outcome.EXIT, Reason.FAILURE, error_type="Runtime.ExitError", exit_code=exit_code)
        elif self._state is State.IDLE:
            self._shut_down(Reason.FAILURE)

    def _tree_ended(self, exit_code: int) -> None:
        was = self._state
        self._move(State.ENDED)
        self._deadline.close()
        self._grace.close()
        self._memory.remove(self)
        self._api.close()
        self._telemetry.close()
        if self._on_started is not None:
            self._report_start(self._init_error or InitFailure("exit", exit_code=exit_code), alive=False)
        elif self._on_result is not None:
            died = Outcome.EXIT if was is State.BUSY else Outcome.LOST
            self._answer(InvocationResult(died, exit_code=exit_code))
        self._on_end(self)
        self._logs.close()

    def _lines_came(self) -> None:
        """Lines that nobody waits for are handed on by themselves."""
        if self._on_result is None and self._on_started is None and self._state is not State.ENDED and not self._ending:
            lines = self._logs.collect()
            if lines:
                self._on_late(LateLines(self.environment_id, lines))

    def _move(self, state: State) -> None:
        check_move(self._state, state)
        self._state = state
