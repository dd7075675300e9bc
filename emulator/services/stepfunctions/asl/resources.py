"""What a Task's Resource may be: a Lambda function's ARN, or a service integration `arn:aws:states:::service:api[.pattern]`.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from botocore.model import OperationModel

from emulator.protocols import service_of_sdk_name
from emulator.services.stepfunctions.asl.catalogue import Catalogue

__all__ = [
    "INTEGRATIONS",
    "ActivityTask",
    "HttpTask",
    "Integration",
    "LambdaFunction",
    "Pattern",
    "Resource",
    "ResourceError",
    "ServiceTask",
    "parse_resource",
]

Pattern = Literal["", "waitForTaskToken", "sync", "sync:2"]


@dataclass(frozen=True, slots=True)
class Integration:
    """How an optimised integration calls its service.

    `service` and `operation` are botocore's names. An error that the service's model names becomes `<error_prefix>.<name>Exception`, any
    other `<error_prefix>.<generic_error>`; `sdk_name` is what the cause calls the service.
    """

    service: str
    operation: str
    error_prefix: str
    generic_error: str
    sdk_name: str
    patterns: tuple[Pattern, ...] = ("", "waitForTaskToken")
    json_text_members: tuple[str, ...] = ()
    """Members of type string in which an object is allowed, and written as JSON."""
    lower_camel: bool = False
    """Whether the service's own members begin with a small letter, while the integration's begin with a capital."""


def _dynamodb(operation: str) -> Integration:
    return Integration("dynamodb", operation, "DynamoDB", "AmazonDynamoDBException", "AmazonDynamoDBv2", ("",))


INTEGRATIONS: Mapping[str, Integration] = {
    "dynamodb:deleteItem": _dynamodb("DeleteItem"),
    "dynamodb:getItem": _dynamodb("GetItem"),
    "dynamodb:putItem": _dynamodb("PutItem"),
    "dynamodb:updateItem": _dynamodb("UpdateItem"),
    "events:putEvents": Integration(
        "events", "PutEvents", "EventBridge", "AmazonCloudWatchEventsException", "AmazonCloudWatchEvents"
    ),
    "lambda:invoke": Integration("lambda", "Invoke", "Lambda", "AWSLambdaException", "AWSLambda"),
    "sns:publish": Integration(
        "sns", "Publish", "SNS", "AmazonSNSException", "AmazonSNS", json_text_members=("Message",)
    ),
    "sqs:sendMessage": Integration(
        "sqs", "SendMessage", "SQS", "AmazonSQSException", "AmazonSQS", json_text_members=("MessageBody",)
    ),
    "states:startExecution": Integration(
        "stepfunctions",
        "StartExecution",
        "StepFunctions",
        "AWSStepFunctionsException",
        "AWSStepFunctions",
        ("", "sync", "sync:2", "waitForTaskToken"),
        json_text_members=("Input",),
        lower_camel=True,
    ),
}
"""The optimised integrations, by the last part of their ARN."""


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A function called directly by its ARN: the payload goes in and out as it is."""

    arn: str


@dataclass(frozen=True, slots=True)
class ServiceTask:
    """A service integration. `resource_type` and `resource` are what the history calls them."""

    resource_type: str
    resource: str
    pattern: Pattern
    integration: Integration
    sdk: bool = False
    model: OperationModel | None = None
    """botocore's model of the operation, where a catalogue had it."""
    check_call: Callable[[str, str, Mapping[str, Any]], None] | None = None
    """Refuses the parameters that the service's front would refuse; by service, operation and parameters."""


@dataclass(frozen=True, slots=True)
class ActivityTask:
    """A task that a worker takes with GetActivityTask."""

    arn: str


@dataclass(frozen=True, slots=True)
class HttpTask:
    """`http:invoke`: an HTTPS API, called through an EventBridge connection."""


