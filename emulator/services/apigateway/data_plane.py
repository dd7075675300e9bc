"""One request to a stage: route, key, throttle, integration, answer.

The order is API Gateway's: size, route, API key, throttle and quota, integration. Each refusal is a gateway response,
which the API may customise, and leaves one journal entry that says why.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from emulator.account import Account
from emulator.effects import Call, Process, Race, Record, Sleep
from emulator.errors import AwsError
from emulator.http import HttpRequest, HttpResponse
from emulator.services.apigateway.gateway_response import render
from emulator.services.apigateway.media_types import first_accepted, is_binary
from emulator.services.apigateway.mock import mock_response
from emulator.services.apigateway.proxy_event import Exchange, proxy_event, request_time
from emulator.services.apigateway.proxy_response import MalformedResponse, ProxyResponse, parse_proxy_response
from emulator.services.apigateway.quotas import ApiGatewayQuotas
from emulator.services.apigateway.routes import Match
from emulator.services.apigateway.state import Deployment, RestApi, Stage
from emulator.services.apigateway.token_bucket import TokenBucket
from emulator.services.apigateway.usage_plans import UsagePlans

__all__ = ["DataPlane"]

PRINCIPAL = "apigateway.amazonaws.com"
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


class _Refused(Exception):
    """The gateway answers by itself. `status` replaces the type's default where AWS differs from its own table."""

    def __init__(self, kind: str, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.status = status


@dataclass(slots=True)
class DataPlane:
    """Serves requests of all APIs of one emulator."""

    account: Account
    quotas: ApiGatewayQuotas
    apis: dict[str, RestApi]
    usage_plans: UsagePlans
    account_bucket: TokenBucket | None = None
    method_buckets: dict[tuple[str, str, str], tuple[TokenBucket, float, float]] = field(default_factory=dict)

    def serve(
        self, request: HttpRequest, api_id: str, stage_name: str, path: str, now: float, request_id: str, trace_id: str
    ) -> Process:
        """The process that answers one request; its result is the HttpResponse."""
        exchange = Exchange(
            request=request,
            account_id=self.account.account_id,
            region=self.account.region,
            api_id=api_id,
            stage=stage_name,
            path=path if path.startswith("/") else f"/{path}",
            now=now,
            request_id=request_id,
            extended_request_id=f"{self.account.identifiers.letters(15)}=",
            trace_id=trace_id,
        )
        if len(request.body) > self.quotas.payload_bytes:
            # The front end refuses this before the API sees it: plain text, never customised.
            text = f"HTTP content length exceeded {self.quotas.payload_bytes} bytes."
            yield _refusal_entry(exchange, "REQUEST_TOO_LARGE", 413, text)
            return _respond(exchange, 413, [("Content-Type", "text/plain")], text.encode())
        api = self.apis.get(api_id)
        stage = None if api is None else api.stages.get(stage_name)
        if api is None or stage is None:
            yield _refusal_entry(exchange, "FORBIDDEN", 403, f"there is no stage {stage_name} of API {api_id}")
            headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", "ForbiddenException")]
            return _respond(exchange, 403, headers, b'{"message":"Forbidden"}')
        deployment = api.deployments[stage.deployment_id]
        match: Match | None = None
        try:
            match = deployment.routes.find(request.method, exchange.path)
            if match is None or match.method.integration is None:
                raise _Refused("MISSING_AUTHENTICATION_TOKEN", f"no method {request.method} on {exchange.path}")
            api_key = self._admit(exchange, stage, match)
            if match.method.integration.type == "MOCK":
                answer = mock_response(request, match.method.integration)
            else:
                answer = yield from self._invoke(exchange, stage, deployment, match, api_key)
        except MalformedResponse as malformed:
            refused = _Refused(malformed.kind, str(malformed), 502 if malformed.kind == "INTEGRATION_FAILURE" else None)
        except _Refused as refusal:
            refused = refusal
        else:
            return _respond(exchange, answer.status, answer.headers, answer.body)
        variables = _variables(exchange, stage, match)
        status, headers, body = render(refused.kind, deployment.gateway_responses, variables, status=refused.status)
        yield _refusal_entry(exchange, refused.kind, status, str(refused))
        return _respond(exchange, status, headers, body)

    def _admit(self, exchange: Exchange, stage: Stage, match: Match) -> tuple[str, str] | None:
        """Check key, throttles and quota: (id, value) of the key where the method asks for one."""
        now = exchange.now
        resource_path, verb = match.resource_path, match.method.http_method
        key = None
        if match.method.api_key_required:
            value = exchange.request.headers.get("x-api-key")
            key = None if value is None else self.usage_plans.key_of_value(value)
            if key is None or not key.enabled:
                reason = (
                    "no x-api-key header" if value is None else "unknown API key" if key is None else "disabled API key"
                )
                raise _Refused("INVALID_API_KEY", reason)
            covering = self.usage_plans.covering(key, exchange.api_id, exchange.stage)
            if covering is None:
                raise _Refused("INVALID_API_KEY", f"no usage plan of key {key.id} covers stage {exchange.stage}")
            plan, api_stage = covering
            kind = plan.refusal(key.id, api_stage, f"{resource_path}/{verb}", now)
            if kind is not None:
                raise _Refused(kind, f"usage plan {plan.name}, key {key.id}")
        for setting in (f"{resource_path.lstrip('/')}/{verb}", "*/*"):
            limits = stage.method_settings.get(setting)
            if limits is not None and "throttlingRateLimit" in limits:
                rate, burst = limits["throttlingRateLimit"], limits["throttlingBurstLimit"]
                if not self._method_bucket(exchange, setting, rate, burst).take(now):
                    raise _Refused("THROTTLED", f"stage {stage.stage_name}, method setting {setting}")
                break
        if self.account_bucket is None:
            self.account_bucket = TokenBucket.full(self.quotas.account_rate_limit, self.quotas.account_burst_limit, now)
        if not self.account_bucket.take(now):
            raise _Refused("THROTTLED", "the account's request rate")
        return None if key is None else (key.id, key.value)

    def _method_bucket(self, exchange: Exchange, setting: str, rate: float, burst: float) -> TokenBucket:
        place = (exchange.api_id, exchange.stage, setting)
        known = self.method_buckets.get(place)
        if known is not None and known[1:] == (rate, burst):
            return known[0]
        bucket = TokenBucket.full(rate, burst, exchange.now)
        self.method_buckets[place] = (bucket, rate, burst)
        return bucket

    def _invoke(
        self, exchange: Exchange, stage: Stage, deployment: Deployment, match: Match, api_key: tuple[str, str] | None
    ) -> Process:
        integration = match.method.integration
        assert integration is not None
        if integration.http_method != "POST":
            raise _Refused(
                "API_CONFIGURATION_ERROR", f"a Lambda integration calls with POST, not {integration.http_method}"
            )
        function = _STAGE_VARIABLE.sub(lambda found: stage.variables.get(found.group(1), ""), integration.function)
        payload = proxy_event(
            exchange,
            match,
            deployment_id=deployment.id,
            stage_variables=stage.variables,
            binary_media_types=deployment.binary_media_types,
            api_key=api_key,
        )
        params = {"FunctionName": function, "InvocationType": "RequestResponse", "Payload": payload}
        call = Call(
            "lambda",
            "Invoke",
            params,
            # A role in the integration's credentials takes the place of the function's resource policy.
            principal=PRINCIPAL if integration.credentials is None else integration.credentials,
            trace_id=exchange.trace_id,
            source_arn=self.account.arn(
                "execute-api", f"{exchange.api_id}/{exchange.stage}/{exchange.request.method}{match.resource_path}"
            ),
        )
        try:
            winner, invoked = yield Race((_once(call), _sleep(integration.timeout_in_millis / 1000.0)))
        except AwsError as error:
            if error.code == "RequestEntityTooLargeException":
                # A body below 10 MB whose event is above Lambda's 6 MB: 413 "Request Too Long" on a REST API.
                raise _Refused("REQUEST_TOO_LARGE", error.message) from None
            # Throttles and refusals alike: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
            kind = "API_CONFIGURATION_ERROR" if error.status in (403, 404) else "INTEGRATION_FAILURE"
            raise _Refused(kind, f"Lambda refused the invoke: {error.code}: {error.message}", 500) from None
        if winner == 1:
            raise _Refused("INTEGRATION_TIMEOUT", f"{function} took longer than {integration.timeout_in_millis} ms")
        if invoked.get("FunctionError") is not None:
            raise MalformedResponse(f"{function} failed: {invoked['FunctionError']}")
        accepted = first_accepted(exchange.request.headers.get("accept", ""))
        binary_accepted = is_binary(accepted, deployment.binary_media_types)
        answer: ProxyResponse = parse_proxy_response(invoked["Payload"], binary_accepted=binary_accepted)
        return answer


def _once(call: Call) -> Process:
    return (yield call)


def _sleep(seconds: float) -> Process:
    yield Sleep(seconds)


def _variables(exchange: Exchange, stage: Stage, match: Match | None) -> dict[str, str]:
    request = exchange.request
    return {
        "context.apiId": exchange.api_id,
        "context.domainName": exchange.domain_name,
        "context.extendedRequestId": exchange.extended_request_id,
        "context.httpMethod": request.method,
        "context.identity.sourceIp": request.source_ip,
        "context.identity.userAgent": request.headers.get("user-agent", ""),
        "context.path": f"/{exchange.stage}{exchange.path}",
        "context.protocol": "HTTP/1.1",
        "context.requestId": exchange.request_id,
        "context.requestTime": request_time(exchange.now),
        "context.requestTimeEpoch": str(int(exchange.now * 1000)),
        "context.resourcePath": "" if match is None else match.resource_path,
        "context.stage": exchange.stage,
        **{f"stageVariables.{name}": value for name, value in stage.variables.items()},
    }


def _refusal_entry(exchange: Exchange, kind: str, status: int, reason: str) -> Record:
    resource = f"{exchange.api_id}/{exchange.stage} {exchange.request.method} {exchange.path}"
    return Record("apigateway", "gateway_response", resource, kind, {"status": status, "reason": reason[:500]})


def _respond(exchange: Exchange, status: int, headers: list[tuple[str, str]], body: bytes) -> HttpResponse:
    own = (
        ("x-amzn-RequestId", exchange.request_id),
        ("x-amz-apigw-id", exchange.extended_request_id),
        ("X-Amzn-Trace-Id", f"Root={exchange.trace_id}"),
    )
    return HttpResponse(status, (*headers, *own), body)
