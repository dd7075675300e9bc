"""An engine with API Gateway and a function that a test scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.effects import Sleep
from emulator.engine import Engine
from emulator.http import HttpRequest, HttpResponse
from emulator.operation import CallContext, Reply, Service, operation
from emulator.services.apigateway import ApiGatewayQuotas, ApiGatewayService

FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:ingest"
NOON = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""


class ScriptedLambda(Service):
    """Answers each invoke with `answer(event)`: an object for the payload, an AwsError to raise, or seconds to take."""

    service_id = "lambda"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.answer: Callable[[dict[str, Any]], Any] = lambda event: {"statusCode": 200, "body": "ok"}
        self.invokes: list[tuple[dict[str, Any], CallContext]] = []

    @operation("Invoke")
    def invoke(self, params: Any, context: CallContext) -> Any:
        self.invokes.append((dict(params), context))
        answer = self.answer(orjson.loads(params["Payload"]))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Sleep):
            yield answer
            answer = {"statusCode": 200, "body": "late"}
        if isinstance(answer, bytes):
            return Reply({"StatusCode": 200, "Payload": answer})
        if isinstance(answer, Reply):
            return answer
        return Reply({"StatusCode": 200, "Payload": orjson.dumps(answer)})


class ApiDriver:
    """Calls operations and sends requests; time moves only when a test says so."""

    def __init__(self, quotas: ApiGatewayQuotas | None = None) -> None:
        self.clock = VirtualClock(NOON)
        self.engine = Engine(self.clock)
        self.account = Account("http://127.0.0.1:4566")
        self.service = ApiGatewayService(self.account, quotas)
        self.function = ScriptedLambda(self.account)
        self.engine.register("apigateway", self.service)
        self.engine.register("lambda", self.function)

    def call(self, name: str, /, **params: Any) -> Any:
        outcome: list[tuple[Any, BaseException | None]] = []
        context = CallContext(self.clock.now(), "request")
        self.engine.call("apigateway", name, params, context, lambda *ended: outcome.append(ended))
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    def start(self, request: HttpRequest, api_id: str, stage: str = "Prod") -> list[HttpResponse]:
        """Send a request; the list has the response as soon as there is one."""
        responses: list[HttpResponse] = []

        def done(response: Any, error: BaseException | None) -> None:
            assert error is None, error
            responses.append(response)

        process = self.service.handle_http(
            request, api_id, stage, request.path, self.clock.now(), "5a1b2c3d-0000-4000-8000-000000000000", "1-5e1b-abc"
        )
        self.engine.run_now("request", process, done)
        return responses

    def send(
        self,
        api_id: str,
        verb: str,
        path: str,
        *,
        stage: str = "Prod",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        query: str = "",
    ) -> HttpResponse:
        responses = self.start(HttpRequest(verb, path, query, headers, body, "203.0.113.9"), api_id, stage)
        assert responses, "the request waits for something"
        return responses[0]

    @property
    def event(self) -> dict[str, Any]:
        """The event of the last invoke."""
        event: dict[str, Any] = orjson.loads(self.function.invokes[-1][0]["Payload"])
        return event

    def advance(self, seconds: float) -> None:
        self.clock.move_to(self.clock.now() + seconds)
        self.engine.fire_due()
        self.engine.run_ready()

    def deploy(self, paths: dict[str, Any], stage: str = "Prod", **definition: Any) -> str:
        """Import a definition and deploy it; the API's id."""
        document = {"swagger": "2.0", "info": {"title": "api", "version": "1"}, "paths": paths, **definition}
        api = self.call("ImportRestApi", body=orjson.dumps(document))
        self.call("CreateDeployment", restApiId=api["id"], stageName=stage)
        api_id: str = api["id"]
        return api_id


def proxy(**more: Any) -> dict[str, Any]:
    """A method with a Lambda proxy integration."""
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION_ARN}/invocations"
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri, **more.pop("integration", {})}
    return {"responses": {}, "x-amazon-apigateway-integration": integration, **more}


@pytest.fixture
def driver() -> ApiDriver:
    return ApiDriver()


@pytest.fixture
def make_driver() -> type[ApiDriver]:
    return ApiDriver


@pytest.fixture
def proxy_method() -> Callable[..., dict[str, Any]]:
    return proxy


def body_of(response: HttpResponse) -> Any:
    return orjson.loads(response.body)


def header_of(response: HttpResponse, name: str) -> str | None:
    return next((value for key, value in response.headers if key.lower() == name.lower()), None)


@pytest.fixture
def read_body() -> Callable[[HttpResponse], Any]:
    return body_of


@pytest.fixture
def read_header() -> Callable[[HttpResponse, str], str | None]:
    return header_of
