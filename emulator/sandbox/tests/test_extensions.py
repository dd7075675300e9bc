"""External and internal extensions, telemetry and logs subscriptions, in real environments.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
"""

from __future__ import annotations

import asyncio
import json
import textwrap
from pathlib import Path
from typing import Any

from emulator.sandbox.effects import LATE_LINES, Outcome, StopEnvironment
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench

_CLIENT = """\
#!/usr/bin/python3
import http.client, json, os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
NAME = os.path.basename(sys.argv[0])
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers
def say(*what): print(NAME, *what, flush=True)
def register(*events):
    status, body, headers = ask("POST", "/2020-01-01/extension/register", {"events": events}, Lambda_Extension_Name=NAME)
    return headers["Lambda-Extension-Identifier"], json.loads(body)
def following(identifier):
    status, body, headers = ask("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=identifier)
    return json.loads(body)
"""
HANDLER = "def handler(event, context):\n    print('handling', event)\n    return event\n"


def layer(bench: Workbench, source: str, name: str = "watcher") -> Path:
    """A layer with one external extension."""
    file = bench.folder / "layer" / "extensions" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_CLIENT + textwrap.dedent(source))
    file.chmod(0o755)
    return bench.folder / "layer"


LOOP = """
    identifier, facts = register("INVOKE", "SHUTDOWN")
    say("registered", json.dumps(facts), "_HANDLER" in os.environ, "MINE" in os.environ)
    while True:
        event = following(identifier)
        say(event["eventType"], event.get("shutdownReason", event.get("requestId")))
        if event["eventType"] == "SHUTDOWN": break
"""


def test_extension_lives_through_init_invoke_and_shutdown(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(
            bench.code(HANDLER), layers=(layer(bench, LOOP),), variables=(("MINE", "1"),), account_id="000000000000"
        )
        facts = '{"functionName": "f", "functionVersion": "$LATEST", "handler": "app.handler"}'
        assert [line.text for line in started.lines] == [
            f"watcher registered {facts} False True",
            "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE,SHUTDOWN]",
        ]
        result = await bench.invoke(started, "a", request_id="one")
        assert result.payload == b'"a"'
        late: list[str] = []
        while len(late) + len(result.lines) < 2:
            if not (more := await bench.late_lines()):
                await bench.wait_for(LATE_LINES)
            late += more
        assert sorted([*(line.text for line in result.lines), *late]) == ["handling a", "watcher INVOKE one"]
        last = await bench.do(StopEnvironment(started.environment_id))
        assert [line.text for line in last] == ["watcher SHUTDOWN SPINDOWN"]

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_timeout_shuts_extensions_down_and_the_next_invocation_starts_them_again(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("import time\ndef handler(event, context):\n    time.sleep(event)\n    return event")
        started = await bench.start(code, layers=(layer(bench, LOOP),))
        late = await bench.invoke(started, 30, timeout_seconds=0.5)
        assert late.outcome is Outcome.TIMEOUT
        again = await bench.invoke(started, 0)
        assert again.payload == b"0"
        texts = [*(line.text for line in again.lines), *(await bench.late_lines())]
        assert any(text == "watcher SHUTDOWN TIMEOUT" for text in texts), texts
        assert any("watcher registered" in text for text in texts), texts

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_invocation_waits_until_the_extension_has_finished_with_the_one_before(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        slow = """
            import time
            identifier, facts = register("INVOKE")
            while True:
                following(identifier)
                time.sleep(0.3)
            """
        started = await bench.start(bench.code(HANDLER), layers=(layer(bench, slow),))
        loop = asyncio.get_running_loop()
        start = loop.time()
        assert (await bench.invoke(started, 1)).payload == b"1"
        assert loop.time() - start < 0.25, "the caller has the response as soon as the runtime posted it"
        assert (await bench.invoke(started, 2)).payload == b"2"
        assert loop.time() - start >= 0.3

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_extension_that_ends_during_init_is_a_crash(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(bench.code(HANDLER), layers=(layer(bench, "sys.exit(7)"),))
        assert started.failure is not None
        assert (started.failure.kind, started.failure.error_type) == ("extension", "Extension.Crash")
        result = await bench.invoke(started, {})
        assert (result.outcome, result.error_type, result.exit_code) == (Outcome.EXIT, "Extension.Crash", 7)

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_telemetry_tells_of_init_lines_and_invocations(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        source = """
            class Sink(BaseHTTPRequestHandler):
                def do_POST(self):
                    for event in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
                        with open("/mnt/telemetry/events", "a") as file: file.write(json.dumps(event) + "\\n")
                    self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
                def log_message(self, *_): pass
            server = HTTPServer(("127.0.0.1", 0), Sink)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            identifier, facts = register("INVOKE", "SHUTDOWN")
            status, body, _ = ask("PUT", "/2022-07-01/telemetry", {
                "schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25},
                "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{server.server_port}"}},
                Lambda_Extension_Identifier=identifier)
            say(status, body.decode())
            import time
            while following(identifier)["eventType"] == "INVOKE": time.sleep(0.2)
            time.sleep(0.2)
            """
        started = await bench.start(
            bench.code(HANDLER), layers=(layer(bench, source),), file_systems=(("fs", "/mnt/telemetry"),)
        )
        texts = [line.text for line in started.lines]
        assert 'watcher 200 "OK"' in texts
        assert "TELEMETRY\tName: watcher\tState: Subscribed\tTypes: [Platform, Function]" in texts
        await bench.invoke(started, "hello", request_id="one")
        await bench.do(StopEnvironment(started.environment_id))
        file = bench.janitor.folder / "efs" / "fs" / "events"
        events: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
        kinds = [event["type"] for event in events]
        assert kinds[0] == "platform.initStart"
        order = [
            "platform.initStart",
            "platform.initRuntimeDone",
            "platform.initReport",
            "platform.start",
            "platform.runtimeDone",
        ]
        positions = [kinds.index(kind) for kind in [*order, "platform.report"]]
        assert positions == sorted(positions)
        assert "platform.end" not in kinds, "that one belongs to the Logs API"
        report = events[positions[-1]]["record"]
        assert (report["requestId"], report["status"], report["metrics"]["memorySizeMB"]) == ("one", "success", 128)
        assert [event["record"] for event in events if event["type"] == "function"] == ["handling hello\n"]

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_internal_extension_registers_before_the_first_event_and_not_for_shutdown(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import http.client, json, os, threading
            seen = []
            def ask(method, path, body=None, **headers):
                connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
                connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()
            path = "/2020-01-01/extension/"
            refused = ask("POST", path + "register", '{"events": ["SHUTDOWN"]}', Lambda_Extension_Name="mine")[0]
            status, headers, _ = ask("POST", path + "register", '{"events": ["INVOKE"]}', Lambda_Extension_Name="mine")
            def listen():
                while True:
                    answer = ask("GET", path + "event/next", Lambda_Extension_Identifier=headers["Lambda-Extension-Identifier"])
                    seen.append(json.loads(answer[2])["requestId"])
            threading.Thread(target=listen, daemon=True).start()
            def handler(event, context):
                late = ask("POST", path + "register", '{"events": []}', Lambda_Extension_Name="late")[0]
                return [refused, status, late, seen]
            """)
        started = await bench.start(code)
        await bench.invoke(started, {}, request_id="one")
        refused, status, late, seen = json.loads((await bench.invoke(started, {}, request_id="two")).payload)
        assert (refused, status, late) == (400, 200, 403)
        assert seen[0] == "one"

    run_with_workbench(test, tmp_path, cache, isolated=True)
