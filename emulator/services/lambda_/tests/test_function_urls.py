"""Function URLs. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from emulator.http import HttpRequest, HttpResponse
from emulator.sandbox.effects import InvocationResult
from emulator.services.lambda_.errors import ResourceConflictException
from emulator.services.lambda_.tests.fake_sandbox import Lambda, Streaming, Taken, error, ok

PROXY = "application/vnd.awslambda.http-integration-response"
URL_PERMISSION = {
    "StatementId": "url",
    "Action": "lambda:InvokeFunctionUrl",
    "Principal": "*",
    "FunctionUrlAuthType": "NONE",
}
FUNCTION_PERMISSION = {
    "StatementId": "function",
    "Action": "lambda:InvokeFunction",
    "Principal": "*",
    "InvokedViaFunctionUrl": True,
}


def with_url(public: bool = True, **members: Any) -> tuple[Lambda, str]:
    aws = Lambda()
    aws.function()
    shown = aws.call("CreateFunctionUrlConfig", FunctionName="f", **{"AuthType": "NONE", **members})
    if public:
        aws.call("AddPermission", FunctionName="f", **URL_PERMISSION)
        aws.call("AddPermission", FunctionName="f", **FUNCTION_PERMISSION)
    return aws, shown["FunctionUrl"].removeprefix("https://").partition(".")[0]


def ask(
    aws: Lambda, url_id: str, method: str = "GET", path: str = "/", principal: str = "", **members: Any
) -> HttpResponse:
    headers = tuple(members.pop("headers", {}).items())
    request = HttpRequest(method, path, members.pop("query", ""), headers, members.pop("body", b""))
    answers: list[Any] = []
    process = aws.service.handle_url(request, url_id, path, aws.clock.now(), "request-1", "1-a-b", principal)
    aws.engine.run_now("url", process, lambda value, problem: answers.append(problem or value))
    aws.engine.run_ready()
    (answer,) = answers
    assert isinstance(answer, HttpResponse), answer
    return answer


def test_request_becomes_an_event_of_format_2() -> None:
    aws, url_id = with_url()
    ask(aws, url_id, "POST", "/a%20b", query="x=1&x=2&y=", body=b"text",
        headers={"Content-Type": "text/plain", "X-One": "1", "Connection": "keep-alive", "Cookie": "a=1; b=2"})  # fmt: skip
    event = json.loads(aws.runs[-1].payload)
    assert {
        name: event[name] for name in ("version", "rawPath", "rawQueryString", "cookies", "body", "isBase64Encoded")
    } == {
        "version": "2.0",
        "rawPath": "/a b",
        "rawQueryString": "x=1&x=2&y=",
        "cookies": ["a=1", "b=2"],
        "body": "text",
        "isBase64Encoded": False,
    }
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["headers"]["x-one"] == "1"
    assert "connection" not in event["headers"]
    assert event["headers"]["x-forwarded-proto"] == "https"
    assert {"x-amzn-tls-version", "x-amzn-tls-cipher-suite"} <= set(event["headers"])
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["domainName"] == f"{url_id}.lambda-url.us-east-1.on.aws"


def test_binary_body_comes_in_base64() -> None:
    aws, url_id = with_url()
    ask(aws, url_id, "POST", body=b"\x00\xff", headers={"Content-Type": "image/png"})
    event = json.loads(aws.runs[-1].payload)
    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\x00\xff")


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        (b'{"statusCode":201,"headers":{"Content-Type":"text/x"},"body":"hi"}', 201, "text/x", b"hi"),
        (b'{"statusCode":200,"body":"AP8=","isBase64Encoded":true}', 200, "application/json", b"\x00\xff"),
        (b'{"no":"status"}', 200, "application/json", b'{"no":"status"}'),
        (b'"plain"', 200, "application/json", b"plain"),
        (b'{"statusCode":"many"}', 502, "application/json", b"Internal Server Error"),
    ],
)
def test_result_becomes_a_response(result: bytes, status: int, content_type: str, body: bytes) -> None:
    aws, url_id = with_url()
    aws.handler = lambda payload: ok(result)
    answer = ask(aws, url_id)
    assert (answer.status, dict(answer.headers)["Content-Type"], answer.body) == (status, content_type, body)


def test_cookies_become_headers_of_their_own() -> None:
    aws, url_id = with_url()
    aws.handler = lambda payload: ok(b'{"statusCode":200,"cookies":["a=1","b=2"]}')
    assert [value for name, value in ask(aws, url_id).headers if name == "Set-Cookie"] == ["a=1", "b=2"]


def test_refusals_and_failures_have_lambdas_statuses() -> None:
    aws, url_id = with_url(public=False)
    assert ask(aws, url_id).status == 403
    nobodys = ask(aws, "0" * 32)
    assert (nobodys.status, nobodys.body) == (403, b'{"Message":null}')
    assert dict(nobodys.headers)["x-amzn-ErrorType"] == "AccessDeniedException"
    aws, url_id = with_url()
    aws.handler = error
    assert ask(aws, url_id).status == 502
    assert ask(aws, url_id, "POST", body=b"x" * 6_291_456).status == 413
    aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    assert ask(aws, url_id).status == 429


def test_url_of_a_deleted_alias_stays_and_lets_nobody_in() -> None:
    aws = Lambda()
    aws.function(Publish=True)
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    url = aws.call("CreateFunctionUrlConfig", FunctionName="f", Qualifier="live", AuthType="NONE")["FunctionUrl"]
    url_id = url.removeprefix("https://").partition(".")[0]
    for statement, action in (("a", "lambda:InvokeFunctionUrl"), ("b", "lambda:InvokeFunction")):
        aws.call(
            "AddPermission", FunctionName="f", Qualifier="live", StatementId=statement, Action=action, Principal="*"
        )
    assert ask(aws, url_id).status == 200
    aws.call("DeleteAlias", FunctionName="f", Name="live")
    refused = ask(aws, url_id)
    assert refused.status == 403
    assert b"Forbidden. For troubleshooting Function URL authorization issues" in refused.body


def test_signed_requests_only_where_the_url_says_so() -> None:
    aws, url_id = with_url(public=False, AuthType="AWS_IAM")
    assert ask(aws, url_id).status == 403
    assert ask(aws, url_id, principal="arn:aws:iam::000000000000:user/u").status == 200
    event = json.loads(aws.runs[-1].payload)
    assert event["requestContext"]["authorizer"]["iam"]["userArn"] == "arn:aws:iam::000000000000:user/u"


@pytest.mark.parametrize(
    "permissions",
    [
        (URL_PERMISSION,),
        (FUNCTION_PERMISSION,),
        (URL_PERMISSION, {**FUNCTION_PERMISSION, "Principal": "111111111111"}),
        ({**URL_PERMISSION, "FunctionUrlAuthType": "AWS_IAM"}, FUNCTION_PERMISSION),
        (URL_PERMISSION, {**FUNCTION_PERMISSION, "SourceArn": "arn:aws:s3:::b"}),
    ],
)
def test_public_url_needs_both_permissions_for_everybody(permissions: tuple[dict[str, Any], ...]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html, since October 2025"""
    aws, url_id = with_url(public=False)
    for permission in permissions:
        aws.call("AddPermission", FunctionName="f", **permission)
    answer = ask(aws, url_id)
    assert (answer.status, json.loads(answer.body)["Message"][:10]) == (403, "Forbidden.")
    assert dict(answer.headers)["x-amzn-ErrorType"] == "AccessDeniedException"
    assert aws.runs == []


