"""Function URLs by plain HTTP, and responses that leave while functions write them.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from emulator.clock import stopwatch
from emulator.targets import EmbeddedTarget, Target
from emulator.targets.api_url import reachable_url
from fixtures.http import http as ask

ROLE = "arn:aws:iam::000000000000:role/runner"

PYTHON = """
import json, os

def handler(event, context):
    if event.get("rawPath") == "/fail":
        raise ValueError("no")
    if event.get("rawPath") == "/exit":
        os._exit(3)
    if event.get("rawPath") == "/large":
        return {"statusCode": 200, "body": "x" * 6_300_000}
    return {"statusCode": 201, "headers": {"X-Method": event["requestContext"]["http"]["method"]},
            "cookies": ["a=1", "b=2"], "body": json.dumps(event)}
"""

NODE = """
import { setTimeout as wait } from "node:timers/promises";

export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const path = event.rawPath ?? event.path;
  if (path === "/early-failure") throw new Error("before anything");
  const body = event.rawPath
    ? awslambda.HttpResponseStream.from(stream, { statusCode: 206, headers: { "X-One": "1" }, cookies: ["c=3"] })
    : stream;
  if (path === "/large") {
    const part = Buffer.alloc(1_048_576, "x");
    for (let i = 0; i < 24; i++) if (!body.write(part)) await new Promise((go) => body.once("drain", go));
    body.end();
    return;
  }
  body.write("first ");
  await wait(400);
  if (path === "/late-failure") throw new Error("in the middle");
  if (path === "/crash") process.exit(7);
  if (path === "/timeout") await wait(60_000);
  body.write("second");
  body.end();
});
"""
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed on this machine")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "template.yaml").write_text("Resources: {Queue: {Type: AWS::SQS::Queue}}")
    with EmbeddedTarget.start(template=folder / "template.yaml") as running:
        create(running, folder / "plain", "app.py", PYTHON, "python3.11")
        create(running, folder / "streams", "app.mjs", NODE, "nodejs22.x")
        yield running


def create(target: Target, folder: Path, file: str, source: str, runtime: str) -> None:
    folder.mkdir()
    (folder / file).write_text(source)
    client = target.client("lambda")
    client.create_function(
        FunctionName=folder.name,
        Runtime=runtime,
        Handler="app.handler",
        Role=ROLE,
        Timeout=3,
        Code={"S3Bucket": "hot-reload", "S3Key": str(folder)},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=folder.name)
    permission = {"FunctionName": folder.name, "Principal": "*"}
    client.add_permission(**permission, StatementId="u", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    client.add_permission(**permission, StatementId="f", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True)


@pytest.fixture
def url(target: Target, request: pytest.FixtureRequest) -> Iterator[str]:
    """A URL of the function that the test's marker names, with the marker's members."""
    name, members = request.param
    client = target.client("lambda")
    shown = client.create_function_url_config(FunctionName=name, **{"AuthType": "NONE", **members})
    yield shown["FunctionUrl"]
    client.delete_function_url_config(FunctionName=name)


def has_url(name: str, **members: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("url", [(name, members)], indirect=True, ids=[name])


def here(target: Target, url: str, path: str = "/") -> str:
    return reachable_url(url, target.endpoint_url).rstrip("/") + path


@has_url("plain")
def test_url_answers_in_every_form_in_which_it_can_be_named(target: Target, url: str) -> None:
    host = str(urlsplit(url).hostname)
    local = host.replace(".on.aws", ".localhost")
    endpoint = str(target.endpoint_url)
    port = urlsplit(endpoint).port
    forms = [
        (here(target, url, "/a/b"), {}),
        (f"{endpoint}/a/b", {"Host": host}),
        (f"{endpoint}/a/b", {"Host": f"{local}:{port}"}),
        (f"{endpoint}/a/b", {"Host": f"{host.partition('.')[0]}.lambda-url.localhost:{port}"}),
    ]
    for form, headers in forms:
        status, answered, body = ask(form, **headers)
        event = json.loads(body)
        assert (status, event["rawPath"], event["requestContext"]["domainName"]) == (201, "/a/b", host)
        assert answered["x-amzn-requestid"] == event["requestContext"]["requestId"]
        assert answered["x-amzn-trace-id"] == event["headers"]["x-amzn-trace-id"]


@has_url("plain")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_every_method_reaches_the_function(target: Target, url: str, method: str) -> None:
    body = b"some" if method in ("POST", "PUT", "PATCH") else None
    status, headers, answer = ask(here(target, url, "/x?y=1"), method, body, Content_Type="text/plain")
    assert (status, headers["x-method"]) == (201, method)
    if method == "HEAD":
        assert answer == b""
    else:
        event = json.loads(answer)
        assert (event["queryStringParameters"], event.get("body")) == ({"y": "1"}, body and body.decode())


@has_url("plain")
def test_failures_of_the_function_are_502(target: Target, url: str) -> None:
    for path in ("/fail", "/exit", "/large"):
        status, _, body = ask(here(target, url, path))
        assert (path, status, body) == (path, 502, b"Internal Server Error")
    assert ask(here(target, url))[0] == 201


@has_url("plain")
def test_event_has_six_megabytes_at_most(target: Target, url: str) -> None:
    assert ask(here(target, url), "POST", b"x" * 6_291_456, Content_Type="text/plain")[0] == 413
    status, _, _ = ask(here(target, url, "/fail"), "POST", b"x" * 6_200_000, Content_Type="text/plain")
    assert status == 502, "it reached the function"


@has_url("plain")
def test_throttled_request_is_429(target: Target, url: str) -> None:
    client = target.client("lambda")
    client.put_function_concurrency(FunctionName="plain", ReservedConcurrentExecutions=0)
    try:
        assert ask(here(target, url))[0] == 429
    finally:
        client.delete_function_concurrency(FunctionName="plain")


@has_url("plain", AuthType="AWS_IAM")
def test_signed_requests_alone_pass_where_the_url_says_so(target: Target, url: str) -> None:
    status, headers, body = ask(here(target, url))
    assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert json.loads(body)["Message"].startswith("Forbidden")
    assert signed(target, url, "execute-api")[0] == 403, "a signature for another service is none"
    status, _, body = signed(target, url, "lambda")
    event = json.loads(body)
    assert (status, event["requestContext"]["accountId"]) == (201, "000000000000")
    assert event["requestContext"]["authorizer"]["iam"]["userArn"].startswith("arn:aws:")


def signed(target: Target, url: str, service: str) -> tuple[int, dict[str, str], bytes]:
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials("test", "test"), service, str(target.region)).add_auth(request)
    return ask(here(target, url), **{name.replace("-", "_"): value for name, value in request.headers.items()})


@has_url("plain", Cors={"AllowOrigins": ["https://app.example"], "AllowMethods": ["GET"], "MaxAge": 5})
def test_browsers_may_ask_first(target: Target, url: str) -> None:
    origin = {"Origin": "https://app.example"}
    status, headers, body = ask(here(target, url), "OPTIONS", **origin, Access_Control_Request_Method="GET")
    assert (status, body, headers["access-control-max-age"]) == (200, b"", "5")
    assert ask(here(target, url), **origin)[1]["access-control-allow-origin"] == "https://app.example"


# -- streams ---------------------------------------------------------------------------------------------------------------------


def read_slowly(
    target: Target, url: str, path: str
) -> tuple[http.client.HTTPResponse, list[tuple[float, bytes]], bool]:
    """The response, its parts with the seconds at which they came, and whether it was whole."""
    parts = urlsplit(here(target, url, path))
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
    try:
        started = stopwatch()
        connection.request("GET", parts.path)
        response = connection.getresponse()
        came, whole = [], True
        try:
            while part := response.read1(65_536):
                came.append((stopwatch() - started, part))
        except http.client.IncompleteRead:
            whole = False
        return response, came, whole
    finally:
        connection.close()


@needs_node
@has_url("streams", InvokeMode="RESPONSE_STREAM")
def test_parts_arrive_when_the_function_writes_them(target: Target, url: str) -> None:
    read_slowly(target, url, "/warm")
    response, came, whole = read_slowly(target, url, "/")
    assert (response.status, response.headers["X-One"], response.headers["Set-Cookie"]) == (206, "1", "c=3")
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert (b"".join(part for _, part in came), whole) == (b"first second", True)
    (first, _), *_, (last, _) = came
    assert last - first > 0.3


@needs_node
@has_url("streams", InvokeMode="RESPONSE_STREAM")
@pytest.mark.parametrize("path", ["/late-failure", "/crash", "/timeout"])
def test_failure_in_the_middle_cuts_the_response_off(target: Target, url: str, path: str) -> None:
    response, came, whole = read_slowly(target, url, path)
    assert (response.status, b"".join(part for _, part in came), whole) == (206, b"first ", False)


@needs_node
@has_url("streams", InvokeMode="RESPONSE_STREAM")
def test_failure_before_anything_was_written_is_502(target: Target, url: str) -> None:
    response, _, _ = read_slowly(target, url, "/early-failure")
    assert response.status == 502


@needs_node
@has_url("streams", InvokeMode="RESPONSE_STREAM")
def test_stream_may_be_larger_than_a_buffered_response(target: Target, url: str) -> None:
    response, came, whole = read_slowly(target, url, "/large")
    assert (response.status, sum(len(part) for _, part in came), whole) == (206, 24 * 1_048_576, True)


@has_url("plain", InvokeMode="RESPONSE_STREAM")
def test_function_that_does_not_stream_answers_in_one_piece(target: Target, url: str) -> None:
    status, _, body = ask(here(target, url, "/x"))
    assert (status, json.loads(body)["statusCode"]) == (200, 201), "its result is the body, whatever it looks like"
    assert ask(here(target, url, "/fail"))[0] == 502


def stream_of(target: Target, name: str, payload: Any, **members: Any) -> tuple[bytes, dict[str, Any], int]:
    """The payload, the last event, and the number of chunks."""
    answer = target.client("lambda").invoke_with_response_stream(
        FunctionName=name, Payload=json.dumps(payload), **members
    )
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    with contextlib.closing(answer["EventStream"]) as events:
        *chunks, last = events
    return b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks), last["InvokeComplete"], len(chunks)


@needs_node
def test_sdk_reads_the_events_of_a_stream(target: Target) -> None:
    body, complete, chunks = stream_of(target, "streams", {"path": "/"}, LogType="Tail")
    assert (body, chunks) == (b"first second", 2)
    assert "ErrorCode" not in complete
    assert "REPORT RequestId" in base64.b64decode(complete["LogResult"]).decode()


@needs_node
@pytest.mark.parametrize(
    ("path", "sent", "error_type"),
    [
        ("/early-failure", b"", "Error"),
        ("/late-failure", b"first ", "Error"),
        ("/timeout", b"first ", "Sandbox.Timedout"),
    ],
)
def test_last_event_tells_of_a_failure(target: Target, path: str, sent: bytes, error_type: str) -> None:
    body, complete, _ = stream_of(target, "streams", {"path": path})
    assert (body, complete["ErrorCode"]) == (sent, "Unhandled")
    assert json.loads(complete["ErrorDetails"])["errorType"] == error_type


def test_function_that_does_not_stream_is_one_chunk(target: Target) -> None:
    event = {"requestContext": {"http": {"method": "x"}}}
    body, complete, chunks = stream_of(target, "plain", event)
    assert (json.loads(body)["statusCode"], complete, chunks) == (201, {}, 1)
    body, complete, chunks = stream_of(target, "plain", {"rawPath": "/fail"})
    assert (body, chunks, complete["ErrorCode"]) == (b"", 0, "Unhandled")
    assert json.loads(complete["ErrorDetails"])["errorType"] == "ValueError"


@needs_node
def test_buffered_invocation_of_a_function_that_streams_has_it_whole(target: Target) -> None:
    answer = target.client("lambda").invoke(FunctionName="streams", Payload=b'{"path":"/"}')
    assert answer["Payload"].read() == b"first second"
    answer = target.client("lambda").invoke(FunctionName="streams", Payload=b'{"path":"/large"}')
    assert json.loads(answer["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


def test_stream_that_cannot_begin_is_an_error_of_the_call(target: Target) -> None:
    client = target.client("lambda")
    with pytest.raises(ClientError) as refused:
        client.invoke_with_response_stream(FunctionName="nobody", Payload=b"{}")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    client.put_function_concurrency(FunctionName="plain", ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(ClientError) as refused:
            client.invoke_with_response_stream(FunctionName="plain", Payload=b"{}")
        assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    finally:
        client.delete_function_concurrency(FunctionName="plain")
    answer = client.invoke_with_response_stream(FunctionName="plain", InvocationType="DryRun")
    answer["EventStream"].close()
    assert answer["StatusCode"] == 204
