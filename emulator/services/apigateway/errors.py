"""The errors of API Gateway's control plane.

AwsError
  BadRequestException        400
  NotFoundException          404
  ConflictException          409
  LimitExceededException     429
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = ["BadRequestException", "ConflictException", "LimitExceededException", "NotFoundException"]


class BadRequestException(AwsError):
    """The request is not valid."""


class NotFoundException(AwsError):
    """The resource does not exist."""

    status = 404


class ConflictException(AwsError):
    """The resource exists already, or is in use."""

    status = 409


class LimitExceededException(AwsError):
    """A quota would be exceeded."""

    status = 429
