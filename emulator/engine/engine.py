"""The engine: runs processes, applies their effects, keeps the deadlines, writes the journal. The only thing that waits.

Theory of operation. A task is stepped until it yields an effect that cannot be answered at once; then it is parked with an `undo` that
takes the wait back. Calls and finished outside work resume their task at once, so that a client's answer never queues behind
background work; spawned tasks, notifications and timers go through the ready queue, which the runner drains in slices.
The engine itself neither sleeps nor knows a service: `Runner` (asyncio) or a test moves time and drains the queue.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from emulator.clock import Clock
from emulator.effects import Effect, External, Process
from emulator.engine.calls import Dispatchable, call, outcome_code
from emulator.engine.delivery import DeliverySchedule
from emulator.engine.externals import perform
from emulator.engine.faults import Faults
from emulator.engine.task import Done, Task, TaskCancelled, Undo
from emulator.engine.timers import Timer, Timers
from emulator.engine.waits import HANDLERS, notify
from emulator.errors import AwsError, EmulatorError
from emulator.identifiers import Identifiers
from emulator.journal import Journal
from emulator.operation import CallContext, Params

__all__ = ["Engine", "Performer"]

logger = logging.getLogger(__name__)


class Performer(Protocol):
    """Does one kind of outside work. It calls `done` once, now or later, and returns how to call the work off, or None."""

    def __call__(self, effect: Any, done: Done, /) -> Undo | None: ...


class Engine:
    """Runs all processes of one emulator. Not thread-safe: one loop owns it."""

    def __init__(
        self,
        clock: Clock,
        *,
        journal: Journal | None = None,
        identifiers: Identifiers | None = None,
        faults: Faults | None = None,
        delivery: DeliverySchedule | None = None,
    ) -> None:
        self.clock = clock
        self.journal = Journal() if journal is None else journal
        self.identifiers = Identifiers(0) if identifiers is None else identifiers
        self.faults = Faults() if faults is None else faults
        self.delivery = DeliverySchedule() if delivery is None else delivery
        self.timers = Timers()
        self.in_flight = 0
        """Outside work under way; virtual time stands still while this is above zero."""
        self.on_ready: Callable[[], None] = _nobody
        """Called when the ready queue has something, an earlier deadline was set, or outside work ended; the runner sets it."""
        self.crash: Callable[[str], None] = _no_function
        """Ends the process of the function whose invocation has this span; who runs functions sets it."""
        self.performers: dict[type[External], Performer] = {}
        self.waiting: dict[Hashable, dict[Task, Undo]] = {}
        self.chains: dict[str, deque[Task]] = {}
        self._services: dict[str, Dispatchable] = {}
        self._unmade: dict[str, Callable[[], Dispatchable]] = {}
        self._ready: deque[tuple[Task, Any, BaseException | None]] = deque()
        self._background: deque[tuple[float, Task]] = deque()
        self.requests = 0
        """Clients' requests under way; background tasks give way to them for a moment."""

    # -- services and outside work -----------------------------------------------------------------------------------------------

    def register(self, name: str, service: Dispatchable) -> None:
        """Offer a service under botocore's name for it."""
        self._services[name] = service

    def register_lazily(self, name: str, make: Callable[[], Dispatchable]) -> None:
        """Offer a service that is made when it is first used."""
        self._unmade[name] = make

    def service(self, name: str) -> Dispatchable:
        """The service of that name. Raises EmulatorError where there is none."""
        service = self._services.get(name)
        if service is None:
            make = self._unmade.pop(name, None)
            if make is None:
                raise EmulatorError(f"there is no service {name!r}; there are: {', '.join(self.service_names)}")
            service = self._services[name] = make()
        return service

    @property
    def service_names(self) -> list[str]:
        """The registered services, by name."""
        return sorted({*self._services, *self._unmade})

    def perform(self, kind: type[External], performer: Performer) -> None:
        """Register who does the outside work of effect class `kind`."""
        self.performers[kind] = performer

    def call(self, service: str, operation: str, params: Params, context: CallContext, done: Done) -> Undo | None:
        """A client's call of an operation. `done` gets result or error, possibly before this returns; else the Undo calls it off."""
        return call(self, service, operation, params, context, done)

    def notify(self, topic: Hashable) -> None:
        """Wake every process that waits for `topic`; for performers that report something from outside."""
        notify(self, topic)

    # -- tasks -------------------------------------------------------------------------------------------------------------------

    def spawn(
        self, name: str, process: Process, *, trace_id: str = "", principal: str = "", done: Done | None = None
    ) -> Task:
        """Start a process; it begins when the ready queue is drained."""
        task = Task(name, process, trace_id=trace_id, principal=principal)
        if done is not None:
            task.when_done(done)
        self.resume_later(task, None, None)
        return task

    def run_now(self, name: str, process: Process, done: Done, *, trace_id: str = "", principal: str = "") -> Task:
        """Start a process at once: a client's request, which must not queue behind background work."""
        task = Task(name, process, trace_id=trace_id, principal=principal)
        task.when_done(done)
        self.step(task, None, None)
        return task

    def resume_later(self, task: Task, value: Any, error: BaseException | None) -> None:
        """Put a task into the ready queue."""
        self._ready.append((task, value, error))
        self.on_ready()

    def start_in_background(self, task: Task) -> None:
        """Start a task when no client's request is under way, or after a moment (see `release_background`)."""
        self._background.append((self.clock.now(), task))
        self.on_ready()

    def release_background(self, grace_seconds: float) -> float | None:
        """Let background tasks start: all of them where no request is under way, else those that waited `grace_seconds`.

        How long the first of the others has to wait yet, or None.
        """
        while self._background:
            if self.requests > 0:
                left = self._background[0][0] + grace_seconds - self.clock.now()
                if left > 0.0:
                    return left
            self._ready.append((self._background.popleft()[1], None, None))
        return None

    @property
    def has_ready(self) -> bool:
        """Whether a task is ready to go on."""
        return bool(self._ready)

    def run_ready(self, limit: int | None = None) -> int:
        """Step ready tasks, at most `limit` of them; the number stepped. Without a limit, background tasks are not held back."""
        stepped = 0
        while limit is None or stepped < limit:
            if limit is None and not self._ready:
                self.release_background(0.0)
            if not self._ready:
                break
            task, value, error = self._ready.popleft()
            if not task.done:
                self.step(task, value, error)
            stepped += 1
        return stepped

    # -- time --------------------------------------------------------------------------------------------------------------------

    def set_timer(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do `action` in `seconds` on the engine's clock."""
        timer = self.timers.at(self.clock.now() + max(0.0, seconds), action)
        self.on_ready()
        return timer

    def fire_due(self) -> int:
        """Fire the timers whose deadline has come; the number fired."""
        return self.timers.fire_due(self.clock.now())

    # -- one step ----------------------------------------------------------------------------------------------------------------

    def step(self, task: Task, value: Any, error: BaseException | None) -> None:
        """Run a task until it waits or ends."""
        task.undo = None
        generator = task.generator
        while True:
            try:
                effect = generator.send(value) if error is None else generator.throw(error)
            except StopIteration as stop:
                task.finish(stop.value, None)
                return
            except Exception as failure:
                self._report(task, failure)
                task.finish(None, failure)
                return
            outcome = self.apply(task, effect)
            if outcome is None:
                return
            value, error = outcome

    def apply(self, task: Task, effect: Effect) -> tuple[Any, BaseException | None] | None:
        """Apply one effect for a task: its outcome, or None when the task now waits."""
        handler = HANDLERS.get(type(effect))
        if handler is not None:
            return handler(self, task, effect)
        if isinstance(effect, External):
            return perform(self, task, effect)
        return None, EmulatorError(f"{task.name} yielded {effect!r}, which is no effect")

    def _report(self, task: Task, failure: Exception) -> None:
        """A failure that nobody awaits is written down; it never passes in silence."""
        if task.awaited or isinstance(failure, TaskCancelled):
            return
        expected = isinstance(failure, AwsError)
        level = logging.WARNING if expected else logging.ERROR
        logger.log(level, "%s failed: %r", task.name, failure, exc_info=None if expected else failure)
        self.journal.write(
            self.clock.now(),
            "failed",
            "engine",
            task.name,
            trace_id=task.trace_id,
            outcome=outcome_code(failure),
            detail={"error": str(failure)[:500]},
        )


def _nobody() -> None:
    """Nobody listens yet."""


def _no_function(span: str) -> None:
    """No function runs yet."""
