"""The effects that wait, branch or start something: sleeping, topics, All, Race, Spawn, Cancel."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from emulator.effects import All, Call, Cancel, Effect, Notify, Now, Race, Record, Shield, Sleep, Spawn, WaitFor
from emulator.engine.calls import handle_call
from emulator.engine.deliveries import start_spawned
from emulator.engine.task import Task

if TYPE_CHECKING:
    from emulator.engine.engine import Engine

__all__ = ["HANDLERS", "notify"]

Outcome = tuple[Any, BaseException | None]
_NOTHING: Outcome = (None, None)


def _now(engine: Engine, task: Task, effect: Now) -> Outcome:
    return engine.clock.now(), None


def _sleep(engine: Engine, task: Task, effect: Sleep) -> None:
    task.undo = engine.set_timer(effect.seconds, lambda: engine.resume_later(task, None, None)).cancel


def _wait_for(engine: Engine, task: Task, effect: WaitFor) -> Outcome | None:
    timeout = effect.timeout_seconds
    if timeout is not None and timeout <= 0.0:
        return False, None
    topic = effect.topic
    waiting = engine.waiting.setdefault(topic, {})
    timer = None

    def forget() -> None:
        if timer is not None:
            timer.cancel()
        waiting.pop(task, None)
        if not waiting and engine.waiting.get(topic) is waiting:
            del engine.waiting[topic]

    def expired() -> None:
        forget()
        task.undo = None
        engine.resume_later(task, False, None)

    if timeout is not None:
        timer = engine.set_timer(timeout, expired)
    waiting[task] = forget
    task.undo = forget
    return None


def _notify(engine: Engine, task: Task, effect: Notify) -> Outcome:
    notify(engine, effect.topic)
    return _NOTHING


def notify(engine: Engine, topic: Hashable) -> None:
    """Wake every process that waits for `topic`; also for performers that report something from outside."""
    waiting = engine.waiting.get(topic)
    if waiting:
        for waiter, forget in list(waiting.items()):
            forget()
            waiter.undo = None
            engine.resume_later(waiter, True, None)


def _record(engine: Engine, task: Task, effect: Record) -> Outcome:
    engine.journal.write(
        engine.clock.now(),
        effect.kind,
        effect.service,
        effect.kind,
        resource=effect.resource,
        trace_id=task.trace_id,
        outcome=effect.outcome,
        detail=effect.detail or None,
    )
    return _NOTHING


def _spawn(engine: Engine, task: Task, effect: Spawn) -> Outcome:
    return start_spawned(engine, effect, trace_id=task.trace_id, principal=task.principal), None


def _cancel(engine: Engine, task: Task, effect: Cancel) -> Outcome:
    effect.task.cancel()
    return _NOTHING


def _all(engine: Engine, task: Task, effect: All) -> Outcome | None:
    children = _children(engine, task, effect.processes, "all")
    if not children:
        return [], None
    remaining = len(children)
    state: dict[str, Any] = {"parked": False, "outcome": None}

    def settle(value: Any, error: BaseException | None) -> None:
        state["outcome"] = (value, error)
        for child in children:
            child.cancel()
        if state["parked"] and not task.done:
            engine.step(task, value, error)

    def finished(_: Any, error: BaseException | None) -> None:
        nonlocal remaining
        if state["outcome"] is not None:
            return
        remaining -= 1
        if error is not None:
            settle(None, error)
        elif remaining == 0:
            settle([child.result for child in children], None)

    return _run_children(engine, task, children, finished, state)


def _race(engine: Engine, task: Task, effect: Race) -> Outcome | None:
    children = _children(engine, task, effect.processes, "race")
    state: dict[str, Any] = {"parked": False, "outcome": None}

    def finished_at(index: int) -> Callable[[Any, BaseException | None], None]:
        def finished(value: Any, error: BaseException | None) -> None:
            if state["outcome"] is not None:
                return
            outcome: Outcome = ((index, value), None) if error is None else (None, error)
            state["outcome"] = outcome
            for child in children:
                child.cancel()
            if state["parked"] and not task.done:
                engine.step(task, outcome[0], outcome[1])

        return finished

    for index, child in enumerate(children):
        child.when_done(finished_at(index))
    return _run_children(engine, task, children, None, state)


def _shield(engine: Engine, task: Task, effect: Shield) -> Outcome | None:
    child = Task(f"{task.name}/shield", effect.process, trace_id=task.trace_id, principal=task.principal)
    child.awaited = True
    engine.step(child, None, None)
    if child.done:
        return child.result, child.error
    wanted = True

    def finished(value: Any, error: BaseException | None) -> None:
        if wanted and not task.done:
            engine.step(task, value, error)

    def undo() -> None:
        nonlocal wanted
        wanted = False
        child.awaited = False

    child.observe(finished)
    task.undo = undo
    return None


def _children(engine: Engine, task: Task, processes: tuple[Any, ...], kind: str) -> list[Task]:
    return [
        Task(f"{task.name}/{kind}[{index}]", process, trace_id=task.trace_id, principal=task.principal)
        for index, process in enumerate(processes)
    ]


def _run_children(
    engine: Engine, task: Task, children: list[Task], finished: Any, state: dict[str, Any]
) -> Outcome | None:
    for child in children:
        if finished is not None:
            child.when_done(finished)
    for child in children:
        if not child.done:
            engine.step(child, None, None)
    if state["outcome"] is not None:
        outcome: Outcome = state["outcome"]
        return outcome
    state["parked"] = True

    def undo() -> None:
        state["outcome"] = _NOTHING
        for child in children:
            child.cancel()

    task.undo = undo
    return None


HANDLERS: Mapping[type[Effect], Callable[[Any, Task, Any], Outcome | None]] = {
    Now: _now,
    Sleep: _sleep,
    WaitFor: _wait_for,
    Notify: _notify,
    Record: _record,
    Spawn: _spawn,
    Cancel: _cancel,
    All: _all,
    Race: _race,
    Shield: _shield,
    Call: handle_call,
}
"""What the engine does for each effect: the outcome at once, or None when the task now waits."""
