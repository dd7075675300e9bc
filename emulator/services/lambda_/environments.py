"""Who may use which execution environment: the bookkeeping of the pool, without starting or stopping anything.

Rules
- An invocation takes the most recently used idle environment of its configuration, else it waits.
- A waiting invocation takes whichever is first: a busy environment that becomes idle, or a new one that is ready. First come, first served.
- New environments start only while somebody waits for one, a few at a time (a storm of cold starts would starve those that run):
  first for configurations that have none, then where another one would come sooner than the queue is served by those that are there.
- When the pool is full, the environment that was idle for longest makes room; where none is idle, one of a function whose invocations
  overtook the longest waiting one too often.
- An environment that was idle for longer than `idle_seconds` is not used again.
- A configuration that changed retires its environments: idle ones at once, busy ones when they are done.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from itertools import count

from emulator.effects import Effect, Notify
from emulator.sandbox.capacity import Capacity
from emulator.sandbox.effects import StartedEnvironment, StopEnvironment
from emulator.services.lambda_.platform_logs import Report
from emulator.services.lambda_.state import Configuration

__all__ = ["EnvironmentPool", "Pace", "Start", "Waiter", "WarmEnvironment"]


@dataclass(slots=True, eq=False)
class WarmEnvironment:
    """An environment that can run invocations, or runs one."""

    environment_id: str
    configuration: Configuration
    log_stream: str
    init_milliseconds: float | None
    """The duration of its init phase until the first REPORT line told it."""
    idle_since: float = 0.0
    retired: bool = False
    started_at: float = 0.0
    """Start of its init or of its latest invocation, epoch seconds: what late lines count from."""
    report: Report | None = None
    """Of an invocation that extensions have not finished with yet."""
    provisioned: bool = False
    """It is part of provisioned concurrency: it neither makes room for others nor retires."""

    @property
    def initialization_type(self) -> str:
        """As AWS_LAMBDA_INITIALIZATION_TYPE names it."""
        return "provisioned-concurrency" if self.provisioned else "on-demand"


@dataclass(slots=True, eq=False)
class Waiter:
    """An invocation that waits for an environment."""

    configuration: Configuration
    order: int
    since: float
    environment: WarmEnvironment | None = None
    failure: StartedEnvironment | Exception | None = None

    @property
    def served(self) -> bool:
        """Whether it need not wait any longer."""
        return self.environment is not None or self.failure is not None


@dataclass(slots=True, eq=False)
class Start:
    """A cold start under way."""

    configuration: Configuration
    retired: bool = False
    provisioned: bool = False


@dataclass(slots=True)
class Pace:
    """What is known of a configuration: how long its cold starts and its invocations take (seconds)."""

    init_seconds: float = 0.0
    service_seconds: float | None = None

    def served(self, seconds: float) -> None:
        """An invocation took `seconds`: an average that forgets."""
        known = self.service_seconds
        self.service_seconds = seconds if known is None else 0.8 * known + 0.2 * seconds

    def wants_another(self, waiting: int, environments: int, waited_seconds: float) -> bool:
        """Whether a further environment would come sooner than the queue is served, where the first has waited so long already."""
        if self.service_seconds is None or waited_seconds >= self.init_seconds:
            return True
        return waiting * self.service_seconds / environments > self.init_seconds


@dataclass(slots=True)
class EnvironmentPool:
    """Environments of all functions on this machine."""

    capacity: Capacity
    _idle: dict[str, list[WarmEnvironment]] = field(default_factory=dict)
    _by_idleness: OrderedDict[str, WarmEnvironment] = field(default_factory=OrderedDict)
    _live: dict[str, WarmEnvironment] = field(default_factory=dict)
    _live_of: Counter[str] = field(default_factory=Counter)
    """How many of them a configuration has, by its revision."""
    _starts: list[Start] = field(default_factory=list)
    _waiting: dict[str, deque[Waiter]] = field(default_factory=dict)
    _order: count[int] = field(default_factory=count)
    _paces: dict[str, Pace] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Environments that live or start."""
        return len(self._live) + len(self._starts)

    @property
    def awaited(self) -> bool:
        """Whether an invocation waits for an environment."""
        return bool(self._waiting)

    def idle_count(self) -> int:
        """Environments that wait for work."""
        return len(self._by_idleness)

    # -- invocations -------------------------------------------------------------------------------------------------------------

    def take(self, configuration: Configuration, now: float) -> tuple[WarmEnvironment | None, list[Effect]]:
        """An idle environment for a configuration, if there is one; and what must happen to those that were idle for too long."""
        effects = self.expire(now)
        idle = self._idle.get(configuration.revision_id)
        if not idle:
            return None, effects
        environment = idle.pop()
        self._by_idleness.pop(environment.environment_id, None)
        return environment, effects

    def wait(self, configuration: Configuration, now: float) -> Waiter:
        """Stand in the queue."""
        waiter = Waiter(configuration, next(self._order), now)
        self._waiting.setdefault(configuration.revision_id, deque()).append(waiter)
        return waiter

    def patience_seconds(self, configuration: Configuration) -> float:
        """After how long a queue deserves another look at whether a further environment should start."""
        return max(0.05, self._pace(configuration).init_seconds)

    def served(self, configuration: Configuration, seconds: float) -> None:
        """An invocation took `seconds`."""
        self._pace(configuration).served(seconds)

    def _pace(self, configuration: Configuration) -> Pace:
        pace = self._paces.get(configuration.revision_id)
        if pace is None:
            pace = self._paces[configuration.revision_id] = Pace()
        return pace

    def withdraw(self, waiter: Waiter) -> None:
        """Leave the queue unserved."""
        queue = self._waiting.get(waiter.configuration.revision_id)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
            self._forget_if_empty(waiter.configuration)

    def release(self, environment: WarmEnvironment, now: float) -> list[Effect]:
        """Give an environment back: to the first who waits for it, or to the idle ones."""
        if environment.retired or (not environment.provisioned and self._must_make_room(environment.configuration)):
            return self.discard(environment)
        waiter = self._first_waiter(environment.configuration)
        if waiter is not None:
            waiter.environment = environment
            return [Notify(waiter)]
        environment.idle_since = now
        self._idle.setdefault(environment.configuration.revision_id, []).append(environment)
        if not environment.provisioned:
            self._by_idleness[environment.environment_id] = environment
        return []

    # -- provisioned concurrency -------------------------------------------------------------------------------------------------

    def provision(self, configuration: Configuration) -> Start | None:
        """Begin a cold start that nobody waits for; None where the machine carries no more."""
        room = self.size - len(self._by_idleness) < self.capacity.max_environments
        if not room:
            return None
        start = Start(configuration, provisioned=True)
        self._starts.append(start)
        return start

    def make_room(self) -> list[Effect]:
        """End idle environments until the pool is within its bound."""
        effects: list[Effect] = []
        while self.size > self.capacity.max_environments and self._by_idleness:
            effects += self.discard(next(iter(self._by_idleness.values())))
        return effects

    def provisioned(self, revision_id: str) -> list[WarmEnvironment]:
        """The provisioned environments of a configuration that are ready."""
        return [one for one in self._live.values() if one.provisioned and one.configuration.revision_id == revision_id]

    def unprovision(self, environment: WarmEnvironment) -> list[Effect]:
        """Let a provisioned environment go: now, or when its invocation is over."""
        environment.retired = True
        if environment in self._idle.get(environment.configuration.revision_id, ()):
            return self.discard(environment)
        return []

    def _must_make_room(self, configuration: Configuration) -> bool:
        """Whether others were overtaken so often that this environment's place is theirs (only in a full pool)."""
        own = self._waiting.get(configuration.revision_id)
        if (
            own is None
            or self.size < self.capacity.max_environments
            or len(self._starts) >= self.capacity.concurrent_starts
        ):
            return False
        patience = self.capacity.overtaken_at_most
        return any(
            queue[0].order + patience < own[0].order
            and not any(start.configuration.revision_id == revision for start in self._starts)
            for revision, queue in self._waiting.items()
            if queue is not own
        )

    def gone(self, environment: WarmEnvironment) -> None:
        """An environment has ended by itself."""
        self._no_longer_live(environment)

    def discard(self, environment: WarmEnvironment) -> list[Effect]:
        """Take a live environment out of the pool and end it."""
        self._no_longer_live(environment)
        self._by_idleness.pop(environment.environment_id, None)
        idle = self._idle.get(environment.configuration.revision_id, [])
        if environment in idle:
            idle.remove(environment)
            if not idle:
                del self._idle[environment.configuration.revision_id]
        return [StopEnvironment(environment.environment_id, environment.configuration.function_name)]

    def _no_longer_live(self, environment: WarmEnvironment) -> None:
        if self._live.pop(environment.environment_id, None) is not None:
            revision = environment.configuration.revision_id
            self._live_of[revision] -= 1
            if not self._live_of[revision]:
                del self._live_of[revision]

    # -- cold starts -------------------------------------------------------------------------------------------------------------

    def next_start(self, now: float) -> tuple[Start | None, list[Effect]]:
        """The next cold start to make now, and what must make room for it."""
        if len(self._starts) >= self.capacity.concurrent_starts:
            return None, []
        configuration = self._most_wanted(now)
        if configuration is None:
            return None, []
        effects: list[Effect] = []
        if self.size >= self.capacity.max_environments:
            if not self._by_idleness:
                return None, []
            effects = self.discard(next(iter(self._by_idleness.values())))
        start = Start(configuration)
        self._starts.append(start)
        return start, effects

    def _most_wanted(self, now: float) -> Configuration | None:
        """The configuration that should get an environment next: one that has none, else the longest wait."""
        wanted: list[tuple[bool, int, Configuration]] = []
        for revision, queue in self._waiting.items():
            coming = sum(start.configuration.revision_id == revision for start in self._starts)
            if coming >= len(queue):
                continue
            live = self._live_of[revision]
            configuration = queue[0].configuration
            if live + coming == 0:
                wanted.append((False, queue[0].order, configuration))
            elif self.capacity.eager_starts or (
                live and self._pace(configuration).wants_another(len(queue), live + coming, now - queue[0].since)
            ):
                wanted.append((True, queue[0].order, configuration))
        return min(wanted, key=lambda entry: entry[:2])[2] if wanted else None

    def started(self, start: Start, environment: WarmEnvironment, now: float) -> list[Effect]:
        """A cold start has succeeded."""
        self._starts.remove(start)
        self._pace(environment.configuration).init_seconds = (environment.init_milliseconds or 0.0) / 1000.0
        environment.retired = start.retired
        self._live[environment.environment_id] = environment
        self._live_of[environment.configuration.revision_id] += 1
        waiter = self._first_waiter(environment.configuration)
        if waiter is None:
            return self.release(environment, now)
        waiter.environment = environment
        return [Notify(waiter)]

    def start_failed(self, start: Start, failure: StartedEnvironment | Exception) -> list[Effect]:
        """A cold start has failed: the first who waits for it learns why."""
        self._starts.remove(start)
        waiter = self._first_waiter(start.configuration)
        if waiter is None:
            return []
        waiter.failure = failure
        return [Notify(waiter)]

    # -- retirement --------------------------------------------------------------------------------------------------------------

    def retire(self, function_name: str, version: str | None = None) -> list[Effect]:
        """A function (or one version of it) has changed or is gone: its environments serve what runs and nothing new."""
        effects: list[Effect] = []
        for environment in [*self._live.values()]:
            if _is(environment.configuration, function_name, version):
                self._paces.pop(environment.configuration.revision_id, None)
                environment.retired = True
                if environment in self._idle.get(environment.configuration.revision_id, ()):
                    effects += self.discard(environment)
        for start in self._starts:
            start.retired = start.retired or _is(start.configuration, function_name, version)
        return effects

    def next_retirement(self) -> float | None:
        """When the environment that is idle for longest will have been so for too long; None where none is idle."""
        oldest = next(iter(self._by_idleness.values()), None)
        if oldest is None:
            return None
        return oldest.idle_since + self.capacity.idle_seconds

    def expire(self, now: float) -> list[Effect]:
        """End what was idle for too long."""
        effects: list[Effect] = []
        while self._by_idleness:
            oldest = next(iter(self._by_idleness.values()))
            if now - oldest.idle_since < self.capacity.idle_seconds:
                break
            effects += self.discard(oldest)
        return effects

    def _first_waiter(self, configuration: Configuration) -> Waiter | None:
        queue = self._waiting.get(configuration.revision_id)
        if queue is None:
            return None
        waiter = queue.popleft()
        self._forget_if_empty(configuration)
        return waiter

    def _forget_if_empty(self, configuration: Configuration) -> None:
        if not self._waiting[configuration.revision_id]:
            del self._waiting[configuration.revision_id]


def _is(configuration: Configuration, function_name: str, version: str | None) -> bool:
    return configuration.function_name == function_name and version in (None, configuration.version)
