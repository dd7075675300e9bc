"""Errors of the Step Functions API, each named as botocore names its shape; all are 400s of the client.

https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
"""

from __future__ import annotations

from emulator.errors import AwsError

__all__ = [
    "ActivityAlreadyExists",
    "ActivityDoesNotExist",
    "ActivityLimitExceeded",
    "ConflictException",
    "ExecutionAlreadyExists",
    "ExecutionDoesNotExist",
    "ExecutionLimitExceeded",
    "ExecutionNotRedrivable",
    "InvalidArn",
    "InvalidDefinition",
    "InvalidExecutionInput",
    "InvalidLoggingConfiguration",
    "InvalidName",
    "InvalidOutput",
    "InvalidToken",
    "MissingRequiredParameter",
    "ResourceNotFound",
    "ServiceQuotaExceededException",
    "StateMachineAlreadyExists",
    "StateMachineDoesNotExist",
    "StateMachineLimitExceeded",
    "StateMachineTypeNotSupported",
    "TaskDoesNotExist",
    "TaskTimedOut",
    "ThrottlingException",
    "TooManyTags",
    "ValidationException",
]


class ActivityAlreadyExists(AwsError):
    """An activity of that name has another encryption."""


class ActivityDoesNotExist(AwsError):
    """No activity has that ARN."""


class ActivityLimitExceeded(AwsError):
    """Too many activities."""


class ConflictException(AwsError):
    """A change that races another."""


class ExecutionAlreadyExists(AwsError):
    """The name is taken by another input, or by a closed execution."""


class ExecutionDoesNotExist(AwsError):
    """No execution has that ARN."""


class ExecutionLimitExceeded(AwsError):
    """Too many open executions."""


class ExecutionNotRedrivable(AwsError):
    """The execution cannot be redriven; the message says why."""


class InvalidArn(AwsError):
    """An ARN that is none, or of another kind."""


class InvalidDefinition(AwsError):
    """The definition breaks the language's rules."""


class InvalidExecutionInput(AwsError):
    """The input is no JSON."""


class InvalidLoggingConfiguration(AwsError):
    """The logging configuration names no log group that can be written to."""


class InvalidName(AwsError):
    """A name with forbidden characters."""


class InvalidOutput(AwsError):
    """A task's output is no JSON."""


class InvalidToken(AwsError):
    """A task token or page token that this service never made."""


class MissingRequiredParameter(AwsError):
    """An update that changes nothing."""


class ResourceNotFound(AwsError):
    """Tags of something that does not exist."""


class ServiceQuotaExceededException(AwsError):
    """Too many versions or aliases."""


class StateMachineAlreadyExists(AwsError):
    """The name is taken by a machine with another definition or role."""


class StateMachineDoesNotExist(AwsError):
    """No state machine has that ARN."""


class StateMachineLimitExceeded(AwsError):
    """Too many state machines."""


class StateMachineTypeNotSupported(AwsError):
    """The operation does not exist for this type of workflow."""


class TaskDoesNotExist(AwsError):
    """No task has that token."""


class TaskTimedOut(AwsError):
    """The task of that token has ended."""


class ThrottlingException(AwsError):
    """Calls come faster than the account may make them."""


class TooManyTags(AwsError):
    """More tags than a resource may have."""


class ValidationException(AwsError):
    """A parameter breaks a constraint."""
