"""Errors of CloudWatch Logs, named as botocore's error shapes.

InvalidParameterException
ResourceAlreadyExistsException
ResourceNotFoundException
TooManyTagsException
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = [
    "InvalidParameterException",
    "ResourceAlreadyExistsException",
    "ResourceNotFoundException",
    "TooManyTagsException",
]


class InvalidParameterException(AwsError):
    """A parameter is not allowed."""


class ResourceAlreadyExistsException(AwsError):
    """The group or stream exists."""


class ResourceNotFoundException(AwsError):
    """There is no such group or stream."""


class TooManyTagsException(AwsError):
    """A resource has at most 50 tags."""
