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
        self.now = 0.0

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
            start, effects_of_start = self.pool.next_start(self.now)
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
        environment, effects = self.pool.take(configuration, self.now)
        if environment is None:
            self.waiters.append(self.pool.wait(configuration, self.now))
        else:
            assert environment.environment_id in self.idle
            self.occupy(environment)
        self.settle(effects)

    @rule(seconds=st.sampled_from([0.01, 0.5, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.settle([])

    @rule(pick=st.integers(0, 100), init_milliseconds=st.sampled_from([None, 900.0]))
    def start_succeeds(self, pick: int, init_milliseconds: float | None) -> None:
        if self.starts:
            start = self.starts.pop(pick % len(self.starts))
            self.ids += 1
            environment = WarmEnvironment(f"e{self.ids}", start.configuration, "", init_milliseconds)
            self.idle.add(environment.environment_id)
            self.settle(self.pool.started(start, environment, self.now))

    @rule(pick=st.integers(0, 100))
    def start_fails(self, pick: int) -> None:
        if self.starts:
            start = self.starts.pop(pick % len(self.starts))
            self.settle(self.pool.start_failed(start, StartedEnvironment("", 0.0, ())))

    @rule(pick=st.integers(0, 100), seconds=st.sampled_from([0.01, 10.0]))
    def invocation_ends(self, pick: int, seconds: float) -> None:
        if self.live:
            environment = self.live.pop(pick % len(self.live))
            self.busy.remove(environment.environment_id)
            self.idle.add(environment.environment_id)
            self.pool.served(environment.configuration, seconds)
            self.settle(self.pool.release(environment, self.now))

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
    def nobody_waits_for_nothing(self) -> None:
        idle_room = self.pool.size < _CAPACITY.max_environments or self.idle
        if self.waiters and idle_room and len(self.starts) < _CAPACITY.concurrent_starts:
            there = {environment.configuration.revision_id for environment in self.live}
            coming = {start.configuration.revision_id for start in self.starts}
            wanted = {waiter.configuration.revision_id for waiter in self.waiters}
            assert wanted <= there | coming, "there is room, and somebody waits for whom nothing runs or starts"


TestPool = PoolMachine.TestCase


def pool_with_one_busy(*, init_milliseconds: float, service_seconds: float | None) -> EnvironmentPool:
    """A pool in which one environment of `_ONE` became ready at time 0 and is busy."""
    pool = EnvironmentPool(Capacity(max_environments=8, concurrent_starts=2))
    pool.wait(_ONE, 0.0)
    start, _ = pool.next_start(0.0)
    assert start is not None
    pool.started(start, WarmEnvironment("e0", _ONE, "", init_milliseconds), 0.0)
    if service_seconds is not None:
        pool.served(_ONE, service_seconds)
    return pool


def starts_for(pool: EnvironmentPool, waiting: int, now: float) -> int:
    """How many environments start at `now` for so many that wait since `now`."""
    for _ in range(waiting):
        pool.wait(_ONE, now)
    count = 0
    while pool.next_start(now)[0] is not None:
        count += 1
    return count


def test_a_queue_that_is_served_sooner_than_a_cold_start_starts_nothing() -> None:
    assert starts_for(pool_with_one_busy(init_milliseconds=900.0, service_seconds=0.03), 7, now=5.0) == 0


def test_a_queue_that_would_take_longer_than_a_cold_start_starts_more() -> None:
    assert starts_for(pool_with_one_busy(init_milliseconds=900.0, service_seconds=1.0), 7, now=5.0) == 2


def test_a_queue_that_never_empties_starts_more_in_the_end() -> None:
    pool = pool_with_one_busy(init_milliseconds=900.0, service_seconds=0.03)
    assert starts_for(pool, 7, now=5.0) == 0
    assert pool.next_start(5.5)[0] is None
    assert pool.next_start(5.95)[0] is not None


def test_how_long_invocations_take_is_unknown_before_the_first_has_ended() -> None:
    """A function that calls itself must not wait for its own end."""
    assert starts_for(pool_with_one_busy(init_milliseconds=900.0, service_seconds=None), 1, now=5.0) == 1


def test_a_function_without_any_environment_comes_first() -> None:
    pool = pool_with_one_busy(init_milliseconds=100.0, service_seconds=10.0)
    pool.wait(_ONE, 1.0)
    pool.wait(_ALL[1], 2.0)
    start, _ = pool.next_start(2.0)
    assert start is not None
    assert start.configuration.function_name == "f1"
