"""The pool against random histories: nobody is lost, nothing is given twice, no bound is broken."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from emulator.sandbox import Capacity
from emulator.sandbox.effects import PreparedCode, StartedEnvironment, StopEnvironment
from emulator.services.lambda_.environments import EnvironmentPool, Start, Waiter, WarmEnvironment
from emulator.services.lambda_.state import Configuration

_CAPACITY = Capacity(max_environments=3, concurrent_starts=2, overtaken_at_most=3)
_ONE = Configuration("f0", "$LATEST", "r0", "", "python3.12", "role", "h", PreparedCode((), "", 0, 0))
_ALL = [replace(_ONE, function_name=f"f{number}", revision_id=f"r{number}") for number in range(3)]


class PoolMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.pool = EnvironmentPool(_CAPACITY)
        self.waiters: list[Waiter] = []
        self.busy: set[str] = set()
        self.idle: set[str] = set()
        self.starts: list[Start] = []
        self.live: list[WarmEnvironment] = []
        self.ids = 0

    def settle(self, effects: list[object]) -> None:
        for effect in effects:
            if isinstance(effect, StopEnvironment):
                self.idle.discard(effect.environment_id)
                self.busy.discard(effect.environment_id)
        for waiter in [waiter for waiter in self.waiters if waiter.served]:
            self.waiters.remove(waiter)
            if waiter.environment is not None:
                assert waiter.environment.configuration.revision_id == waiter.configuration.revision_id
                self.occupy(waiter.environment)
        while True:
            start, effects_of_start = self.pool.next_start()
            for effect in effects_of_start:
                assert isinstance(effect, StopEnvironment)
                assert effect.environment_id in self.idle, "only an idle environment makes room for a start"
                self.idle.remove(effect.environment_id)
            if start is None:
                break
            self.starts.append(start)

    def occupy(self, environment: WarmEnvironment) -> None:
        assert environment.environment_id not in self.busy, "one invocation at a time"
        self.idle.discard(environment.environment_id)
        self.busy.add(environment.environment_id)
        self.live.append(environment)

    @rule(configuration=st.sampled_from(_ALL))
    def invoke(self, configuration: Configuration) -> None:
        environment, effects = self.pool.take(configuration, 0.0)
        if environment is None:
            self.waiters.append(self.pool.wait(configuration))
        else:
            assert environment.environment_id in self.idle
            self.occupy(environment)
        self.settle(effects)

    @rule(pick=st.integers(0, 100))
    def start_succeeds(self, pick: int) -> None:
        if self.starts:
            start = self.starts.pop(pick % len(self.starts))
            self.ids += 1
            environment = WarmEnvironment(f"e{self.ids}", start.configuration, "", None)
            self.idle.add(environment.environment_id)
            self.settle(self.pool.started(start, environment, 0.0))

    @rule(pick=st.integers(0, 100))
    def start_fails(self, pick: int) -> None:
        if self.starts:
            start = self.starts.pop(pick % len(self.starts))
            self.settle(self.pool.start_failed(start, StartedEnvironment("", 0.0, ())))

    @rule(pick=st.integers(0, 100))
    def invocation_ends(self, pick: int) -> None:
        if self.live:
            environment = self.live.pop(pick % len(self.live))
            self.busy.remove(environment.environment_id)
            self.idle.add(environment.environment_id)
            self.settle(self.pool.release(environment, 0.0))

    @rule(pick=st.integers(0, 100))
    def environment_dies(self, pick: int) -> None:
        if self.live:
            environment = self.live.pop(pick % len(self.live))
            self.busy.remove(environment.environment_id)
            self.pool.gone(environment)
            self.settle([])

    @rule(pick=st.integers(0, 100))
    def waiter_gives_up(self, pick: int) -> None:
        if self.waiters:
            self.pool.withdraw(self.waiters.pop(pick % len(self.waiters)))

    @rule(configuration=st.sampled_from(_ALL))
    def retire(self, configuration: Configuration) -> None:
        self.settle(self.pool.retire(configuration.function_name))

    @invariant()
    def bounds_hold(self) -> None:
        assert self.pool.size <= _CAPACITY.max_environments
        assert len(self.starts) <= _CAPACITY.concurrent_starts
        assert self.pool.size == len(self.busy) + len(self.idle) + len(self.starts)
        assert self.pool.idle_count() == len(self.idle)

    @invariant()
    def nobody_waits_without_need(self) -> None:
        idle_room = self.pool.size < _CAPACITY.max_environments or self.idle
        if self.waiters and idle_room and len(self.starts) < _CAPACITY.concurrent_starts:
            wanted = {waiter.configuration.revision_id for waiter in self.waiters}
            for revision in wanted:
                waiting = sum(waiter.configuration.revision_id == revision for waiter in self.waiters)
                coming = sum(start.configuration.revision_id == revision for start in self.starts)
                assert coming >= waiting, "there is room, and somebody waits for whom nothing starts"


TestPool = PoolMachine.TestCase
