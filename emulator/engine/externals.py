"""Outside work: hands an External effect to its performer and brings the outcome back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.effects import External
from emulator.engine.calls import outcome_code
from emulator.engine.task import Task, Undo
from emulator.errors import EmulatorError

if TYPE_CHECKING:
    from emulator.engine.engine import Engine

__all__ = ["perform"]

Outcome = tuple[Any, BaseException | None]


def perform(engine: Engine, task: Task, effect: External) -> Outcome | None:
    """Start outside work: its outcome where it ended at once, or None when the task now waits for it."""
    kind = type(effect)
    performer = engine.performers.get(kind)
    if performer is None:
        return None, EmulatorError(f"nothing performs {kind.__name__}: register a performer with Engine.perform")
    work = _Work(engine, task, effect)
    decision = engine.faults.decide("external", kind.__name__, work.resource, work.started)
    work.lost_reply = decision.after
    engine.in_flight += 1
    if decision.before is not None:
        work.done(None, decision.before)
    elif decision.delay_seconds > 0.0:
        work.undo = engine.set_timer(decision.delay_seconds, lambda: work.start(performer)).cancel
    else:
        work.start(performer)
    if work.outcome is not None:
        return work.outcome
    work.parked = True
    task.undo = work.call_off
    return None


class _Work:
    """One piece of outside work under way."""

    __slots__ = ("effect", "engine", "lost_reply", "outcome", "parked", "resource", "started", "task", "undo")

    def __init__(self, engine: Engine, task: Task, effect: External) -> None:
        self.engine = engine
        self.task = task
        self.effect = effect
        self.resource = str(getattr(effect, "resource", ""))
        self.started = engine.clock.now()
        self.lost_reply: BaseException | None = None
        self.outcome: Outcome | None = None
        self.parked = False
        self.undo: Undo | None = None

    def start(self, performer: Any) -> None:
        self.undo = performer(self.effect, self.done)

    def done(self, value: Any, error: BaseException | None) -> None:
        """The performer's report. One that comes after the work was called off is dropped."""
        if self.outcome is not None:
            return
        error = self.lost_reply if error is None else error
        self._settle(value, error)
        if self.parked and not self.task.done:
            self.engine.step(self.task, value, error)

    def call_off(self) -> None:
        """The task no longer wants the outcome."""
        if self.outcome is not None:
            return
        self._settle(None, EmulatorError("called off"))
        if self.undo is not None:
            self.undo()

    def _settle(self, value: Any, error: BaseException | None) -> None:
        self.outcome = (value, error)
        engine = self.engine
        engine.in_flight -= 1
        engine.journal.write(
            engine.clock.now(),
            "external",
            "external",
            type(self.effect).__name__,
            resource=self.resource,
            trace_id=self.task.trace_id,
            started=self.started,
            outcome=outcome_code(error),
        )
        if engine.in_flight == 0:
            engine.on_ready()