class ResourceError(ValueError):
    """A Resource that means nothing, or (`unsupported`) something that this emulator does not do."""

    def __init__(self, message: str, *, unsupported: bool = False) -> None:
        super().__init__(message)
        self.unsupported = unsupported


Resource = LambdaFunction | ServiceTask | ActivityTask | HttpTask
"""What a task calls."""


def parse_resource(arn: str, catalogue: Catalogue | None = None) -> Resource:
    """What a Resource means. Raises ResourceError."""
    parts = arn.split(":")
    if len(parts) >= 6 and parts[0] == "arn":
        if parts[2] == "lambda" and len(parts) in (7, 8) and parts[5] == "function" and parts[6] != "":
            return LambdaFunction(arn)
        if parts[2] == "states" and parts[5] == "activity" and len(parts) == 7 and parts[6] != "":
            return ActivityTask(arn)
        if parts[2] == "states" and parts[3] == "" and parts[4] == "" and len(parts) >= 7:
            if parts[5:] == ["http", "invoke"]:
                return _http_task(catalogue)
            return _modelled(arn, _parse_integration(arn, parts[5:]), catalogue)
    raise _not_recognized(arn)


def _not_recognized(arn: str) -> ResourceError:
    return ResourceError(
        f"The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not "
        "available in this region."
    )


def _modelled(arn: str, task: ServiceTask, catalogue: Catalogue | None) -> ServiceTask:
    """The task with its operation's model. Raises ResourceError where the emulator cannot run it."""
    if catalogue is None:
        return task
    integration = task.integration
    if not catalogue.has(integration.service):
        text = f"The integration {task.resource_type}:{task.resource} needs the service {integration.service}, which"
        raise ResourceError(f"{text} is not supported by this emulator", unsupported=True)
    model = catalogue.operation(integration.service, integration.operation)
    if model is None:
        raise _not_recognized(arn)
    if not catalogue.offers(integration.service, integration.operation):
        text = f"The integration {task.resource_type}:{task.resource} needs {integration.service}:{integration.operation}, which"
        raise ResourceError(f"{text} is not supported by this emulator", unsupported=True)
    return replace(task, model=model, check_call=catalogue.check_call)


def _parse_integration(arn: str, parts: list[str]) -> ServiceTask:
    sdk = parts[0] == "aws-sdk" and len(parts) >= 3
    service, rest = (":".join(parts[:2]), parts[2:]) if sdk else (parts[0], parts[1:])
    action, _, suffix = ":".join(rest).partition(".")
    pattern = _PATTERNS.get(suffix)
    if pattern is None or action == "":
        raise _not_recognized(arn)
    integration = _sdk_integration(service, action) if sdk else INTEGRATIONS.get(f"{service}:{action}")
    if integration is None and sdk:
        raise _not_recognized(arn)
    if integration is None:
        text = (
            f"The integration {service}:{action} is not supported by this emulator (it has {', '.join(INTEGRATIONS)})"
        )
        raise ResourceError(text, unsupported=True)
    if pattern not in integration.patterns:
        raise _not_recognized(arn)
    return ServiceTask(service, f"{action}.{suffix}" if suffix else action, pattern, integration, sdk)


_PATTERNS: Mapping[str, Pattern] = {"": "", "waitForTaskToken": "waitForTaskToken", "sync": "sync", "sync:2": "sync:2"}


def _http_task(catalogue: Catalogue | None) -> HttpTask:
    if catalogue is not None and not catalogue.has("events"):
        text = "HTTP tasks (http:invoke) need EventBridge connections, which are not supported by this emulator"
        raise ResourceError(text, unsupported=True)
    return HttpTask()


def _sdk_integration(service: str, action: str) -> Integration | None:
    """Named as the Java SDK names its client; None where AWS has no such service."""
    names = service_of_sdk_name(service.partition(":")[2])
    if names is None:
        return None
    prefix = names.class_prefix
    return Integration(names.botocore, action[:1].upper() + action[1:], prefix, f"{prefix}Exception", prefix)
