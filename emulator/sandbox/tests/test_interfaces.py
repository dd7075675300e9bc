"""The smaller interfaces of an environment: the older Logs API, telemetry over TCP, wrapper scripts, the trace header, a long init.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.sandbox.effects import Outcome, StopEnvironment
from emulator.sandbox.tests.test_extensions import HANDLER, layer
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

_HTTP_SINK = """
    class Sink(BaseHTTPRequestHandler):
        def do_POST(self):
            for event in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
                with open("/mnt/seen/events", "a") as file: file.write(json.dumps(event) + "\\n")
            self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
        def log_message(self, *_): pass
    server = HTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    destination = {"protocol": "HTTP", "URI": f"http://sandbox:{server.server_port}"}
"""
_TCP_SINK = """
    import socket
    listener = socket.create_server(("127.0.0.1", 0))
    def listen():
        while True:
            with listener.accept()[0].makefile() as lines:
                for line in lines:
                    with open("/mnt/seen/events", "a") as file: file.write(json.dumps(json.loads(line)) + "\\n")
    threading.Thread(target=listen, daemon=True).start()
    destination = {"protocol": "TCP", "port": listener.getsockname()[1]}
"""
_SUBSCRIBE = """
    import time
    identifier, facts = register("INVOKE", "SHUTDOWN")
    status, body, _ = ask("PUT", PATH, {"schemaVersion": SCHEMA, "types": ["platform", "function", "extension"],
        "buffering": {"timeoutMs": 25}, "destination": destination}, Lambda_Extension_Identifier=identifier)
    say(status, body.decode())
    while following(identifier)["eventType"] == "INVOKE": time.sleep(0.2)
    time.sleep(0.2)
"""
TELEMETRY = ("/2022-07-01/telemetry", "2022-12-13")
LOGS = ("/2020-08-15/logs", "2021-03-18")


@pytest.mark.parametrize(
    ("api", "sink", "answer", "own", "others"),
    [
        (TELEMETRY, _TCP_SINK, '200 "OK"', "platform.initReport", "platform.end"),
        (LOGS, _HTTP_SINK, "200 OK", "platform.end", "platform.initReport"),
        (LOGS, _TCP_SINK, "200 OK", "platform.logsSubscription", "platform.telemetrySubscription"),
    ],
    ids=["telemetry over TCP", "logs over HTTP", "logs over TCP"],
)
def test_subscriber_gets_the_events_of_its_api_over_its_protocol(
    tmp_path: Path, cache: Path, api: tuple[str, str], sink: str, answer: str, own: str, others: str
) -> None:
    async def test(bench: Workbench) -> None:
        source = f"    PATH, SCHEMA = {api!r}\n{sink}{_SUBSCRIBE}"
        started = await bench.start(
            bench.code(HANDLER), layers=(layer(bench, source),), file_systems=(("fs", "/mnt/seen"),)
        )
        assert f"watcher {answer}" in [line.text for line in started.lines]
        await bench.invoke(started, "hello", request_id="one")
        await bench.do(StopEnvironment(started.environment_id))
        text = (bench.janitor.folder / "efs" / "fs" / "events").read_text()
        events: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
        kinds = [event["type"] for event in events]
        assert {own, "platform.start", "platform.runtimeDone", "platform.report"} <= set(kinds)
        assert others not in kinds
        assert "handling hello\n" in [event["record"] for event in events if event["type"] == "function"]
        assert any("watcher" in str(event["record"]) for event in events if event["type"] == "extension")
        assert all(event["time"].endswith("Z") for event in events)

    run_with_workbench(test, tmp_path, cache, isolated=True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"types": ["platform"], "destination": {"protocol": "TCP", "port": 9001}}, 400),
        ({"types": ["platform"], "destination": {"protocol": "HTTP", "URI": "http://example.com:80"}}, 400),
        ({"types": ["nonsense"], "destination": {"protocol": "TCP", "port": 9002}}, 400),
        ({"types": ["platform"], "schemaVersion": "1999-01-01", "destination": {"protocol": "TCP", "port": 9002}}, 400),
        (
            {"types": ["platform"], "buffering": {"timeoutMs": 24}, "destination": {"protocol": "TCP", "port": 9002}},
            400,
        ),
        ({"types": ["platform"], "destination": {"protocol": "TCP", "port": 9002}}, 200),
    ],
)
def test_subscription_is_checked(tmp_path: Path, cache: Path, body: dict[str, Any], status: int) -> None:
    async def test(bench: Workbench) -> None:
        source = f"""
    identifier, facts = register("INVOKE")
    say(ask("PUT", "/2020-08-15/logs", {body!r}, Lambda_Extension_Identifier=identifier)[0])
    following(identifier)
