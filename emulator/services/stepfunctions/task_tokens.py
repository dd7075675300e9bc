"""Tasks that wait for their token: the table, and SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from emulator.effects import Notify
from emulator.identifiers import Identifiers
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.asl.document import Document
from emulator.services.stepfunctions.asl.json_errors import input_problem
from emulator.services.stepfunctions.errors import InvalidOutput, InvalidToken, TaskDoesNotExist, TaskTimedOut
from emulator.services.stepfunctions.start_rate import StartRate
from emulator.services.stepfunctions.state import PendingTask, token_topic

__all__ = ["TaskTokenOperations", "TaskTokens"]

_PREFIX = (
    "AQCMAAAAKgAAAAMAAAAAAAAA"  # every token of this service begins so, which tells a foreign text from an old token
)

_RETIRED_TOKENS = 10_000  # tokens of ended tasks that are still known; a bound of this emulator


class TaskTokens:
    """All tokens that were handed out, and the tasks behind them."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._tasks: dict[str, PendingTask] = {}
        self._retired: deque[str] = deque()

    def issue(self) -> PendingTask:
        """A new task with a new token."""
        task = PendingTask(_PREFIX + self._identifiers.hex(128))
        self._tasks[task.token] = task
        return task

    def retire(self, task: PendingTask) -> None:
        """Its task has ended: the token answers TaskTimedOut, and later TaskDoesNotExist."""
        task.done = True
        self._retired.append(task.token)
        if len(self._retired) > _RETIRED_TOKENS:
            del self._tasks[self._retired.popleft()]

    def find(self, token: str) -> PendingTask:
        """The open task of a token. Raises InvalidToken, TaskDoesNotExist, TaskTimedOut."""
        if not token.startswith(_PREFIX):
            raise InvalidToken("Invalid Token: 'Invalid token'")
        task = self._tasks.get(token)
        if task is None:
            raise TaskDoesNotExist("Task Does Not Exist: 'Provided task does not exist anymore'")
        if task.done or task.answered:
            raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
        return task


class TaskTokenOperations:
    """The operations that take a task token."""

    tokens: TaskTokens
    task_rates: Mapping[str, StartRate]

    @operation("SendTaskSuccess")
    def send_task_success(self, params: Params, context: CallContext) -> Reply:
        """End the task with an output. Raises InvalidOutput where that is no JSON."""
        self.task_rates["Success"].take(context.now)
        task = self.tokens.find(params["taskToken"])
        output = Document(params["output"])
        try:
            _ = output.value
        except ValueError as error:
            raise InvalidOutput(f"Invalid Output: '{input_problem(output.text)}'") from error
        task.output, task.answered = output, True
        return Reply({}, (Notify(token_topic(task.token)),))

    @operation("SendTaskFailure")
    def send_task_failure(self, params: Params, context: CallContext) -> Reply:
        """Fail the task with an error and a cause."""
        self.task_rates["Failure"].take(context.now)
        task = self.tokens.find(params["taskToken"])
        task.error, task.cause, task.answered = params.get("error"), params.get("cause"), True
        return Reply({}, (Notify(token_topic(task.token)),))

    @operation("SendTaskHeartbeat")
    def send_task_heartbeat(self, params: Params, context: CallContext) -> Reply:
        """Say that the task is still worked on."""
        self.task_rates["Heartbeat"].take(context.now)
        task = self.tokens.find(params["taskToken"])
        task.heartbeats += 1
        return Reply({}, (Notify(token_topic(task.token)),))
