"""Message move tasks: dead letters back to where they came from.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.account import Account
from emulator.effects import Now, Process, Sleep, Spawn
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.sqs.errors import (
    InvalidParameterValue,
    ResourceNotFoundException,
    UnsupportedOperation,
)
from emulator.services.sqs.message import MessageState
from emulator.services.sqs.queue import Queue
from emulator.services.sqs.quotas import SqsQuotas
from emulator.services.sqs.store import SqsStore, wake

__all__ = ["MoveOperations"]

NO_TASK = "Task does not exist."


@dataclass(slots=True)
class MoveTask:
    """One task. `status` goes from RUNNING to COMPLETED, or over CANCELLING to CANCELLED, or to FAILED."""

    handle: str
    source: Queue
    destination_arn: str | None
    per_second: int
    to_move: int
    started: float
    status: str = "RUNNING"
    moved: int = 0
    failure: str | None = None


class MoveOperations(SqsStore):
    """StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask."""

    def __init__(self, account: Account, quotas: SqsQuotas | None = None) -> None:
        super().__init__(account, quotas)
        self.move_tasks: dict[str, MoveTask] = {}

    @operation("StartMessageMoveTask")
    def start_message_move_task(self, params: Params, context: CallContext) -> Reply:
        """Move the messages of a dead-letter queue to their sources, or to one queue."""
        source = self.queue_at(params["SourceArn"])
        if source is None:
            raise ResourceNotFoundException(
                "The resource that you specified for the SourceArn parameter doesn't exist."
            )
        source.settle(context.now)
        if not any(
            queue.attributes.redrive_policy is not None
            and queue.attributes.redrive_policy.dead_letter_target_arn == source.arn
            for queue in self.queues.values()
        ):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        destination = params.get("DestinationArn")
        if destination is not None and self.queue_at(destination) is None:
            raise ResourceNotFoundException(
                "The resource that you specified for the DestinationArn parameter doesn't exist."
            )
        if any(task.source is source and task.status == "RUNNING" for task in self.move_tasks.values()):
            raise UnsupportedOperation(
                "There is already a task running. Only one active task is allowed for a source queue arn."
            )
        most = self.quotas.messages_moved_per_second
        per_second = params.get("MaxNumberOfMessagesPerSecond", most)
        if not 1 <= per_second <= most:
            raise InvalidParameterValue(f"Value for MaxNumberOfMessagesPerSecond must be between 1 and {most}.")
        task = MoveTask(
            handle=self.account.identifiers.uuid(),
            source=source,
            destination_arn=destination,
            per_second=per_second,
            to_move=source.counts[MessageState.VISIBLE],
            started=context.now,
        )
        self.move_tasks[task.handle] = task
        spawn = Spawn(f"message move task of {source.name}", lambda: self._run(task))
        return Reply({"TaskHandle": task.handle}, (spawn,))

    @operation("ListMessageMoveTasks")
    def list_message_move_tasks(self, params: Params, context: CallContext) -> Reply:
        """The latest tasks of a source, newest first."""
        if self.queue_at(params["SourceArn"]) is None:
            raise ResourceNotFoundException(
                "The resource that you specified for the SourceArn parameter doesn't exist."
            )
        tasks = [task for task in self.move_tasks.values() if task.source.arn == params["SourceArn"]]
        newest = list(reversed(tasks))[: params.get("MaxResults", 1)]
        return Reply({"Results": [_shape(task) for task in newest]})

    @operation("CancelMessageMoveTask")
    def cancel_message_move_task(self, params: Params, context: CallContext) -> Reply:
        """Stop a task; what it moved stays moved."""
        task = self.move_tasks.get(params["TaskHandle"])
        if task is None:
            raise ResourceNotFoundException(NO_TASK)
        if task.status != "RUNNING":
            raise UnsupportedOperation("Only active tasks can be cancelled.")
        task.status = "CANCELLING"
        return Reply({"ApproximateNumberOfMessagesMoved": task.moved})

    def _run(self, task: MoveTask) -> Process:
        """Move up to `per_second` messages, wait a second, and so on until all that were there have moved."""
        source = task.source
        while task.status == "RUNNING":
            now = yield Now()
            source.settle(now)
            for _ in range(min(task.per_second, task.to_move - task.moved)):
                message = source.take()
                if message is None:
                    break
                arn = message.dead_letter_queue_source_arn if task.destination_arn is None else task.destination_arn
                target = None if arn is None else self.queue_at(arn)
                if target is None:
                    # It goes back into line; the task ends, as on AWS.
                    source.put_back(message)
                    task.status, task.failure = "FAILED", "AWS.SimpleQueueService.NonExistentQueue"
                    return
                self.move(message, source, target, now)
                task.moved += 1
                yield wake(target)
            else:
                if task.moved < task.to_move:
                    yield Sleep(1.0)
                    continue
            task.status = "COMPLETED" if task.status == "RUNNING" else task.status
        if task.status == "CANCELLING":
            task.status = "CANCELLED"


def _shape(task: MoveTask) -> dict[str, Any]:
    """`ListMessageMoveTasksResultEntry`."""
    shape: dict[str, Any] = {
        "Status": task.status,
        "SourceArn": task.source.arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": int(task.started * 1000),
        "MaxNumberOfMessagesPerSecond": task.per_second,
    }
    if task.destination_arn is not None:
        shape["DestinationArn"] = task.destination_arn
    if task.failure is not None:
        shape["FailureReason"] = task.failure
    if task.status == "RUNNING":
        shape["TaskHandle"] = task.handle
    return shape
