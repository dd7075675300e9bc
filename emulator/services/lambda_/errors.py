"""Errors of the Lambda API, named as botocore's error shapes.

LambdaError
  AccessDeniedException             common to all services, so not in Lambda's model
  CodeStorageExceededException
  InvalidParameterValueException
  InvalidRequestContentException
  PolicyLengthExceededException
  PreconditionFailedException
  RequestTooLargeException          on the wire: RequestEntityTooLargeException
  ResourceConflictException
  ResourceNotFoundException
  ServiceException
  TooManyRequestsException
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.errors import AwsError

__all__ = [
    "AccessDeniedException",
    "CodeStorageExceededException",
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "LambdaError",
    "PolicyLengthExceededException",
    "PreconditionFailedException",
    "RequestTooLargeException",
    "ResourceConflictException",
    "ResourceNotFoundException",
    "ServiceException",
    "TooManyRequestsException",
]


class LambdaError(AwsError):
    """Lambda's errors carry whose fault it is in `Type`."""

    def __init__(self, message: str = "", *, fields: Mapping[str, Any] | None = None) -> None:
        whose = "Service" if self.fault == "server" else "User"
        super().__init__(message, fields={"Type": whose, **({} if fields is None else fields)})


class AccessDeniedException(LambdaError):
    """The caller may not do this."""

    status = 403


class CodeStorageExceededException(LambdaError):
    """The account's code storage is full."""


class InvalidParameterValueException(LambdaError):
    """A parameter is not allowed."""


class InvalidRequestContentException(LambdaError):
    """The payload is no JSON."""


class PolicyLengthExceededException(LambdaError):
    """The resource policy is too long."""


class PreconditionFailedException(LambdaError):
    """The RevisionId is not the latest."""

    status = 412


class RequestTooLargeException(LambdaError):
    """The payload is too large. The modelled name is not the code on the wire."""

    code = "RequestEntityTooLargeException"
    status = 413


class ResourceConflictException(LambdaError):
    """It exists already, or is in use."""

    status = 409


class ResourceNotFoundException(LambdaError):
    """There is no such function, version, alias, layer or policy."""

    status = 404


class ServiceException(LambdaError):
    """The service failed: here, the machine's limits."""

    status = 500
    fault = "server"


class TooManyRequestsException(LambdaError):
    """A concurrency limit is reached."""

    status = 429

    def __init__(self, reason: str) -> None:
        super().__init__("Rate Exceeded.", fields={"Reason": reason})
        self.reason = reason
