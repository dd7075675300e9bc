"""The SQS service."""

from __future__ import annotations

from emulator.services.sqs.batch_operations import BatchOperations
from emulator.services.sqs.message_operations import MessageOperations
from emulator.services.sqs.move_operations import MoveOperations
from emulator.services.sqs.queue_operations import QueueOperations

__all__ = ["SqsService"]


class SqsService(QueueOperations, BatchOperations, MessageOperations, MoveOperations):
    """SQS for one account and region."""

    service_id = "sqs"
    resource_members = ("QueueUrl", "QueueName", "SourceArn")
