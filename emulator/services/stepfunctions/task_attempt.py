"""One attempt at a task: its clock, and what all kinds of tasks share.

https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from emulator.effects import Effect, Now, Process, Race, Sleep, WaitFor
from emulator.services.stepfunctions.asl.document import Document
from emulator.services.stepfunctions.asl.failures import HEARTBEAT_TIMEOUT, TIMEOUT, StateFailure
from emulator.services.stepfunctions.asl.resources import LambdaFunction
from emulator.services.stepfunctions.environment import Branch
from emulator.services.stepfunctions.interpreter import Interpreter
from emulator.services.stepfunctions.state import PendingTask, token_topic

__all__ = ["Attempt"]


class _OutOfTime(StateFailure):
    """The task did not end, or gave no sign of life, in time."""


@dataclass(slots=True)
class Attempt:
    """One attempt at a task: the events that it writes, and its clock."""

    interpreter: Interpreter
    branch: Branch
    resource: Any
    timeout_seconds: float | None
    heartbeat_seconds: float | None
    role_arn: str
    credentials: dict[str, Any]
    pending: PendingTask | None

    def run(self, parameters: Document) -> Generator[Effect, Any, Document]:
        """Do it: the result. Raises StateFailure."""
        raise NotImplementedError

    def event(self, kind: str, **details: Any) -> None:
        """Write an event of this attempt, without the details that are None."""
        raise NotImplementedError

    def timed_by(self, work: Process) -> Generator[Effect, Any, Any]:
        """The work's result, within the time that the task has. Raises StateFailure."""
        try:
            if self.timeout_seconds is None:
                result = yield from work
            else:
                index, result = yield Race((work, _alarm(self.timeout_seconds)))
                if index == 1:
                    raise _OutOfTime(TIMEOUT)
        except StateFailure as failure:
            self.interpreter.now = yield Now()
            kind = "TimedOut" if isinstance(failure, _OutOfTime) else "Failed"
            self.event(kind, error=failure.reported_error, cause=failure.cause)
            raise
        self.interpreter.now = yield Now()
        return result

    def token_answer(self, pending: PendingTask, name: str) -> Process:
        """Wait for SendTaskSuccess or SendTaskFailure, and for a sign of life in every heartbeat interval."""
        topic = token_topic(pending.token)
        while not pending.answered:
            heartbeats = pending.heartbeats
            woken = yield WaitFor(topic, self.heartbeat_seconds)
            if not woken and not pending.answered and pending.heartbeats == heartbeats:
                raise _OutOfTime(HEARTBEAT_TIMEOUT)
        if pending.output is None:
            raise StateFailure(pending.error, pending.cause)
        self.interpreter.check_size(pending.output, name)
        return pending.output

    def limits(self) -> dict[str, Any]:
        """What the scheduling event says about time and credentials."""
        limits: dict[str, Any] = {}
        if self.timeout_seconds is not None:
            limits["timeoutInSeconds"] = int(self.timeout_seconds)
        if self.heartbeat_seconds is not None and not isinstance(self.resource, LambdaFunction):
            limits["heartbeatInSeconds"] = int(self.heartbeat_seconds)
        return limits | self.credentials


def _alarm(seconds: float) -> Process:
    yield Sleep(seconds)
