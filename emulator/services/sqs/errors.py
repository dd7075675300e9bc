"""The errors of SQS. `query_code` is the code of the older query protocol, which SDKs show where it differs.

AwsError
  QueueDoesNotExist  QueueNameExists  QueueDeletedRecently  PurgeQueueInProgress
  ReceiptHandleIsInvalid  MessageNotInflight  InvalidMessageContents  OverLimit
  EmptyBatchRequest  TooManyEntriesInBatchRequest  BatchEntryIdsNotDistinct  BatchRequestTooLong  InvalidBatchEntryId
  InvalidAttributeName  InvalidAttributeValue  InvalidParameterValue  MissingParameter
  ResourceNotFoundException  UnsupportedOperation
  AccessDenied                   403
"""

from __future__ import annotations

from typing import ClassVar

from emulator.errors import AwsError

__all__ = [
    "AccessDenied",
    "BatchEntryIdsNotDistinct",
    "BatchRequestTooLong",
    "EmptyBatchRequest",
    "InvalidAttributeName",
    "InvalidAttributeValue",
    "InvalidBatchEntryId",
    "InvalidMessageContents",
    "InvalidParameterValue",
    "MessageNotInflight",
    "MissingParameter",
    "OverLimit",
    "PurgeQueueInProgress",
    "QueueDeletedRecently",
    "QueueDoesNotExist",
    "QueueNameExists",
    "ReceiptHandleIsInvalid",
    "ResourceNotFoundException",
    "SqsError",
    "TooManyEntriesInBatchRequest",
    "UnsupportedOperation",
]


class SqsError(AwsError):
    """Base of SQS's errors."""

    query_code: ClassVar[str] = ""


class QueueDoesNotExist(SqsError):
    """No such queue."""

    query_code = "AWS.SimpleQueueService.NonExistentQueue"


class QueueNameExists(SqsError):
    """A queue of that name exists with other attributes."""

    query_code = "QueueAlreadyExists"


class QueueDeletedRecently(SqsError):
    """A queue of that name was deleted less than 60 seconds ago."""

    query_code = "AWS.SimpleQueueService.QueueDeletedRecently"


class PurgeQueueInProgress(SqsError):
    """The queue was purged less than 60 seconds ago."""

    query_code = "AWS.SimpleQueueService.PurgeQueueInProgress"


class ReceiptHandleIsInvalid(SqsError):
    """Not a receipt handle of this queue."""


class MessageNotInflight(SqsError):
    """The message is not in flight."""

    query_code = "AWS.SimpleQueueService.MessageNotInflight"


class InvalidMessageContents(SqsError):
    """The body has characters that SQS does not carry."""


class OverLimit(SqsError):
    """Too many messages in flight."""


class EmptyBatchRequest(SqsError):
    """A batch without entries."""

    query_code = "AWS.SimpleQueueService.EmptyBatchRequest"


class TooManyEntriesInBatchRequest(SqsError):
    """A batch with too many entries."""

    query_code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"


class BatchEntryIdsNotDistinct(SqsError):
    """Two entries of a batch with one id."""

    query_code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"


class BatchRequestTooLong(SqsError):
    """The messages of a batch are too long together."""

    query_code = "AWS.SimpleQueueService.BatchRequestTooLong"


class InvalidBatchEntryId(SqsError):
    """An entry id that is none."""

    query_code = "AWS.SimpleQueueService.InvalidBatchEntryId"


class InvalidAttributeName(SqsError):
    """No such queue attribute."""


class InvalidAttributeValue(SqsError):
    """A queue attribute's value is out of range."""


class InvalidParameterValue(SqsError):
    """A parameter's value is not valid."""


class MissingParameter(SqsError):
    """A parameter is missing."""


class ResourceNotFoundException(SqsError):
    """A resource of a message move task does not exist."""


class UnsupportedOperation(SqsError):
    """The operation does not apply to this queue."""

    query_code = "AWS.SimpleQueueService.UnsupportedOperation"


class AccessDenied(SqsError):
    """The queue's policy does not allow the caller."""

    status = 403
