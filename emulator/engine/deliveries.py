"""Starts spawned processes: plainly, or as deliveries that the policy may delay, repeat, or must keep in order."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from emulator.effects import Spawn
from emulator.engine.task import Task

if TYPE_CHECKING:
    from emulator.engine.engine import Engine

__all__ = ["start_spawned"]


def start_spawned(engine: Engine, effect: Spawn, *, trace_id: str, principal: str) -> Task:
    """Start what a Spawn asks for, as often and as late as the delivery policy says; the task of the first copy."""
    trace_id = effect.trace_id or trace_id
    if effect.background:
        task = Task(effect.name, effect.start(), trace_id=trace_id, principal=principal)
        engine.start_in_background(task)
        return task
    if not effect.delivery:
        return engine.spawn(effect.name, effect.start(), trace_id=trace_id, principal=principal)
    tasks: list[Task] = []
    for copy, delay in enumerate(engine.delivery.starts(ordered=effect.order_key is not None)):
        task = Task(effect.name, effect.start(), trace_id=trace_id, principal=principal)
        tasks.append(task)
        outcome = "ok" if copy == 0 else "duplicate"
        engine.journal.write(engine.clock.now(), "delivery", "engine", effect.name, trace_id=trace_id, outcome=outcome)
        if effect.order_key is not None:
            _chain(engine, effect.order_key, task)
        elif delay > 0.0:
            _start_after(engine, delay, task)
        else:
            engine.resume_later(task, None, None)
    return tasks[0]


def _start_after(engine: Engine, delay: float, task: Task) -> None:
    task.undo = engine.set_timer(delay, lambda: engine.resume_later(task, None, None)).cancel


def _chain(engine: Engine, order_key: str, task: Task) -> None:
    """Deliveries with one key run one after the other."""
    chain = engine.chains.get(order_key)
    if chain is not None:
        chain.append(task)
        return
    engine.chains[order_key] = deque()
    _run_link(engine, order_key, task)


def _run_link(engine: Engine, order_key: str, task: Task) -> None:
    task.observe(lambda *_: _next_link(engine, order_key))
    engine.resume_later(task, None, None)


def _next_link(engine: Engine, order_key: str) -> None:
    chain = engine.chains[order_key]
    while chain:
        task = chain.popleft()
        if not task.done:
            _run_link(engine, order_key, task)
            return
    del engine.chains[order_key]
