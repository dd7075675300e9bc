"""What a service integration sends to its service and makes of the answer: member names, payloads, and errors as AWS names them.

Rules. Members have a capital first letter on the workflow's side. Optimised integrations add `SdkHttpMetadata` and
`SdkResponseMetadata`, and name errors after the Java SDK 1 (`DynamoDB.ResourceNotFoundException`; errors that no model names are
`DynamoDB.AmazonDynamoDBException`). SDK integrations add nothing and name errors after the Java SDK 2 (`DynamoDb.DynamoDbException`).
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from emulator.errors import AwsError, UnsupportedOperation
from emulator.services.stepfunctions.asl.document import Document, dumps, loads
from emulator.services.stepfunctions.asl.failures import RUNTIME, DataFlowError, StateFailure
from emulator.services.stepfunctions.asl.resources import Integration, ServiceTask
from emulator.services.stepfunctions.sdk_shapes import parameters_of_shape, result_of_shape

__all__ = ["call_parameters", "check_call", "function_failure", "service_failure", "service_output"]

_COMMON_ERRORS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InternalFailure",
        "InvalidClientTokenId",
        "MissingParameter",
        "MissingAuthenticationToken",
        "OptInRequired",
        "RequestExpired",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "UnrecognizedClientException",
        "ValidationError",
        "ValidationException",
    }
)
"""Errors that every API may answer and few service models name, so that the SDK has no class for them."""

_LOWER_CAMEL_SERVICES = frozenset({"logs", "stepfunctions"})
"""Services whose members begin with a small letter, while the integration's begin with a capital."""


def call_parameters(task: ServiceTask, parameters: Document) -> dict[str, Any]:
    """The parameters of the call. Raises DataFlowError where they are no object."""
    given = parameters.value
    if not isinstance(given, Mapping):
        raise DataFlowError(f"The Parameters of {task.resource_type}:{task.resource} must be an object")
    integration = task.integration
    params = {name: value for name, value in given.items() if value is not None}  # null is how a member is left out
    if integration.service == "lambda" and integration.operation == "Invoke":
        if "Payload" in params:
            payload = params["Payload"]
            as_text = task.sdk and isinstance(payload, str)
            params["Payload"] = (payload if as_text else dumps(payload)).encode("utf-8", "surrogatepass")
        return params
    if task.sdk and task.model is not None:
        shaped: dict[str, Any] = parameters_of_shape(task.model.input_shape, params)
        return shaped
    for name in integration.json_text_members:
        if name in params and not isinstance(params[name], str):
            params[name] = dumps(params[name])
    if integration.service in _LOWER_CAMEL_SERVICES:
        return {_first(str.lower, name): _renamed(value, str.lower) for name, value in params.items()}
    return params


def service_output(task: ServiceTask, result: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """The task's result. Raises StateFailure where a function failed inside."""
    members = {name: value for name, value in result.items() if name != "ResponseMetadata"}
    integration = task.integration
    status = 200
    if integration.service == "lambda" and integration.operation == "Invoke":
        status = members.get("StatusCode", 200)
        payload = members.get("Payload")
        if not task.sdk:
            if members.get("FunctionError") is not None:
                raise function_failure(payload or b"")
            members["Payload"] = loads(payload) if payload else {}
    if task.sdk and task.model is not None:
        members = result_of_shape(task.model.output_shape, members)
    elif integration.service in _LOWER_CAMEL_SERVICES:
        members = {_first(str.upper, name): _renamed(value, str.upper) for name, value in members.items()}
    members = {name: _json_ready(value) for name, value in members.items()}
    if task.sdk:
        return members
    headers = {"x-amzn-RequestId": [request_id]}
    http = {"AllHttpHeaders": headers, "HttpHeaders": {name: values[0] for name, values in headers.items()}}
    members["SdkHttpMetadata"] = {**http, "HttpStatusCode": status}
    members["SdkResponseMetadata"] = {"RequestId": request_id}
    return members


def check_call(task: ServiceTask, params: Mapping[str, Any]) -> None:
    """Refuse what would not reach the service. Raises AwsError as the service's front does, StateFailure as the SDK does."""
    url = params.get("QueueUrl")
    if task.resource_type == "sqs" and isinstance(url, str) and "/" not in url:  # the SDK calls the queue's URL itself
        raise StateFailure(
            "SQS.SdkClientException", f"Unable to execute HTTP request: {url}: Name or service not known"
        )
    if task.check_call is not None:
        task.check_call(task.integration.service, task.integration.operation, params)


def function_failure(payload: bytes) -> StateFailure:
    """How a task fails when the function itself failed: the error's type, and the whole payload as the cause."""
    text = payload.decode("utf-8", "replace")
    try:
        error = loads(payload)
    except ValueError:
        error = None
    if isinstance(error, Mapping) and isinstance(error.get("errorType"), str):
        return StateFailure(error["errorType"], text)
    cause = f"The cause could not be determined because Lambda did not return an error type. Returned payload: {text}"
    return StateFailure("Lambda.Unknown", cause)


def service_failure(integration: Integration, error: AwsError, request_id: str, *, sdk: bool) -> StateFailure:
    """How a task fails when the service refused the call."""
    if isinstance(error, UnsupportedOperation):  # never something that a wildcard may catch
        return StateFailure(RUNTIME, error.message)
    name = type(error).__name__
    prefix = integration.error_prefix
    if name in _COMMON_ERRORS:
        name = integration.generic_error
    elif not name.endswith("Exception"):
        name += "Exception"
    if sdk:
        details = f"Service: {integration.sdk_name}, Status Code: {error.status}, Request ID: {request_id}"
        if integration.service == "s3":
            details += f", Extended Request ID: {base64.b64encode(request_id.encode()).decode()}"
    else:
        details = (
            f"Service: {integration.sdk_name}; Status Code: {error.status}; Error Code: {error.code}; "
            f"Request ID: {request_id}; Proxy: null"
        )
    return StateFailure(f"{prefix}.{name}", f"{error.message} ({details})")


def _first(change: Callable[[str], str], name: str) -> str:
    return change(name[:1]) + name[1:]


def _renamed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {_first(change, name): _renamed(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, change) for inner in value]
    return value


def _json_ready(value: Any) -> Any:
    """Results as JSON: text in bytes as it is, other bytes as Base64."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(name): _json_ready(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(inner) for inner in value]
    return value
