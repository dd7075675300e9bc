"""Function URLs' data plane: `handle_url` answers one HTTP request.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html

A streamed response is collected and leaves in one piece: what arrives is AWS's, when it arrives is not.
"""

from __future__ import annotations

import orjson

from emulator.effects import Process, Record
from emulator.errors import AwsError
from emulator.http import HttpRequest, HttpResponse
from emulator.services.lambda_.execution import Event, Executed
from emulator.services.lambda_.function_name import function_arn
from emulator.services.lambda_.function_url_operations import FunctionUrlOperations
from emulator.services.lambda_.invoke_operations import InvokeOperations
from emulator.services.lambda_.state import Function, FunctionUrl
from emulator.services.lambda_.url_exchange import (
    BadAnswer,
    UrlExchange,
    buffered_response,
    cors_headers,
    event_of,
    streamed_response,
)

__all__ = ["FunctionUrls"]

_ACTION = "lambda:InvokeFunctionUrl"
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


class FunctionUrls(FunctionUrlOperations, InvokeOperations):
    """HTTP requests to functions."""

    def handle_url(
        self,
        request: HttpRequest,
        url_id: str,
        path: str,
        now: float,
        request_id: str,
        trace_id: str,
        principal: str = "",
    ) -> Process:
        """The process that answers a request to `https://<url_id>.lambda-url.<region>.on.aws<path>`; its result is the HttpResponse.

        `principal` is the ARN of whoever signed the request; empty for an unsigned one.
        """
        found = self.url_of(url_id)
        if found is None:
            return _message(404, "Not Found")
        function, qualifier, url = found
        if url.cors is not None and request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return HttpResponse(200, tuple(cors_headers(url.cors, request, preflight=True)))
        if not self._may_invoke(function, qualifier, url, principal):
            yield Record("lambda", "url_refused", function.name, "Forbidden", {"auth_type": url.auth_type})
            return _message(403, _FORBIDDEN)
        account = self.account
        caller = principal if url.auth_type == "AWS_IAM" else ""
        exchange = UrlExchange(
            request, url_id, path or "/", account.account_id, account.region, request_id, trace_id, now, caller
        )
        response: HttpResponse = yield from self._answer(function, qualifier, url, exchange)
        extra = [] if url.cors is None else cors_headers(url.cors, request, preflight=False)
        headers = (*response.headers, ("x-amzn-RequestId", request_id), *extra)
        return HttpResponse(response.status, headers, response.body)

    def _answer(self, function: Function, qualifier: str, url: FunctionUrl, exchange: UrlExchange) -> Process:
        payload = orjson.dumps(event_of(exchange))
        if len(payload) > self.quotas.synchronous_request_bytes:
            return _message(413, "Request Entity Too Large")
        streams = url.invoke_mode == "RESPONSE_STREAM"
        event = Event(
            exchange.request_id,
            payload,
            function_arn(self.account, function.name, qualifier or None),
            exchange.trace_id,
            streamed_limit_bytes=self.quotas.streamed_response_bytes if streams else None,
        )
        try:
            configuration = self.configuration(function, qualifier or None)
            executed: Executed = yield from self.execute(function, configuration, event)
        except AwsError as error:
            return _message(429, "Too Many Requests") if error.status == 429 else _message(502, "Internal Server Error")
        if executed.failed and not executed.streamed:
            return _message(502, "Internal Server Error")
        try:
            if streams:
                return streamed_response(executed.streamed or executed.payload, executed.content_type)
            return buffered_response(executed.payload)
        except BadAnswer as problem:
            yield Record("lambda", "url_answer_refused", function.name, "BadAnswer", {"reason": str(problem)})
            return _message(502, "Internal Server Error")

    def _may_invoke(self, function: Function, qualifier: str, url: FunctionUrl, principal: str) -> bool:
        """A signed request of this account may; an unsigned one needs a statement for everybody."""
        if url.auth_type == "AWS_IAM":
            return bool(principal)
        for statement in function.policies.get(qualifier, {}).values():
            who = statement.get("Principal")
            everybody = who == "*" or (isinstance(who, dict) and "*" in who.values())
            if (
                everybody
                and statement.get("Effect") == "Allow"
                and statement.get("Action") in (_ACTION, "lambda:*", "*")
            ):
                return True
        return False


def _message(status: int, text: str) -> HttpResponse:
    body = text.encode() if status == 502 else orjson.dumps({"Message": text})
    return HttpResponse(status, (("Content-Type", "application/json"),), body)
