"""Errors of CloudWatch Logs, named as botocore's error shapes.

AccessDeniedException
InvalidParameterException
LimitExceededException
ResourceAlreadyExistsException
ResourceNotFoundException
TooManyTagsException
ValidationException
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = [
    "AccessDeniedException",
    "InvalidParameterException",
    "LimitExceededException",
    "ResourceAlreadyExistsException",
    "ResourceNotFoundException",
    "TooManyTagsException",
    "ValidationException",
]


class AccessDeniedException(AwsError):
    """The caller may not do this."""


class InvalidParameterException(AwsError):
    """A parameter is not allowed."""


class LimitExceededException(AwsError):
    """A group has as many of these as it may have."""


class ResourceAlreadyExistsException(AwsError):
    """The group or stream exists."""


class ResourceNotFoundException(AwsError):
    """There is no such group or stream."""


class TooManyTagsException(AwsError):
    """A resource has at most 50 tags."""


class ValidationException(AwsError):
    """Parameters do not go together."""
