"""Errors of the EventBridge API, each named as botocore names its shape; all are 400s of the client.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = [
    "ConcurrentModificationException",
    "IllegalStatusException",
    "InternalException",
    "InvalidEventPatternException",
    "LimitExceededException",
    "ManagedRuleException",
    "PolicyLengthExceededException",
    "ResourceAlreadyExistsException",
    "ResourceNotFoundException",
    "ValidationException",
]


class ConcurrentModificationException(AwsError):
    """A change that races another."""


class IllegalStatusException(AwsError):
    """The replay is over already."""


class InternalException(AwsError):
    """Something went wrong inside of EventBridge; a 500."""

    status = 500


class InvalidEventPatternException(AwsError):
    """The event pattern is not valid; the message says why and where."""


class LimitExceededException(AwsError):
    """More than a quota allows."""


class ManagedRuleException(AwsError):
    """The rule was made by an AWS service."""


class PolicyLengthExceededException(AwsError):
    """The event bus's policy is too long."""


class ResourceAlreadyExistsException(AwsError):
    """The name is taken."""


class ResourceNotFoundException(AwsError):
    """No such bus, rule, connection, API destination or archive."""


class ValidationException(AwsError):
    """A parameter breaks a rule."""
