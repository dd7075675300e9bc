"""Node.js functions. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from emulator.sandbox.effects import Outcome
from emulator.sandbox.tests.workbench import Collected, Workbench, run_with_workbench

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed on this machine")

ANSWERS = [
    ("index.mjs", "export const handler = async (event) => ({ got: event });", {"got": 1}),
    ("index.js", "exports.handler = async (event) => event + 1;", 2),
    ("index.js", "exports.handler = (event, context, callback) => callback(null, [event]);", [1]),
    (
        "index.js",
        "exports.handler = (event, context, callback) => setTimeout(() => callback(null, 'later'), 20);",
        "later",
    ),
    ("index.js", "exports.handler = async () => undefined;", None),
    (
        "index.js",
        "exports.handler = async (e, context) => [context.functionName, context.getRemainingTimeInMillis() > 0];",
        ["f", True],
    ),
    ("index.js", "exports.handler = () => {};", None),
    ("index.cjs", "exports.handler = async () => process.env._HANDLER;", "index.handler"),
]


@pytest.mark.parametrize(("file", "source", "answer"), ANSWERS)
def test_handler_answers(tmp_path: Path, cache: Path, file: str, source: str, answer: object) -> None:
    async def test(bench: Workbench) -> None:
        variables = (("AWS_EXECUTION_ENV", "AWS_Lambda_nodejs20.x"), ("AWS_LAMBDA_FUNCTION_NAME", "f"))
        code = bench.code(source, file=file)
        started = await bench.start(code, handler="index.handler", runtime="nodejs20.x", variables=variables)
        for _ in range(2):
            result = await bench.invoke(started, 1)
            assert (result.outcome, json.loads(result.payload)) == (Outcome.OK, answer)

    run_with_workbench(test, tmp_path, cache, isolated=True)


FAILURES = [
    ("exports.handler = async () => { throw new TypeError('no'); };", Outcome.ERROR, {"errorType": "TypeError", "errorMessage": "no"}),
    ("exports.handler = (e, c, callback) => callback(new RangeError('far'));", Outcome.ERROR, {"errorType": "RangeError"}),
    ("exports.handler = async () => { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 500)); };",
     Outcome.ERROR, {"errorType": "Runtime.UnhandledPromiseRejection"}),
    ("exports.handler = () => new Promise(() => {});", Outcome.ERROR, {"errorType": "Runtime.NodejsExit"}),
    ("exports.handler = () => { setTimeout(() => { throw new Error('x'); }, 1); return new Promise(() => {}); };",
     Outcome.ERROR, {"errorType": "Error"}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "outcome", "document"), FAILURES)
def test_failure_has_type_message_and_trace(
    tmp_path: Path, cache: Path, source: str, outcome: Outcome, document: dict[str, str]
) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(bench.code(source, file="index.js"), handler="index.handler", runtime="nodejs20.x")
        result = await bench.invoke(started, 1)
        assert result.outcome is outcome
        found = json.loads(result.payload)
        assert set(found) >= {"errorType", "errorMessage", "trace"}
        assert {name: found[name] for name in document} == document
        assert (await bench.invoke(started, 1)).outcome is outcome

    run_with_workbench(test, tmp_path, cache, isolated=True)


@pytest.mark.parametrize(
    ("source", "handler", "error_type"),
    [
        ("import 'not-there'; export const handler = 1;", "index.handler", "Runtime.ImportModuleError"),
        ("export const other = 1;", "index.handler", "Runtime.HandlerNotFound"),
        ("export const handler = ;", "index.handler", "Runtime.UserCodeSyntaxError"),
        ("export const handler = async () => 1;", "missing.handler", "Runtime.ImportModuleError"),
        ("export const handler = async () => 1;", "index", "Runtime.MalformedHandlerName"),
    ],
)
def test_code_that_cannot_be_loaded_fails_init(
    tmp_path: Path, cache: Path, source: str, handler: str, error_type: str
) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(bench.code(source, file="index.mjs"), handler=handler, runtime="nodejs20.x")
        assert started.failure is not None
        assert started.failure.error_type == error_type

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_callback_is_refused_where_lambda_refuses_it(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(
            bench.code("exports.handler = (event, context, callback) => callback(null, 1);", file="index.js"),
            handler="index.handler",
            runtime="nodejs24.x",
            variables=(("AWS_EXECUTION_ENV", "AWS_Lambda_nodejs24.x"),),
        )
        assert started.failure is not None
        assert started.failure.error_type == "Runtime.CallbackHandlerDeprecated"

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_log_call_is_one_event_with_time_request_and_level(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("exports.handler = async () => { console.warn('two\\nlines'); };", file="index.js")
        started = await bench.start(code, handler="index.handler", runtime="nodejs20.x")
        (line,) = (await bench.invoke(started, 1, request_id="one")).lines
        assert line.text.split("\t")[1:] == ["one", "WARN", "two\nlines"]

    run_with_workbench(test, tmp_path, cache, isolated=True)


STREAM = """
    export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
      const body = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: "b" } });
      for (const part of ["one ", "two ", "three"]) { body.write(part); await new Promise((r) => setTimeout(r, 5)); }
      if (event === "fail") throw new Error("in the middle");
      body.end();
    });
"""


def test_streamed_response_comes_with_its_metadata_and_its_failure_with_what_was_sent(
    tmp_path: Path, cache: Path
) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code(STREAM, file="index.mjs")
        started = await bench.start(code, handler="index.handler", runtime="nodejs20.x")
        stream = Collected(1_000)
        whole = await bench.invoke(started, "go", stream=stream)
        assert (whole.outcome, whole.payload, whole.streamed_bytes) == (Outcome.OK, b"", stream.written_bytes)
        assert stream.content_type == "application/vnd.awslambda.http-integration-response"
        metadata, _, body = b"".join(stream.parts).partition(bytes(8))
        assert (json.loads(metadata), body) == ({"statusCode": 201, "headers": {"a": "b"}}, b"one two three")
        assert len(stream.parts) >= 3, "what the function writes comes when it writes it"
        stream = Collected(1_000)
        broken = await bench.invoke(started, "fail", stream=stream)
        assert broken.outcome is Outcome.ERROR
        assert b"".join(stream.parts).endswith(b"one two three")
        collected = await bench.invoke(started, "go")
        assert collected.payload.endswith(b"one two three"), "a caller that takes no stream gets it whole"
        assert json.loads(broken.payload)["errorMessage"] == "in the middle"

    run_with_workbench(test, tmp_path, cache, isolated=True)
