"""One running process: its generator, what it waits for, and who wants its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.effects import Process

__all__ = ["Done", "Task", "TaskCancelled", "Undo"]

Done = Callable[[Any, BaseException | None], None]
"""Called once with (result, None) or (None, error)."""
Undo = Callable[[], None]
"""Takes back a wait: forgets the timer, the topic, the children or the outside work."""


class TaskCancelled(Exception):
    """The outcome of a task that was cancelled before it ended."""


class Task:
    """A process in the engine. `done` is final; exactly one of `result` and `error` counts then."""

    __slots__ = (
        "_callbacks",
        "awaited",
        "done",
        "error",
        "generator",
        "name",
        "principal",
        "result",
        "trace_id",
        "undo",
    )

    def __init__(self, name: str, generator: Process, *, trace_id: str = "", principal: str = "") -> None:
        self.name = name
        self.generator = generator
        self.trace_id = trace_id
        self.principal = principal
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.undo: Undo | None = None
        self.awaited = False
        """Whether anybody wants the outcome; a failure that nobody awaits is journaled and logged."""
        self._callbacks: list[Done] = []

    def __repr__(self) -> str:
        state = "running" if not self.done else "done" if self.error is None else f"failed: {self.error!r}"
        return f"<Task {self.name!r} {state}>"

    def when_done(self, callback: Done) -> None:
        """Call `callback` with the outcome, at once if the task has ended. A failure is then the caller's business."""
        self.awaited = True
        self.observe(callback)

    def observe(self, callback: Done) -> None:
        """As `when_done`, but a failure still counts as unattended."""
        if self.done:
            callback(self.result, self.error)
        else:
            self._callbacks.append(callback)

    def finish(self, result: Any, error: BaseException | None) -> None:
        """Set the outcome and tell everyone who asked."""
        self.done, self.result, self.error, self.undo = True, result, error, None
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(result, error)

    def cancel(self) -> None:
        """Stop the process: take back what it waits for, then close its generator."""
        if self.done:
            return
        if self.undo is not None:
            undo, self.undo = self.undo, None
            undo()
        self.generator.close()
        self.finish(None, TaskCancelled(self.name))
