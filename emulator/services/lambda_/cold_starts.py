"""Gives invocations an environment: takes a warm one, waits, or has one started; and carries out what the pool decided.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from emulator.effects import Effect, Now, Process, Record, Spawn, WaitFor
from emulator.errors import AwsError, EmulatorError
from emulator.sandbox.effects import EnvironmentSpec, LogLine, StartedEnvironment, StartEnvironment, StopEnvironment
from emulator.services.lambda_.environment_variables import environment_variables
from emulator.services.lambda_.environments import Start, Waiter, WarmEnvironment
from emulator.services.lambda_.errors import ServiceException
from emulator.services.lambda_.platform_logs import init_report_line
from emulator.services.lambda_.state import Configuration, Function
from emulator.services.lambda_.store import FunctionStore

__all__ = ["ColdStarts"]


class ColdStarts(FunctionStore):
    """Environments for invocations."""

    def _environment(self, function: Function, configuration: Configuration) -> Process:
        """A WarmEnvironment to use, or the StartedEnvironment that failed. Raises what made a cold start impossible."""
        now = yield Now()
        environment, effects = self.environments.take(configuration, now)
        yield from self._apply(effects)
        if environment is not None:
            return environment
        waiter = self.environments.wait(configuration, now)
        yield from self._start_where_wanted(function)
        if not waiter.served:
            yield from self._wait(function, waiter)
        if isinstance(waiter.failure, Exception):
            raise waiter.failure
        return waiter.failure if waiter.environment is None else waiter.environment

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
        stream = _log_stream(configuration, now, self.account.identifiers.hex(32))
        spec = self._spec(function, configuration, stream)
        try:
            started: StartedEnvironment = yield StartEnvironment(spec, function.name)
            if started.failure is not None and started.failure.kind == "timeout":
                # Lambda runs init once more, inside the function's own timeout ("suppressed init").
                yield from self._init_failed(configuration, stream, now, started)
                now = yield Now()
                timeout = float(configuration.timeout_seconds)
                started = yield StartEnvironment(replace(spec, init_timeout_seconds=timeout), function.name)
        except (AwsError, EmulatorError) as error:
            yield from self._apply(self.environments.start_failed(start, error))
            yield from self._start_where_wanted(function)
            return
        if started.failure is not None:
            effects = self.environments.start_failed(start, started)
            yield from self._init_failed(configuration, stream, now, started)
        else:
            environment = WarmEnvironment(started.environment_id, configuration, stream, started.init_milliseconds)
            effects = self.environments.started(start, environment, now)
            if started.lines:
                yield from self._apply(
                    self.function_logs.ship(configuration.shown_log_group, stream, now, started.lines)
                )
            detail = {"version": configuration.version, "init_ms": round(started.init_milliseconds, 3)}
            yield Record("lambda", "cold_start", function.name, "ok", detail)
        yield from self._apply(effects)
        yield from self._start_where_wanted(function)

    def _init_failed(
        self, configuration: Configuration, stream: str, now: float, started: StartedEnvironment
    ) -> Process:
        failure = started.failure
        if failure is None:
            return
        kind = failure.error_type or ("Runtime.ExitError" if failure.kind == "exit" else "")
        report = init_report_line(configuration.log_format, now, started.init_milliseconds, failure.kind, kind)
        lines = (*started.lines, report)
        yield from self._apply(self.function_logs.ship(configuration.shown_log_group, stream, now, lines))
        yield Record("lambda", "cold_start", configuration.function_name, f"init_{failure.kind}", {"error_type": kind})

    def _spec(self, function: Function, configuration: Configuration, stream: str) -> EnvironmentSpec:
        return EnvironmentSpec(
            function_name=function.name,
            runtime=configuration.runtime,
            handler=configuration.handler,
            code=configuration.code.folders,
            layers=tuple(folder for layer in configuration.layers for folder in layer.code.folders),
            memory_mb=configuration.memory_mb,
            ephemeral_storage_mb=configuration.ephemeral_storage_mb,
            variables=environment_variables(function, configuration, stream, self.account),
            init_timeout_seconds=self.quotas.init_seconds,
        )

    def _gone(self, function: Function, environment: WarmEnvironment, lines: tuple[LogLine, ...] = ()) -> Process:
        """An environment has ended by itself: forget it, keep its last words, let others start."""
        self.environments.gone(environment)
        if lines:
            now = yield Now()
            group = environment.configuration.shown_log_group
            yield from self._apply(self.function_logs.ship(group, environment.log_stream, now, lines))
        yield from self._start_where_wanted(function)

    def _apply(self, effects: list[Effect]) -> Process:
        """Yield effects that nobody needs to wait for; an environment is stopped in the background."""
        for effect in effects:
            yield Spawn("stop environment", _later(_single, effect)) if isinstance(effect, StopEnvironment) else effect

    def in_background(self, effects: list[Effect]) -> tuple[Effect, ...]:
        """The same effects for a Reply, in which nothing may wait."""
        return tuple(
            Spawn("stop environment", _later(_single, effect)) if isinstance(effect, StopEnvironment) else effect
            for effect in effects
        )


def _log_stream(configuration: Configuration, now: float, guid: str) -> str:
    """The environment's log stream; in a log group of the user's choice it names the function, as several may share the group.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
    """
    day = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")
    if configuration.log_group == "":
        return f"{day}/[{configuration.version}]{guid}"
    return f"{day}/{configuration.function_name}[{configuration.version}][{guid}]"


def _single(effect: Effect) -> Process:
    yield effect


def _later(make: Callable[..., Process], *arguments: Any) -> Callable[[], Process]:
    return lambda: make(*arguments)