def test_alias_of_a_public_function_has_a_policy_of_its_own() -> None:
    aws, _ = with_url()
    aws.call("PublishVersion", FunctionName="f")
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    shown = aws.call("CreateFunctionUrlConfig", FunctionName="f", Qualifier="live", AuthType="NONE")
    url_id = shown["FunctionUrl"].removeprefix("https://").partition(".")[0]
    assert ask(aws, url_id).status == 403
    for permission in (URL_PERMISSION, FUNCTION_PERMISSION):
        aws.call("AddPermission", FunctionName="f", Qualifier="live", **permission)
    assert ask(aws, url_id).status == 200


def streamed(*parts: bytes, content_type: str = "", result: InvocationResult | None = None) -> Streaming:
    return lambda stream: (stream.begin(content_type), [*map(stream.write, parts)], result or ok(b""))[-1]


def read(response: HttpResponse) -> tuple[bytes, bool | None]:
    """What a client gets of a streamed body, and whether it is whole; None where it goes on."""
    taken = Taken()
    assert response.stream is not None
    response.stream.connect(taken)
    return b"".join(taken.parts), taken.whole


def test_stream_carries_its_own_status_and_headers() -> None:
    aws, url_id = with_url(InvokeMode="RESPONSE_STREAM")
    parts = (b'{"statusCode":207,"hea', b'ders":{"a":"b","content-length":"9"}}' + bytes(5), bytes(3) + b"bo", b"dy")
    aws.streaming = streamed(*parts, content_type=PROXY)
    answer = ask(aws, url_id)
    assert (answer.status, dict(answer.headers)["a"], read(answer)) == (207, "b", (b"body", True))
    assert "content-length" not in dict(answer.headers)
    stream = aws.runs[-1].stream
    assert stream is not None
    assert stream.limit_bytes == 209_715_200


