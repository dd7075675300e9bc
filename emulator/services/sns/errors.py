"""The errors of SNS, by the names of botocore's shapes; `code` is what the query protocol sends.

AwsError
  InvalidParameterException      InvalidParameter
  InvalidParameterValueException ParameterValueInvalid
  NotFoundException              NotFound                  404
  ResourceNotFoundException      ResourceNotFound          404
  TopicLimitExceededException    TopicLimitExceeded        403
  FilterPolicyLimitExceededException  FilterPolicyLimitExceeded  403
  SubscriptionLimitExceededException  SubscriptionLimitExceeded  403
  TagLimitExceededException      TagLimitExceeded
  EmptyBatchRequestException, TooManyEntriesInBatchRequestException, BatchEntryIdsNotDistinctException,
  BatchRequestTooLongException, InvalidBatchEntryIdException
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = [
    "BatchEntryIdsNotDistinctException",
    "BatchRequestTooLongException",
    "EmptyBatchRequestException",
    "FilterPolicyLimitExceededException",
    "InvalidBatchEntryIdException",
    "InvalidParameterException",
    "NotFoundException",
    "ResourceNotFoundException",
    "SubscriptionLimitExceededException",
    "TagLimitExceededException",
    "TooManyEntriesInBatchRequestException",
    "TopicLimitExceededException",
]


class InvalidParameterException(AwsError):
    """A parameter does not meet its constraints."""

    code = "InvalidParameter"


class NotFoundException(AwsError):
    """No such topic or subscription."""

    code = "NotFound"
    status = 404


class ResourceNotFoundException(AwsError):
    """No such resource to tag."""

    code = "ResourceNotFound"
    status = 404


class TopicLimitExceededException(AwsError):
    """Too many topics."""

    code = "TopicLimitExceeded"
    status = 403


class SubscriptionLimitExceededException(AwsError):
    """Too many subscriptions."""

    code = "SubscriptionLimitExceeded"
    status = 403


class FilterPolicyLimitExceededException(AwsError):
    """Too many filter policies."""

    code = "FilterPolicyLimitExceeded"
    status = 403


class TagLimitExceededException(AwsError):
    """Too many tags."""

    code = "TagLimitExceeded"


class EmptyBatchRequestException(AwsError):
    """A batch without entries."""

    code = "EmptyBatchRequest"


class TooManyEntriesInBatchRequestException(AwsError):
    """A batch with too many entries."""

    code = "TooManyEntriesInBatchRequest"


class BatchEntryIdsNotDistinctException(AwsError):
    """Two entries of a batch with one id."""

    code = "BatchEntryIdsNotDistinct"


class BatchRequestTooLongException(AwsError):
    """The messages of a batch are too long together."""

    code = "BatchRequestTooLong"


class InvalidBatchEntryIdException(AwsError):
    """An entry id that is none."""

    code = "InvalidBatchEntryId"