"""
        started = await bench.start(bench.code(HANDLER), layers=(layer(bench, source),))
        assert f"watcher {status}" in [line.text for line in started.lines]

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_extension_uses_one_of_the_two_apis(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        source = """
            identifier, facts = register("INVOKE")
            body = {"types": ["platform"], "destination": {"protocol": "TCP", "port": 9002}}
            for path in ("/2020-08-15/logs", "/2022-07-01/telemetry"):
                say(ask("PUT", path, body, Lambda_Extension_Identifier=identifier)[0])
            following(identifier)
            """
        started = await bench.start(bench.code(HANDLER), layers=(layer(bench, source),))
        said = [line.text for line in started.lines if line.text.startswith("watcher ")]
        assert said == ["watcher 200", "watcher 400"]

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_wrapper_runs_before_the_runtime_with_its_arguments(tmp_path: Path, cache: Path) -> None:
    """AWS_LAMBDA_EXEC_WRAPPER: called with the interpreter and its arguments, which it executes."""

    async def test(bench: Workbench) -> None:
        code = bench.code("import os\ndef handler(event, context): return [os.environ['WRAPPED'], os.getppid()]\n")
        wrapper = bench.folder / "wrapping" / "wrap"
        wrapper.parent.mkdir()
        wrapper.write_text('#!/bin/bash\nexport WRAPPED="$#:${1##*/}"\necho wrapping\nexec "$@"\n')
        wrapper.chmod(0o755)
        started = await bench.start(
            code, layers=(wrapper.parent,), variables=(("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrap"),)
        )
        assert [line.text for line in started.lines] == ["wrapping"]
        count, program = json.loads((await bench.invoke(started)).payload)[0].split(":")
        assert int(count) >= 2
        assert program.startswith("python3")

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_wrapper_that_is_not_there_is_an_exit(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(bench.code(HANDLER), variables=(("AWS_LAMBDA_EXEC_WRAPPER", "/opt/none"),))
        assert started.failure is not None
        assert (started.failure.error_type, started.failure.exit_code) == ("Runtime.ExitError", 127)

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_custom_runtime_has_no_wrapper(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code('#!/bin/bash\necho "plain $WRAPPED"; exit 5\n', file="bootstrap")
        (code / "bootstrap").chmod(0o755)
        variables = (("AWS_LAMBDA_EXEC_WRAPPER", "/opt/none"),)
        started = await bench.start(code, runtime="provided.al2023", variables=variables)
        assert started.failure is not None
        assert started.failure.exit_code == 5

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_trace_header_is_each_invocations_own(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("import os\ndef handler(event, context): return os.environ.get('_X_AMZN_TRACE_ID')\n")
        started = await bench.start(code)
        for header in (TRACE, TRACE.replace("Parent=5", "Parent=6")):
            assert json.loads((await bench.invoke(started, trace_header=header)).payload) == header
        assert json.loads((await bench.invoke(started)).payload) is None

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_init_that_overran_is_run_again_by_the_first_invocation_within_its_timeout(tmp_path: Path, cache: Path) -> None:
    """Init has 10 s; behind them it begins anew, and has the function's own timeout, the handler included."""

    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import time
            print("init")
            time.sleep(0.6)
            def handler(event, context): return "fine"
            """)
        started = await bench.start(code, init_timeout_seconds=0.3)
        assert started.failure is not None
        assert (started.failure.kind, started.alive) == ("timeout", True)
        late = await bench.invoke(started, timeout_seconds=0.4)
        assert late.outcome is Outcome.TIMEOUT
        result = await bench.invoke(started, timeout_seconds=5.0)
        assert (result.outcome, result.payload) == (Outcome.OK, b'"fine"')
        assert result.duration_milliseconds > 600
        assert [line.text for line in result.lines] == ["init"]
        assert (await bench.invoke(started)).duration_milliseconds < 300

    run_with_workbench(test, tmp_path, cache, isolated=True)