def test_response_begins_before_the_function_has_ended() -> None:
    aws, url_id = with_url(InvokeMode="RESPONSE_STREAM")
    aws.hold = True
    aws.streaming = streamed(b"early", content_type="text/x")
    answer = ask(aws, url_id)
    assert (answer.status, dict(answer.headers)["Content-Type"], read(answer)) == (200, "text/x", (b"early", None))
    taken = Taken()
    assert answer.stream is not None
    answer.stream.connect(taken)
    aws.finish()
    assert (taken.parts, taken.whole) == ([], True)


def test_failure_in_the_middle_of_a_stream_cuts_it_off() -> None:
    aws, url_id = with_url(InvokeMode="RESPONSE_STREAM")
    aws.streaming = streamed(b"some", content_type="text/x", result=error(b""))
    answer = ask(aws, url_id)
    assert (answer.status, read(answer)) == (200, (b"some", False))


@pytest.mark.parametrize(
    ("streaming", "status"),
    [
        (streamed(b"no json" + bytes(8), content_type=PROXY), 502),
        (streamed(b'{"statusCode":200}', content_type=PROXY), 502),
        (lambda stream: error(b""), 502),
        (lambda stream: ok(b'{"statusCode":404}'), 200),
    ],
    ids=["bad metadata", "no end of metadata", "an error before anything", "a function that does not stream"],
)
def test_streaming_url_of_what_does_not_stream_well(streaming: Streaming, status: int) -> None:
    aws, url_id = with_url(InvokeMode="RESPONSE_STREAM")
    aws.streaming = streaming
    answer = ask(aws, url_id)
    assert answer.status == status
    if status == 200:
        assert read(answer) == (b'{"statusCode":404}', True)


def test_cors_answers_preflights_itself_and_marks_responses() -> None:
    cors = {"AllowOrigins": ["https://*.example.com"], "AllowMethods": ["GET"], "AllowHeaders": ["x-a"], "MaxAge": 60}
    aws, url_id = with_url(Cors=cors)
    origin = {"Origin": "https://shop.example.com"}
    preflight = dict(ask(aws, url_id, "OPTIONS", headers={**origin, "Access-Control-Request-Method": "GET"}).headers)
    assert preflight["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert (preflight["Access-Control-Allow-Methods"], preflight["Access-Control-Max-Age"]) == ("GET", "60")
    assert aws.runs == [], "the function is not asked"
    assert dict(ask(aws, url_id, headers=origin).headers)["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert "Access-Control-Allow-Origin" not in dict(ask(aws, url_id, headers={"Origin": "https://evil.com"}).headers)


def test_url_configs_are_made_once_listed_changed_and_deleted() -> None:
    aws, _ = with_url()
    with pytest.raises(ResourceConflictException):
        aws.call("CreateFunctionUrlConfig", FunctionName="f", AuthType="NONE")
    aws.call("UpdateFunctionUrlConfig", FunctionName="f", AuthType="AWS_IAM")
    (listed,) = aws.call("ListFunctionUrlConfigs", FunctionName="f")["FunctionUrlConfigs"]
    assert listed == aws.call("GetFunctionUrlConfig", FunctionName="f")
    assert listed["AuthType"] == "AWS_IAM"
    aws.call("DeleteFunctionUrlConfig", FunctionName="f")
    assert aws.call("ListFunctionUrlConfigs", FunctionName="f")["FunctionUrlConfigs"] == []
