"""HTTP tasks. https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.engine import Done
from emulator.errors import AwsError
from emulator.http import HttpResponse
from emulator.operation import Params
from emulator.outbound import HttpUnreachable, SendHttp
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

CONNECTION = "arn:aws:events:us-east-1:000000000000:connection/c/1"
ADDED = {"headers": {"x-api-key": "secret"}, "query": {}, "body": {}}
OK = HttpResponse(200, (("Content-Type", "application/json"),), b'{"n": 0}')


class Web:
    """A room with a connection, and an HTTP API that answers as told."""

    def __init__(self, answer: Callable[[SendHttp], HttpResponse] = lambda _: OK, added: Any = ADDED) -> None:
        self.room = MachineRoom()
        self.sent: list[SendHttp] = []
        self.answer = answer
        self.events = self.room.record("events", RetrieveConnectionCredentials=lambda _: added)
        self.room.engine.perform(SendHttp, self._perform)

    def _perform(self, effect: SendHttp, done: Done) -> None:
        self.sent.append(effect)
        try:
            done(self.answer(effect), None)
        except HttpUnreachable as error:
            done(None, error)

    def run(self, **parameters: Any) -> dict[str, Any]:
        return self.room.execute(machine(Call=task(**parameters)))


def task(**parameters: Any) -> dict[str, Any]:
    given = {
        "ApiEndpoint": "https://example.com/orders",
        "Method": "POST",
        "Authentication": {"ConnectionArn": CONNECTION},
        **parameters,
    }
    return {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": given, "End": True}


def test_the_answer_is_the_result() -> None:
    web = Web(
        lambda _: HttpResponse(201, (("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "2")), b'{"n": 0}')
    )
    described = web.run(RequestBody={"a": None})
    assert json.loads(described["output"]) == {
        "Headers": {"content-type": ["application/json"], "x-a": ["1", "2"]},
        "ResponseBody": {"n": 0},
        "StatusCode": 201,
        "StatusText": "Created",
    }
    [request] = web.sent
    assert (request.method, request.url, request.body) == ("POST", "https://example.com/orders", b'{"a":null}')
    headers = dict(request.headers)
    assert headers == {
        "User-Agent": "Amazon|StepFunctions|HttpInvoke|us-east-1",
        "Range": "bytes=0-262144",
        "Content-Type": "application/json",
        "x-api-key": "secret",
    }


def test_the_history_names_the_task_http_invoke_and_has_no_secret() -> None:
    web = Web()
    arn = web.room.start(machine(Call=task()))
    web.room.run()
    assert web.room.kinds(arn) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    scheduled = web.room.history(arn)[2]["taskScheduledEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"], scheduled["region"]) == ("http", "invoke", "us-east-1")
    assert "secret" not in json.dumps(web.room.history(arn))


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_a_status_that_is_no_success_names_the_error(status: int) -> None:
    web = Web(lambda _: HttpResponse(status, (), b"slow down"))
    described = web.run()
    assert (described["status"], described["error"], described["cause"]) == (
        "FAILED",
        f"States.Http.StatusCode.{status}",
        "slow down",
    )


def test_a_status_can_be_retried_and_caught() -> None:
    web = Web(lambda _: HttpResponse(503))
    retry = {"ErrorEquals": ["States.Http.StatusCode.503"], "MaxAttempts": 2}
    caught = {"ErrorEquals": ["States.TaskFailed"], "Next": "After"}
    states = {"Call": {**task(), "Retry": [retry], "Catch": [caught]}, "After": {"Type": "Pass", "End": True}}
    described = web.room.execute(machine(**states))
    assert described["status"] == "SUCCEEDED"
    assert len(web.sent) == 3


def test_no_answer_is_a_socket_error() -> None:
    def nobody(_: SendHttp) -> HttpResponse:
        raise HttpUnreachable("nobody listens", "connection")

    assert Web(nobody).run()["error"] == "States.Http.Socket"


def test_a_refused_token_is_renewed_once() -> None:
    web = Web(lambda _: HttpResponse(401))
    assert web.run()["error"] == "States.Http.StatusCode.401"
    assert [params["Renew"] for _, params, _ in web.events.calls] == [False, True]


def test_an_answer_larger_than_a_payload_may_be_fails_the_task() -> None:
    web = Web(lambda _: HttpResponse(200, (), b"x" * 262_145))
    assert web.run()["error"] == "States.DataLimitExceeded"


def missing(_: Params) -> dict[str, Any]:
    raise AwsError.named("ResourceNotFoundException", "Connection 'c' does not exist.")


def test_a_connection_that_does_not_exist_fails_the_task() -> None:
    web = Web()
    web.room.record("events", RetrieveConnectionCredentials=missing)
    assert web.run()["error"] == "Events.ConnectionResource.ResourceNotFound"
    assert web.sent == []


@pytest.mark.parametrize(
    ("array_format", "expected"),
    [
        ("INDICES", b"a%5B0%5D=1&a%5B1%5D=2&b%5Bc%5D=x%20y"),
        ("REPEAT", b"a=1&a=2&b%5Bc%5D=x%20y"),
        ("COMMAS", b"a=1%2C2&b%5Bc%5D=x%20y"),
        ("BRACKETS", b"a%5B%5D=1&a%5B%5D=2&b%5Bc%5D=x%20y"),
    ],
)
def test_a_body_can_be_a_form(array_format: str, expected: bytes) -> None:
    web = Web()
    options = {"RequestEncodingOptions": {"ArrayFormat": array_format}}
    web.run(RequestBody={"a": [1, 2], "b": {"c": "x y"}}, Transform={"RequestBodyEncoding": "URL_ENCODED", **options})
    assert web.sent[0].body == expected
    assert dict(web.sent[0].headers)["Content-Type"] == "application/x-www-form-urlencoded"


def test_what_the_connection_adds_wins() -> None:
    added = {"headers": {"X-Mine": "connection"}, "query": {"q": "connection"}, "body": {"b": "connection"}}
    web = Web(added=added)
    web.run(
        Headers={"x-mine": "task", "x-more": ["1", "2"]},
        QueryParameters={"q": "task", "list": [1, 2], "zero": 0},
        RequestBody={"b": "task", "falsy": [0, "", False, None]},
    )
    [request] = web.sent
    assert request.url == "https://example.com/orders?list=1&list=2&zero=0&q=connection"
    assert json.loads(request.body) == {"b": "connection", "falsy": [0, "", False, None]}
    headers = {name.lower(): value for name, value in request.headers}
    assert (headers["x-mine"], headers["x-more"]) == ("connection", "1, 2")


@pytest.mark.parametrize(
    "given",
    [
        {"Headers": {"Authorization": "mine"}},
        {"Headers": {"X-Amz-Date": "now"}},
        {"ApiEndpoint": "http://example.com/"},
        {"Method": "STEAL"},
    ],
)
def test_requests_that_aws_does_not_send_are_not_sent(given: dict[str, Any]) -> None:
    web = Web()
    assert web.run(**given)["error"] == "States.Runtime"
    assert web.sent == []


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"Method": "GET", "Authentication": {}}, '"ApiEndpoint" is required'),
        ({"ApiEndpoint": "https://a", "Method": "GET"}, '"Authentication" is required'),
        ({"ApiEndpoint": "https://a", "Method": "GET", "Authentication": {}, "Verb": 1}, '"Verb" is not supported'),
    ],
)
def test_arguments_are_checked_at_creation(parameters: dict[str, Any], text: str) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters, "End": True}
    with pytest.raises(AwsError, match=text) as caught:
        MachineRoom().create(machine(Call=state))
    assert caught.value.code == "InvalidDefinition"


@pytest.mark.parametrize(("reveals", "shown"), [(False, False), (True, True)])
def test_test_state_traces_the_request_and_the_response(reveals: bool, shown: bool) -> None:
    web = Web()
    answer = web.room.call(
        "TestState",
        definition=json.dumps(task(RequestBody={"a": 1})),
        roleArn="arn:aws:iam::000000000000:role/r",
        inspectionLevel="TRACE",
        revealSecrets=reveals,
    )
    assert answer["status"] == "SUCCEEDED"
    request, response = answer["inspectionData"]["request"], answer["inspectionData"]["response"]
    assert (request["protocol"], request["method"], request["url"]) == ("https", "POST", "https://example.com/orders")
    assert ("secret" in request["headers"]) is shown
    assert request["body"] == '{"a":1}'
    assert (response["statusCode"], response["statusMessage"], response["body"]) == ("200", "OK", '{"n": 0}')
