"""Function URLs' data plane: `handle_url` answers one HTTP request.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

from __future__ import annotations

import orjson

from emulator.effects import Process, Record
from emulator.errors import AwsError
from emulator.http import HttpRequest, HttpResponse
from emulator.services.lambda_.execution import Event, Executed
from emulator.services.lambda_.function_name import function_arn
from emulator.services.lambda_.function_url_operations import FunctionUrlOperations
from emulator.services.lambda_.invoke_stream_operations import InvokeStreamOperations
from emulator.services.lambda_.state import Configuration, Function, FunctionUrl
from emulator.services.lambda_.transitions import check_invocable
from emulator.services.lambda_.url_exchange import BadAnswer, UrlExchange, buffered_response, cors_headers, event_of
from emulator.services.lambda_.url_policy import everybody_may
from emulator.services.lambda_.url_stream import UrlStream

__all__ = ["FunctionUrls"]

_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


class FunctionUrls(FunctionUrlOperations, InvokeStreamOperations):
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

        `principal` is the ARN of whoever signed the request for Lambda; empty for an unsigned one.
        """
        found = self.url_of(url_id)
        if found is None:
            return _refusal(403, "AccessDeniedException", None, request_id)
        function, qualifier, url = found
        if url.cors is not None and request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return _with(HttpResponse(200), request_id, *cors_headers(url.cors, request, preflight=True))
        cors = [] if url.cors is None else cors_headers(url.cors, request, preflight=False)
        if not self._may_invoke(function, qualifier, url, principal):
            yield Record("lambda", "url_refused", function.name, "Forbidden", {"auth_type": url.auth_type})
            return _with(_refusal(403, "AccessDeniedException", _FORBIDDEN, request_id), "", *cors)
        account = self.account
        caller = principal if url.auth_type == "AWS_IAM" else ""
        exchange = UrlExchange(
            request, url_id, path or "/", account.account_id, account.region, request_id, trace_id, now, caller
        )
        response: HttpResponse = yield from self._answer(function, qualifier, url, exchange)
        trace = (("X-Amzn-Trace-Id", f"Root={trace_id}"),) if trace_id else ()
        return _with(response, request_id, *trace, *cors)

    def _answer(self, function: Function, qualifier: str, url: FunctionUrl, exchange: UrlExchange) -> Process:
        payload = orjson.dumps(event_of(exchange))
        if len(payload) > self.quotas.synchronous_request_bytes:
            return _refusal(413, "RequestEntityTooLargeException", "Request Entity Too Large")
        arn = function_arn(self.account, function.name, qualifier or None)
        event = Event(exchange.request_id, payload, arn, exchange.trace_id)
        try:
            configuration = self.configuration(function, qualifier or None)
            check_invocable(configuration, exchange.now)
            self.check_rate(function, exchange.now)
            if url.invoke_mode == "RESPONSE_STREAM":
                return (yield from self._streamed(function, configuration, event))
            executed: Executed = yield from self.execute(function, configuration, event)
            return _BAD_GATEWAY if executed.failed else buffered_response(executed.payload)
        except AwsError as error:
            return (
                _refusal(429, "TooManyRequestsException", "Too Many Requests") if error.status == 429 else _BAD_GATEWAY
            )
        except BadAnswer as problem:
            yield Record("lambda", "url_answer_refused", function.name, "BadAnswer", {"reason": str(problem)})
            return _BAD_GATEWAY

    def _streamed(self, function: Function, configuration: Configuration, event: Event) -> Process:
        """Pass on what the function writes; a failure in the middle cuts the response off. Raises BadAnswer.

        What a function returns that does not stream is the body as it is: its status and headers are not looked at.
        """
        stream = UrlStream(self.quotas.streamed_response_bytes)

        def end(executed: Executed) -> None:
            if executed.failed:
                stream.body.fail()
                return
            if not stream.begun:
                stream.open("")
                stream.add(executed.payload)
            stream.body.finish()

        executed: Executed | None = yield from self.stream(function, configuration, event, stream, end)
        if stream.problem is not None or (stream.head is None and executed is not None and not executed.failed):
            stream.body.abandon()
            raise stream.problem or BadAnswer("the stream has no metadata")
        if stream.head is None or (executed is not None and executed.failed and not stream.begun):
            return _BAD_GATEWAY
        return HttpResponse(stream.head.status, stream.head.headers, stream=stream.body)

    def _may_invoke(self, function: Function, qualifier: str, url: FunctionUrl, principal: str) -> bool:
        """A signed request of this account may; an unsigned one needs a policy that lets everybody."""
        if url.auth_type == "AWS_IAM":
            return bool(principal)
        return everybody_may(function.policies.get(qualifier, {}).values(), url.auth_type)


_BAD_GATEWAY = HttpResponse(502, (("Content-Type", "application/json"),), b"Internal Server Error")


def _refusal(status: int, error_type: str, message: str | None, request_id: str = "") -> HttpResponse:
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", error_type))
    response = HttpResponse(status, headers, orjson.dumps({"Message": message}))
    return _with(response, request_id) if request_id else response


def _with(response: HttpResponse, request_id: str, *headers: tuple[str, str]) -> HttpResponse:
    """The response with Lambda's own headers; a header of the function's that the transport decides on is left out."""
    kept = tuple(one for one in response.headers if one[0].lower() not in _OF_THE_TRANSPORT)
    own = (("x-amzn-RequestId", request_id),) if request_id else ()
    return HttpResponse(response.status, (*kept, *own, *headers), response.body, stream=response.stream)


_OF_THE_TRANSPORT = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
