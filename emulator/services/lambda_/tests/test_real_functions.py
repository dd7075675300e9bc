"""The service over real environments: the whole way from CreateFunction to a handler and back."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.sandbox import Capacity
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench
from emulator.services.lambda_ import LambdaService
from emulator.services.logs import LogsService

ROLE = "arn:aws:iam::000000000000:role/runner"


def with_lambda(test: Callable[[Workbench], Awaitable[None]], tmp_path: Path, cache: Path, **members: Any) -> None:
    async def main(bench: Workbench) -> None:
        account = Account("http://127.0.0.1:4566")
        capacity = Capacity(max_environments=3, concurrent_starts=2, idle_timer=not members.get("auto", False))
        bench.engine.register("lambda", LambdaService(account, capacity=capacity))
        bench.engine.register("logs", LogsService(account))
        await test(bench)

    run_with_workbench(main, tmp_path, cache, **members)


async def create(bench: Workbench, source: str, **members: Any) -> None:
    code = {"S3Bucket": "hot-reload", "S3Key": str(bench.code(source))}
    defaults = {"FunctionName": "f", "Runtime": "python3.11", "Role": ROLE, "Handler": "app.handler", "Code": code}
    await bench.call("lambda", "CreateFunction", **{**defaults, **members})


def test_zip_runs_and_its_update_takes_over(tmp_path: Path, cache: Path) -> None:
    def archive(value: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as writer:
            writer.writestr(
                "app.py",
                f"def handler(event, context): return [{value}, context.function_name, context.memory_limit_in_mb]",
            )
        return buffer.getvalue()

    async def test(bench: Workbench) -> None:
        await create(bench, "", Code={"ZipFile": archive(1)})
        assert json.loads((await bench.call("lambda", "Invoke", FunctionName="f"))["Payload"]) == [1, "f", "128"]
        await bench.call("lambda", "UpdateFunctionCode", FunctionName="f", ZipFile=archive(2))
        assert json.loads((await bench.call("lambda", "Invoke", FunctionName="f"))["Payload"])[0] == 2

    with_lambda(test, tmp_path, cache)


def test_sixteen_clients_share_three_environments(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        await create(bench, "import os\ncalls = 0\ndef handler(event, context):\n    return event")
        answers = await asyncio.gather(
            *(bench.call("lambda", "Invoke", FunctionName="f", Payload=b"%d" % number) for number in range(16))
        )
        assert [answer["Payload"] for answer in answers] == [b"%d" % number for number in range(16)]
        assert len(bench.engine.journal.entries(kind="cold_start")) <= 3

    with_lambda(test, tmp_path, cache)


def test_import_error_timeout_and_exit_have_lambdas_documents(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        await create(
            bench, "import os, time\ndef handler(e, c): time.sleep(5) if e == 'sleep' else os._exit(7)", Timeout=1
        )
        late = await bench.call("lambda", "Invoke", FunctionName="f", Payload=b'"sleep"', LogType="Tail")
        assert json.loads(late["Payload"])["errorType"] == "Sandbox.Timedout"
        assert "Error: Task timed out after 1.00 seconds" in json.loads(late["Payload"])["errorMessage"]
        exited = await bench.call("lambda", "Invoke", FunctionName="f", Payload=b'"exit"')
        assert json.loads(exited["Payload"])["errorMessage"].endswith("Runtime exited with error: exit status 7")
        bench.code("import nothing_of_the_kind")
        await bench.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", MemorySize=256)
        broken = await bench.call("lambda", "Invoke", FunctionName="f")
        assert broken["FunctionError"] == "Unhandled"
        assert json.loads(broken["Payload"])["errorType"] == "Runtime.ImportModuleError"

    with_lambda(test, tmp_path, cache)


def test_response_over_six_megabytes_is_a_function_error(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        await create(bench, "def handler(event, context): return 'x' * event")
        large = await bench.call("lambda", "Invoke", FunctionName="f", Payload=b"7000000")
        assert json.loads(large["Payload"]) == {
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        }
        assert (await bench.call("lambda", "Invoke", FunctionName="f", Payload=b"3"))["Payload"] == b'"xxx"'

    with_lambda(test, tmp_path, cache)


def test_virtual_time_waits_for_real_handlers_and_retries_pass_in_no_time(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        await create(
            bench, "import time\ndef handler(event, context):\n    time.sleep(0.05)\n    raise ValueError(event)"
        )
        start = bench.engine.clock.now()
        given_up = asyncio.Event()
        bench.engine.journal.listeners.append(lambda entry: given_up.set() if entry.kind == "event_failed" else None)
        await bench.call("lambda", "Invoke", FunctionName="f", InvocationType="Event")
        await asyncio.wait_for(given_up.wait(), 20.0)
        assert len(bench.engine.journal.entries(kind="invocation")) == 3
        assert bench.engine.clock.now() - start == 180.0

    with_lambda(test, tmp_path, cache, clock=VirtualClock(), auto=True)
