"""Resets, memory, file systems and the runtimes beside Python, in real environments.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from emulator.effects import WaitFor
from emulator.sandbox.effects import LATE_LINES, LateLines, Outcome, TakeLateLines
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench

REMEMBERS = """
    import os, time
    calls = 0
    def handler(event, context):
        global calls
        calls += 1
        with open("/tmp/seen", "a") as file: file.write("x")
        if event == "exit": os._exit(3)
        if event == "sleep": time.sleep(60)
        return [calls, len(open("/tmp/seen").read())]
"""


@pytest.mark.parametrize(("event", "outcome"), [("exit", Outcome.EXIT), ("sleep", Outcome.TIMEOUT)])
def test_reset_keeps_tmp_and_begins_anew(tmp_path: Path, cache: Path, event: str, outcome: Outcome) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(bench.code(REMEMBERS))
        assert json.loads((await bench.invoke(started, "go")).payload) == [1, 1]
        assert (await bench.invoke(started, event, timeout_seconds=0.5)).outcome is outcome
        again = await bench.invoke(started, "go")
        assert json.loads(again.payload) == [1, 3]
        assert again.suppressed_init is None

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_failed_init_is_run_again_by_the_invocation(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import os
            if not os.path.exists("/tmp/again"):
                open("/tmp/again", "w").close()
                raise ValueError("the first time")
            def handler(event, context): return "ready"
            """)
        started = await bench.start(code)
        assert started.failure is not None
        assert started.alive is True
        assert (await bench.invoke(started, {})).payload == b'"ready"'

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_memory_over_the_size_kills_the_runtime(tmp_path: Path, cache: Path) -> None:
    """The resident memory of the whole tree counts, not only the runtime's own."""

    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import subprocess, sys, time
            def handler(event, context):
                if event == "child":
                    subprocess.run([sys.executable, "-c", "import time; x = b'x' * 150_000_000; time.sleep(30)"])
                elif event:
                    held = b"x" * 150_000_000
                    time.sleep(30)
                return "fine"
            """)
        started = await bench.start(code)
        for event in (1, "child"):
            killed = await bench.invoke(started, event)
            assert (killed.outcome, killed.error_type, killed.exit_code) == (Outcome.EXIT, "Runtime.OutOfMemory", -9)
            assert killed.max_memory_mb == 128
            assert killed.duration_milliseconds < 5_000
        assert (await bench.invoke(started, 0)).payload == b'"fine"'

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_functions_share_an_access_point_and_nothing_else(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import os
            def handler(event, context):
                if event: open("/mnt/shared/file", "w").write(event)
                return [os.listdir("/mnt/shared"), os.listdir("/tmp")]
            """)
        shared = (("fsap-1", "/mnt/shared"),)
        one = await bench.start(code, file_systems=shared)
        other = await bench.start(code, file_systems=shared)
        apart = await bench.start(code, file_systems=(("fsap-2", "/mnt/shared"),))
        await bench.invoke(one, "text")
        assert json.loads((await bench.invoke(other, "")).payload) == [["file"], []]
        assert json.loads((await bench.invoke(apart, "")).payload) == [[], []]

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_process_in_a_session_of_its_own_freezes_too(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import os, subprocess, sys, time
            TICK = "import time\\nwhile True:\\n    open('/tmp/ticks', 'a').write('x')\\n    time.sleep(0.002)"
            subprocess.Popen([sys.executable, "-c", TICK], start_new_session=True)
            while not os.path.exists("/tmp/ticks"): time.sleep(0.01)
            def handler(event, context):
                start = len(open("/tmp/ticks").read())
                time.sleep(0.2)
                return [start, len(open("/tmp/ticks").read())]
            """)
        started = await bench.start(code)
        first = await bench.invoke(started, {})
        assert first.outcome is Outcome.OK, first.payload
        _, end = json.loads((await bench.invoke(started, {})).payload)
        await asyncio.sleep(0.5)
        begin, after = json.loads((await bench.invoke(started, {})).payload)
        assert begin - end < 60
        assert after > begin + 10

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_line_written_after_the_answer_comes_late(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        bootstrap = bench.code(
            """\
            #!/bin/bash
            base=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
            while true; do
              id=$(curl -sD - -o /dev/null $base/next | tr -d '\\r' | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //ip')
              curl -s -X POST -d done $base/$id/response > /dev/null
              echo "after the answer"
              sleep 0.05
            done
            """,
            file="bootstrap",
        )
        (bootstrap / "bootstrap").chmod(0o755)
        started = await bench.start(bootstrap, runtime="provided.al2023")
        assert (await bench.invoke(started, {})).payload == b"done"
        late: tuple[LateLines, ...] = ()
        if not (late := await bench.do(TakeLateLines())):
            await bench.do(WaitFor(LATE_LINES, 5.0))
            late = await bench.do(TakeLateLines())
        assert [line.text for line in late[0].lines] == ["after the answer"]

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_bootstrap_that_is_not_there_is_an_invalid_entrypoint(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(bench.code("echo no", file="other"), runtime="provided.al2023")
        assert started.failure is not None
        result = await bench.invoke(started, {})
        assert (result.outcome, result.error_type) == (Outcome.EXIT, "Runtime.InvalidEntrypoint")

    run_with_workbench(test, tmp_path, cache, isolated=True)


@pytest.mark.skipif(shutil.which("php") is None, reason="PHP is not installed on this machine")
def test_php_runs_behind_a_bootstrap_of_its_own(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code(
            """\
            #!/usr/bin/php
            <?php
            $base = 'http://' . getenv('AWS_LAMBDA_RUNTIME_API') . '/2018-06-01/runtime/invocation/';
            while (true) {
                $event = json_decode(file_get_contents($base . 'next'), true);
                foreach ($http_response_header as $line)
                    if (stripos($line, 'Lambda-Runtime-Aws-Request-Id:') === 0) $id = trim(substr($line, 30));
                $answer = json_encode(['hello' => $event['name'], 'php' => PHP_MAJOR_VERSION, 'execution' => getenv('AWS_EXECUTION_ENV')]);
                $options = ['http' => ['method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => $answer]];
                file_get_contents($base . $id . '/response', false, stream_context_create($options));
            }
            """,
            file="bootstrap",
        )
        (code / "bootstrap").chmod(0o755)
        started = await bench.start(code, runtime="provided.al2023")
        for name in ("Ada", "Grace"):
            result = await bench.invoke(started, {"name": name})
            assert result.outcome is Outcome.OK, result
            answer = json.loads(result.payload)
            assert answer["hello"] == name
            assert answer["execution"] is False

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_function_is_batch_work_and_has_lambdas_file_descriptors(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import os, resource
            def handler(event, context):
                return [os.sched_getscheduler(0), *resource.getrlimit(resource.RLIMIT_NOFILE)]
            """)
        before = os.sched_getscheduler(0)
        started = await bench.start(code)
        assert json.loads((await bench.invoke(started)).payload) == [os.SCHED_BATCH, 1024, 1024]
        assert os.sched_getscheduler(0) == before

    run_with_workbench(test, tmp_path, cache, isolated=True)
