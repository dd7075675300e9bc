"""CloudFormation's errors.

AwsError
  ValidationError                     not modelled, but what nearly everything is answered with
  AlreadyExistsException
  ChangeSetNotFoundException
  InsufficientCapabilitiesException
  InvalidChangeSetStatusException
  LimitExceededException
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = [
    "AlreadyExistsException",
    "ChangeSetNotFoundException",
    "InsufficientCapabilitiesException",
    "InvalidChangeSetStatusException",
    "LimitExceededException",
    "ValidationError",
]


class ValidationError(AwsError):
    """The request cannot be carried out as it is."""


class AlreadyExistsException(AwsError):
    """A stack or change set of that name is there already."""


class ChangeSetNotFoundException(AwsError):
    """There is no such change set."""

    code = "ChangeSetNotFound"
    status = 404


class InsufficientCapabilitiesException(AwsError):
    """The template makes what the caller did not acknowledge."""


class InvalidChangeSetStatusException(AwsError):
    """The change set cannot be executed."""

    code = "InvalidChangeSetStatus"


class LimitExceededException(AwsError):
    """A quota is used up."""
