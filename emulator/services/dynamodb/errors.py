"""The errors of DynamoDB and of its streams, named as their shapes.

AwsError
  ValidationException
  ResourceNotFoundException  ResourceInUseException  LimitExceededException  TableNotFoundException
  ConditionalCheckFailedException  ItemCollectionSizeLimitExceededException  DuplicateItemException
  ProvisionedThroughputExceededException  RequestLimitExceeded  ThrottlingException
  TransactionCanceledException  TransactionConflictException  TransactionInProgressException
  IdempotentParameterMismatchException  PolicyNotFoundException  BackupNotFoundException
  PointInTimeRecoveryUnavailableException  InvalidRestoreTimeException  TableAlreadyExistsException  TableInUseException
  ExpiredIteratorException  TrimmedDataAccessException       of the streams
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = [
    "BackupNotFoundException",
    "ConditionalCheckFailedException",
    "DuplicateItemException",
    "ExpiredIteratorException",
    "IdempotentParameterMismatchException",
    "InvalidRestoreTimeException",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceededException",
    "PointInTimeRecoveryUnavailableException",
    "PolicyNotFoundException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "TableAlreadyExistsException",
    "TableInUseException",
    "TableNotFoundException",
    "ThrottlingException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "TrimmedDataAccessException",
    "ValidationException",
]


class ValidationException(AwsError):
    """A request that cannot be right, whatever the tables hold; or one that an item or a key schema forbids.

    Raise the bare text: PutItem, UpdateItem and DeleteItem put `1 validation error detected: ` before what is wrong with the request itself
    (values, expressions, parameters), and the operation knows in which phase it is.
    """


class ResourceNotFoundException(AwsError):
    """No such table, index, stream or shard."""


class ResourceInUseException(AwsError):
    """The table exists already, or is not in a state that allows the operation."""


class LimitExceededException(AwsError):
    """Too many control plane operations at once, or too many decreases in a day."""


class TableNotFoundException(AwsError):
    """No such table, where backups are asked about."""


class TableAlreadyExistsException(AwsError):
    """The target of a restore exists."""


class TableInUseException(AwsError):
    """The table is being created or deleted."""


class ConditionalCheckFailedException(AwsError):
    """The condition of a write does not hold. `fields` may carry the item."""


class ItemCollectionSizeLimitExceededException(AwsError):
    """The items of one partition, with their local secondary index entries, would be more than 10 GB."""


class DuplicateItemException(AwsError):
    """A PartiQL INSERT of an item that exists."""


class ProvisionedThroughputExceededException(AwsError):
    """The provisioned capacity, with its burst, is used up."""


class RequestLimitExceeded(AwsError):
    """The account's throughput quota is used up."""


class ThrottlingException(AwsError):
    """Too many requests, or more than an on-demand maximum."""


class TransactionCanceledException(AwsError):
    """A transaction that did nothing. `fields["CancellationReasons"]` tells why, one by one."""


class TransactionConflictException(AwsError):
    """Another transaction holds the item."""


class TransactionInProgressException(AwsError):
    """The transaction of this token is still going on."""


class IdempotentParameterMismatchException(AwsError):
    """The token was used for another request."""


class PolicyNotFoundException(AwsError):
    """The resource has no policy."""


class BackupNotFoundException(AwsError):
    """No such backup."""


class PointInTimeRecoveryUnavailableException(AwsError):
    """Point-in-time recovery is not enabled."""


class InvalidRestoreTimeException(AwsError):
    """No backup of that time."""


class ExpiredIteratorException(AwsError):
    """A shard iterator that is older than fifteen minutes."""


class TrimmedDataAccessException(AwsError):
    """The records at that point are no longer there."""
