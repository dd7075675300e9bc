"""Gives invocations an environment: takes a warm one, waits, or has one started; and carries out what the pool decided.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from emulator.effects import Effect, Now, Process, Record, Sleep, Spawn, WaitFor
from emulator.errors import AwsError, EmulatorError
from emulator.sandbox.effects import (
    LATE_LINES,
    EnvironmentSpec,
    LateLines,
    LogLine,
    StartedEnvironment,
    StartEnvironment,
    StopEnvironment,
    TakeLateLines,
)
from emulator.services.lambda_.admission import Admission
from emulator.services.lambda_.environment_variables import environment_variables
from emulator.services.lambda_.environments import Start, Waiter, WarmEnvironment
from emulator.services.lambda_.errors import ServiceException, TooManyRequestsException
from emulator.services.lambda_.platform_logs import closing_lines, init_report_line
from emulator.services.lambda_.state import Configuration, Function

__all__ = ["ColdStarts"]


class ColdStarts(Admission):
    """Environments for invocations."""

    def _environment(self, function: Function, configuration: Configuration) -> Process:
        """A WarmEnvironment to use, or the StartedEnvironment that failed. Raises what made a cold start impossible."""
        now = yield Now()
        environment, effects = self.environments.take(configuration, now)
        for effect in effects:
            yield self._without_waiting(effect)
        if environment is not None:
            return environment
        self._check_scaling(function, now)
        waiter = self.environments.wait(configuration, now)
        yield from self._start_where_wanted(function)
        if not waiter.served:
            yield from self._wait(function, waiter)
        if isinstance(waiter.failure, Exception):
            raise waiter.failure
        return waiter.failure if waiter.environment is None else waiter.environment

    def _check_scaling(self, function: Function, now: float) -> None:
        """Refuse what would need more new environments than Lambda starts for one function in a span of time.

        https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
        """
        recent = function.recent_starts
        while recent and recent[0] <= now - self.quotas.scaling_seconds:
            recent.popleft()
        if len(recent) >= self.quotas.scaling_environments:
            raise TooManyRequestsException("ConcurrentInvocationLimitExceeded")

    def _wait(self, function: Function, waiter: Waiter) -> Process:
        """Wait until served, with another look at whether a further environment should start."""
        capacity = self.environments.capacity
        while not waiter.served:
            now = yield Now()
            left = waiter.since + capacity.wait_seconds - now
            if left <= 0.0:
                self.environments.withdraw(waiter)
                raise ServiceException(
                    f"no execution environment became free within {capacity.wait_seconds:g} s: this machine runs "
                    f"{capacity.max_environments} at a time (the emulator's max_environments, not a limit of AWS); "
                    "raise it, or put less load on it"
                )
            woken = yield WaitFor(waiter, min(left, self.environments.patience_seconds(waiter.configuration)))
            if not woken and not waiter.served:
                yield from self._start_where_wanted(function)

    def _start_where_wanted(self, function: Function) -> Process:
        while True:
            now = yield Now()
            start, effects = self.environments.next_start(now)
            yield from self._apply(effects)
            if start is None:
                return
            owner = self.functions.get(start.configuration.function_name, function)
            yield Spawn(f"start {owner.name}", _later(self._cold_start, owner, start))

    def _cold_start(self, function: Function, start: Start) -> Process:
        """Start an environment and hand it to whoever waits first."""
        configuration = start.configuration
        now = yield Now()
        function.recent_starts.append(now)
        stream = _log_stream(configuration, now, self.account.identifiers.hex(32))
        spec = self._spec(function, configuration, stream, provisioned=start.provisioned)
        try:
            started: StartedEnvironment = yield StartEnvironment(spec, function.name)
        except (AwsError, EmulatorError) as error:
            yield from self._apply(self.environments.start_failed(start, error))
            yield from self._start_where_wanted(function)
            return
        lines = started.lines
        if started.failure is not None:
            report = init_report_line(
                configuration.log_format,
                now,
                started.init_milliseconds,
                started.failure,
                initialization_type=spec.initialization_type,
            )
            lines = (*lines, report)
        if lines:
            yield from self._apply(self.function_logs.ship(configuration.shown_log_group, stream, now, lines))
        outcome = "ok" if started.failure is None else f"init_{started.failure.kind}"
        detail = {"version": configuration.version, "init_ms": round(started.init_milliseconds, 3)}
        yield Record("lambda", "cold_start", function.name, outcome, detail)
        if started.alive:
            # After a failed init the first invocation runs it again, inside the function's own timeout.
            init = None if started.failure is not None else started.init_milliseconds
            environment = WarmEnvironment(started.environment_id, configuration, stream, init, started_at=now)
            environment.provisioned = start.provisioned
            self.streams[started.environment_id] = environment
            effects = self.environments.started(start, environment, now)
        else:
            effects = self.environments.start_failed(start, started)
        yield from self._apply(effects)
        yield from self._start_where_wanted(function)
        yield from self._watch()

    @property
    def watches(self) -> bool:
        """Whether what `_watch` starts is running."""
        return self.collects_late_lines and (self.retires_idle or not self.environments.capacity.idle_timer)

    def _watch(self) -> Process:
        """See to it that late lines reach the log, and that idle environments retire when their time has come."""
        if not self.collects_late_lines:
            self.collects_late_lines = True
            yield Spawn("late lines", self._late_lines)
        if self.environments.capacity.idle_timer and not self.retires_idle:
            self.retires_idle = True
            yield Spawn("retire idle environments", self._retire_idle)

    def _late_lines(self) -> Process:
        """Lines that were written after their invocation was answered."""
        while True:
            yield from self._collect_late()
            yield WaitFor(LATE_LINES)

    def _collect_late(self) -> Process:
        late: tuple[LateLines, ...] = yield TakeLateLines()
        for some in late:
            environment = self.streams.get(some.environment_id)
            if environment is None:
                continue
            lines = list(some.lines)
            if some.finished_milliseconds is not None and environment.report is not None:
                lines += closing_lines(environment.report, some.finished_milliseconds)
                environment.report = None
            group, started = environment.configuration.shown_log_group, environment.started_at
            yield from self._apply(self.function_logs.ship(group, environment.log_stream, started, lines))

    def _retire_idle(self) -> Process:
        """End environments that were idle for too long, until none is left."""
        while (deadline := self.environments.next_retirement()) is not None:
            now = yield Now()
            if deadline > now:
                yield Sleep(deadline - now)
                now = yield Now()
            yield from self._apply(self.environments.expire(now))
        self.retires_idle = False

    def _spec(
        self, function: Function, configuration: Configuration, stream: str, *, provisioned: bool
    ) -> EnvironmentSpec:
        return EnvironmentSpec(
            function_name=function.name,
            runtime=configuration.runtime,
            handler=configuration.handler,
            code=configuration.code.folders,
            layers=tuple(folder for layer in configuration.layers for folder in layer.code.folders),
            memory_mb=configuration.memory_mb,
            ephemeral_storage_mb=configuration.ephemeral_storage_mb,
            variables=environment_variables(function, configuration, stream, self.account, provisioned=provisioned),
            init_timeout_seconds=(
                max(self.quotas.provisioned_init_seconds, float(configuration.timeout_seconds))
                if provisioned
                else self.quotas.init_seconds
            ),
            version=configuration.version,
            account_id=self.account.account_id,
            file_systems=tuple(
                (one["Arn"].rpartition("/")[2], one["LocalMountPath"]) for one in configuration.file_systems
            ),
            initialization_type="provisioned-concurrency" if provisioned else "on-demand",
        )

    def _gone(self, function: Function, environment: WarmEnvironment, lines: tuple[LogLine, ...] = ()) -> Process:
        """An environment has ended by itself: forget it, keep its last words, let others start."""
        self.environments.gone(environment)
        self.streams.pop(environment.environment_id, None)
        if lines:
            now = yield Now()
            group = environment.configuration.shown_log_group
            yield from self._apply(self.function_logs.ship(group, environment.log_stream, now, lines))
        yield from self._start_where_wanted(function)

    def _apply(self, effects: list[Effect]) -> Process:
        """Yield effects that nobody needs to wait for; an environment is stopped in the background."""
        for effect in effects:
            yield self._without_waiting(effect)

    def in_background(self, effects: list[Effect]) -> tuple[Effect, ...]:
        """The same effects for a Reply, in which nothing may wait."""
        return tuple(map(self._without_waiting, effects))

    def _without_waiting(self, effect: Effect) -> Effect:
        return Spawn("stop environment", _later(self._stop, effect)) if isinstance(effect, StopEnvironment) else effect

    def _stop(self, effect: StopEnvironment) -> Process:
        """End an environment and keep its last words."""
        now = yield Now()
        lines = yield effect
        yield from self._collect_late()
        environment = self.streams.pop(effect.environment_id, None)
        if environment is not None and lines:
            group = environment.configuration.shown_log_group
            last = max(line.after_seconds for line in lines)
            yield from self._apply(self.function_logs.ship(group, environment.log_stream, now - last, lines))


def _log_stream(configuration: Configuration, now: float, guid: str) -> str:
    """The environment's log stream; in a log group of the user's choice it names the function, as several may share the group.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
    """
    day = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")
    if configuration.log_group == "":
        return f"{day}/[{configuration.version}]{guid}"
    return f"{day}/{configuration.function_name}[{configuration.version}][{guid}]"


def _later(make: Callable[..., Process], *arguments: Any) -> Callable[[], Process]:
    return lambda: make(*arguments)
