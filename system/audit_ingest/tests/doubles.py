"""Doubles of AWS clients that know AWS's models."""

import io
import json
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters


class RecordingClient:
    """A boto3 client that checks parameters against AWS's model, records calls and gives prepared answers.

    An answer is a dict, an exception to raise, or a function of the call's parameters. What has none answers `{}`.
    """

    def __init__(self, service: str, **answers: Any) -> None:
        model = botocore.session.get_session().get_service_model(service)
        self._shapes: dict[str, Any] = {
            xform_name(name): model.operation_model(name).input_shape for name in model.operation_names
        }
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation not in self._shapes:
            raise AttributeError(operation)

        def call(**parameters: Any) -> Any:
            validate_parameters(parameters, self._shapes[operation])
            self.calls.append((operation, parameters))
            answer = self.answers.get(operation, {})
            if isinstance(answer, Exception):
                raise answer
            return answer(parameters) if callable(answer) else answer

        return call

    def only_call(self, operation: str) -> dict[str, Any]:
        """Return the parameters of the one call of `operation`."""
        found = [parameters for name, parameters in self.calls if name == operation]
        assert len(found) == 1, f"{operation} was called {len(found)} times"
        return found[0]


def aws_error(code: str, operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} happened"}}, operation)


def invocation(result: Any, function_error: str | None = None) -> dict[str, Any]:
    """Return what `lambda:Invoke` answers."""
    answer: dict[str, Any] = {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(result).encode())}
    return answer if function_error is None else {**answer, "FunctionError": function_error}
