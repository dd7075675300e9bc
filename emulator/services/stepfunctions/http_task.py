"""HTTP tasks: an HTTPS API called through an EventBridge connection.

Rules. A status that is no success fails the task with `States.Http.StatusCode.<status>`, whose cause is the body; no answer in sixty
seconds, or none at all, with `States.Http.Socket`. A token that the endpoint refuses is renewed once.
https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from http import HTTPStatus
from typing import Any

from emulator.effects import Call, Effect, Process
from emulator.errors import AwsError, EmulatorError
from emulator.http import HttpResponse
from emulator.outbound import HttpUnreachable, SendHttp
from emulator.services.stepfunctions.asl.document import Document, loads
from emulator.services.stepfunctions.asl.failures import DATA_LIMIT_EXCEEDED, StateFailure
from emulator.services.stepfunctions.history import COMPLETE
from emulator.services.stepfunctions.http_request import HttpArguments, request_of, traced_request
from emulator.services.stepfunctions.task_attempt import Attempt

__all__ = ["HttpAttempt"]

_NAMES = {"resourceType": "http", "resource": "invoke"}
_REFUSED = (401, 407)


class HttpAttempt(Attempt):
    """One request, and the answer."""

    __slots__ = ()

    def event(self, kind: str, **details: Any) -> None:
        given = {name: value for name, value in details.items() if value is not None}
        self.interpreter.event(self.branch, f"Task{kind}", f"task{kind}EventDetails", given | _NAMES)

    def run(self, parameters: Document) -> Generator[Effect, Any, Document]:
        region = self.interpreter.account.region
        self.event("Scheduled", region=region, parameters=parameters.text, **self.limits())
        self.event("Started")
        output: Document = yield from self.timed_by(self._exchange(parameters.value))
        self.event("Succeeded", output=output.text, outputDetails=COMPLETE)
        return output

    def _exchange(self, given: Any) -> Process:
        arguments = HttpArguments.of(given)
        answer: HttpResponse | None = None
        for renew in (False, True):
            request = yield from self._request(arguments, renew=renew)
            try:
                answer = yield request
            except HttpUnreachable as error:
                raise StateFailure("States.Http.Socket", str(error)) from error
            if answer.status not in _REFUSED or renew:
                break
        assert answer is not None
        self._trace_answer(answer)
        text = answer.body.decode("utf-8", "replace")
        if len(answer.body) > self.interpreter.quotas.maximum_payload_bytes:
            raise StateFailure(
                DATA_LIMIT_EXCEEDED, "The response is larger than the maximum number of bytes service limit."
            )
        if not 200 <= answer.status < 300:
            raise StateFailure(f"States.Http.StatusCode.{answer.status}", text)
        output = Document.of(_result(answer, text))
        self.interpreter.check_size(output, "http")
        return output

    def _request(self, arguments: HttpArguments, *, renew: bool) -> Process:
        """The request, with what the connection adds to it."""
        params = {"ConnectionArn": arguments.connection_arn, "Renew": renew}
        try:
            added: Mapping[str, Mapping[str, str]] = yield Call(
                "events", "RetrieveConnectionCredentials", params, principal=self.role_arn
            )
        except AwsError as error:
            raise StateFailure(
                f"Events.ConnectionResource.{_CONNECTION_ERRORS.get(error.code, error.code)}", error.message
            ) from error
        except EmulatorError as error:
            raise StateFailure("States.Http.Socket", str(error)) from error
        quotas, region = self.interpreter.quotas, self.interpreter.account.region
        request: SendHttp = request_of(arguments, added, region, quotas.maximum_payload_bytes)
        nothing: Mapping[str, Mapping[str, str]] = {"headers": {}, "query": {}, "body": {}}
        hidden = request_of(arguments, nothing, region, quotas.maximum_payload_bytes)
        self.interpreter.trace("request", traced_request(request), traced_request(hidden))
        return request

    def _trace_answer(self, answer: HttpResponse) -> None:
        headers = ", ".join(f"{name}: {value}" for name, value in answer.headers)
        shown = {
            "protocol": "HTTP/1.1",
            "statusCode": str(answer.status),
            "statusMessage": _phrase(answer.status),
            "headers": f"[{headers}]",
            "body": answer.body.decode("utf-8", "replace"),
        }
        self.interpreter.trace("response", shown, shown)


_CONNECTION_ERRORS = {
    "AuthorizationFailed": "InvalidConnectionState",
    "ResourceNotFoundException": "ResourceNotFound",
    "ValidationException": "InvalidConnectionState",
}


def _result(answer: HttpResponse, text: str) -> dict[str, Any]:
    """JSON bodies are parsed; every header is a list of values."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.lower(), []).append(value)
    body: Any = text
    content_type = headers.get("content-type", [""])[0].partition(";")[0].strip().lower()
    if content_type == "application/json" or content_type.endswith("+json"):
        try:
            body = loads(text)
        except ValueError:
            body = text
    return {
        "Headers": headers,
        "ResponseBody": body,
        "StatusCode": answer.status,
        "StatusText": _phrase(answer.status),
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
