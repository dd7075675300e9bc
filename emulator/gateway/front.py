"""The front: takes each HTTP request to the control API, an API stage, a function URL or an AWS service, and writes the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import unquote

import orjson

from emulator.account import Account
from emulator.effects import Process
from emulator.engine import Engine
from emulator.errors import AwsError, InternalFailure, UnsupportedOperation
from emulator.gateway.control import Control
from emulator.gateway.routing import (
    BRIDGED,
    NATIVE,
    ApiStage,
    FunctionUrl,
    Scope,
    api_stage_of,
    function_url_of,
    scope_of,
    service_of,
)
from emulator.gateway.s3_surface import BrowserRules, S3Surface
from emulator.gateway.server import BodyIntake, Respond
from emulator.http import HttpRequest, HttpResponse
from emulator.operation import CallContext

if TYPE_CHECKING:
    from emulator.protocols import Wires

__all__ = ["ApiStages", "Front", "FunctionUrls"]

logger = logging.getLogger(__name__)


class ApiStages(Protocol):
    """The data plane of REST APIs, which the service `apigateway` has beside its operations."""

    def handle_http(
        self,
        request: HttpRequest,
        api_id: str,
        stage: str,
        path: str,
        now: float,
        request_id: str,
        trace_id: str,
    ) -> Process: ...


class FunctionUrls(Protocol):
    """The data plane of function URLs, which the service `lambda` has beside its operations."""

    def handle_url(
        self,
        request: HttpRequest,
        url_id: str,
        path: str,
        now: float,
        request_id: str,
        trace_id: str,
        principal: str,
    ) -> Process: ...


class Front:
    """Handles every request of one emulator."""

    def __init__(
        self, engine: Engine, account: Account, wires: Callable[[], Wires], control: Control, s3: S3Surface
    ) -> None:
        self._s3 = s3
        self._engine = engine
        self._account = account
        self._wires = wires
        self._control = control

    def __call__(self, request: HttpRequest, respond: Respond) -> None:
        if request.path.startswith("/_windtunnel"):
            self._control.handle(request, respond)
            return
        stage = api_stage_of(request)
        if stage is not None:
            self._handle_stage(request, stage, respond)
            return
        url = function_url_of(request)
        if url is not None:
            self._handle_function_url(request, url, respond)
            return
        self._handle_service(request, respond)

    def intake(self, head: HttpRequest) -> BodyIntake | None:
        """Takes the large bodies of S3 while they arrive."""
        if head.path.startswith("/_windtunnel") or api_stage_of(head) is not None or function_url_of(head) is not None:
            return None
        return self._s3.begin(head) if service_of(head, scope_of(head)) == "s3" else None

    # -- API stages and function URLs --------------------------------------------------------------------------------------------

    def _handle_stage(self, request: HttpRequest, stage: ApiStage, respond: Respond) -> None:
        stages = cast(ApiStages, self._engine.service("apigateway"))

        def answer(now: float, request_id: str, trace_id: str) -> Process:
            return stages.handle_http(request, stage.api_id, stage.stage, stage.path, now, request_id, trace_id)

        failure = HttpResponse(500, (("Content-Type", "application/json"),), b'{"message": "Internal server error"}')
        resource = f"{stage.api_id}/{stage.stage}{stage.path}"
        self._handle_data(request, "apigateway", resource, answer, failure, respond)

    def _handle_function_url(self, request: HttpRequest, url: FunctionUrl, respond: Respond) -> None:
        urls = cast(FunctionUrls, self._engine.service("lambda"))
        scope = scope_of(request)
        principal = self._principal(scope) if scope.signing_name == "lambda" else ""

        def answer(now: float, request_id: str, trace_id: str) -> Process:
            return urls.handle_url(request, url.url_id, url.path, now, request_id, trace_id, principal)

        failure = HttpResponse(502, (("Content-Type", "application/json"),), b"Internal Server Error")
        self._handle_data(request, "lambda", f"{url.url_id}{url.path}", answer, failure, respond)

    def _handle_data(
        self,
        request: HttpRequest,
        service: str,
        resource: str,
        answer: Callable[[float, str, str], Process],
        failure: HttpResponse,
        respond: Respond,
    ) -> None:
        """Answer a request of a data plane with what a service's process makes of it: `answer(now, request id, trace id)`."""
        engine = self._engine
        now = engine.clock.now()
        trace_id = _trace_part(request, "Root") or engine.identifiers.trace_root(now)
        engine.journal.write(
            now,
            "request",
            service,
            request.method,
            resource=resource,
            trace_id=trace_id,
            request_bytes=request.body_bytes,
        )
        engine.requests += 1

        def done(result: Any, error: BaseException | None) -> None:
            engine.requests -= 1
            if error is not None:
                logger.error("%s %s failed", request.method, request.path, exc_info=error)
                result = failure
            respond(result)
            engine.on_ready()
            engine.journal.write(
                engine.clock.now(),
                "response",
                service,
                request.method,
                resource=resource,
                trace_id=trace_id,
                started=now,
                outcome=str(result.status),
                response_bytes=result.body_bytes,
            )

        process = answer(now, engine.identifiers.uuid(), trace_id)
        engine.run_now(
            f"{request.method} {resource}", process, done, trace_id=trace_id, principal=f"{service}.amazonaws.com"
        )

    # -- services ----------------------------------------------------------------------------------------------------------------

    def _handle_service(self, request: HttpRequest, respond: Respond) -> None:
        engine = self._engine
        scope = scope_of(request)
        service = service_of(request, scope)
        request_id = engine.identifiers.uuid()
        if service not in NATIVE and service not in BRIDGED:
            respond(
                _refusal(
                    f"service {service!r} is not supported by this emulator; it has: "
                    f"{', '.join(sorted(NATIVE | BRIDGED))}",
                    request_id,
                )
            )
            return
        wire = self._wires().get(service)
        operation = ""
        params: Mapping[str, Any] = {}
        unmodelled = None
        try:
            if service == "s3":
                request, unmodelled = self._s3.received(request)
                respond = self._to_browsers(request, respond)
                self._s3.check(request, engine.clock.now())
            else:
                self._check_region(scope, service)
            if unmodelled is None:
                routed = wire.route(request)
                operation = routed.operation
                if service in NATIVE:
                    params = wire.parse(operation, request, routed.uri_params)
                    wire.validate(operation, params)
            else:
                operation, params = unmodelled, self._s3.target(request)
        except AwsError as error:
            respond(wire.serialise_error(error, request_id, operation or None))
            return

        runs_functions = service == "lambda"
        if runs_functions:
            engine.requests += 1

        def done(result: Any, error: BaseException | None) -> None:
            if runs_functions:
                engine.requests -= 1
                engine.on_ready()
            if isinstance(result, HttpResponse) and error is None:
                respond(self._s3.identified(result, request_id) if service == "s3" else result)
                return
            try:
                if error is None:
                    response = wire.serialise(operation, result, request_id)
                else:
                    response = wire.serialise_error(_visible(error), request_id, operation)
            except Exception as defect:
                logger.exception("the answer of %s:%s cannot be written", service, operation)
                response = wire.serialise_error(
                    InternalFailure(f"{service}:{operation}: {defect!r}"), request_id, operation
                )
            respond(response)

        context = CallContext(
            now=engine.clock.now(),
            request_id=request_id,
            trace_id=_trace_part(request, "Root"),
            span=_trace_part(request, "Parent"),
            principal=self._principal(scope),
            source_ip=request.source_ip,
            request=request,
        )
        engine.call(service, operation, params, context, done)

    def _to_browsers(self, request: HttpRequest, respond: Respond) -> Respond:
        """Responds with the headers that let a page of another origin read the answer, where there is such a page."""
        if "origin" not in request.headers:
            return respond
        rules = cast(BrowserRules, self._engine.service("s3"))
        return lambda response: respond(self._s3.with_cors(request, response, rules))

    def _check_region(self, scope: Scope, service: str) -> None:
        region = self._account.region
        global_service = service in ("iam", "sts") and scope.region in ("us-east-1", "aws-global")
        if scope.region and scope.region != region and not global_service:
            raise UnsupportedOperation(
                f"this emulator plays region {region}, the request to {service} is signed for {scope.region}: "
                f"set AWS_REGION={region}, or start the emulator with --region {scope.region}"
            )

    def _principal(self, scope: Scope) -> str:
        if not scope.access_key_id:
            return ""
        known = self._account.principals.get(scope.access_key_id)
        return self._account.arn("iam", "root", region="") if known is None else known


def _trace_part(request: HttpRequest, wanted: str) -> str:
    """One part of the caller's X-Ray trace header (`Root`, `Parent`), or an empty string."""
    for part in request.headers.get("x-amzn-trace-id", "").split(";"):
        name, _, value = part.partition("=")
        if name.strip() == wanted:
            return unquote(value.strip())
    return ""


def _visible(error: BaseException) -> AwsError:
    return error if isinstance(error, AwsError) else InternalFailure(f"{type(error).__name__}: {error}")


def _refusal(message: str, request_id: str) -> HttpResponse:
    """An answer that every AWS client shows to its user, whatever the protocol."""
    body = orjson.dumps({"__type": "NotImplemented", "code": "NotImplemented", "message": message})
    headers = (
        ("Content-Type", "application/json"),
        ("x-amzn-errortype", "NotImplemented"),
        ("x-amzn-RequestId", request_id),
    )
    return HttpResponse(501, headers, body)
