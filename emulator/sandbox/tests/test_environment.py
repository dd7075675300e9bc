"""Real environments: what a function sees, and how invocations end.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from emulator.clock import stopwatch
from emulator.sandbox.effects import Outcome, StopEnvironment
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench


def test_function_sees_lambdas_file_system_and_nothing_of_this_machine(tmp_path: Path, cache: Path) -> None:
    secret = Path.home()

    async def test(bench: Workbench) -> None:
        code = bench.code(f"""
            import importlib.util, os, sys, socket
            def attempt(action):
                try:
                    action(); return "done"
                except OSError as error:
                    return type(error).__name__
            def handler(event, context):
                open("/tmp/mine", "w").write("x")
                return {{
                    "root": sorted(os.listdir("/")), "tmp": os.listdir("/tmp"), "cwd": os.getcwd(), "uid": os.getuid(),
                    "home": os.path.exists({str(secret)!r}), "path": sys.path, "prefix": sys.prefix,
                    "write": attempt(lambda: open("/var/task/new", "w")), "root_write": attempt(lambda: open("/new", "w")),
                    "shm": attempt(lambda: open("/dev/shm/new", "w")), "processes": [p for p in os.listdir("/proc") if p.isdigit()],
                    "packages": importlib.util.find_spec("moto") is None and importlib.util.find_spec("pip") is None,
                    "sdk": importlib.util.find_spec("boto3").origin, "host": socket.gethostname(),
                }}
            """)
        result = await bench.invoke(await bench.start(code), {})
        seen = json.loads(result.payload)
        system = {"bin", "lib", "lib32", "lib64", "libx32", "sbin", "usr"}
        assert set(seen["root"]) - system == {"dev", "etc", "opt", "proc", "tmp", "var"}
        assert seen["tmp"] == ["mine"]
        assert seen["cwd"] == "/var/task"
        assert seen["uid"] == 993
        assert seen["home"] is False
        assert seen["prefix"] == "/var/lang"
        assert seen["path"][:4] == [
            "/var/task",
            "/opt/python/lib/python3.11/site-packages",
            "/opt/python",
            "/var/runtime",
        ]
        assert (seen["write"], seen["root_write"], seen["shm"]) == ("OSError", "OSError", "OSError")
        assert len(seen["processes"]) <= 4  # the namespace, the supervisor, the one who waits for it, itself
        assert seen["packages"] is True
        assert seen["sdk"] == "/var/runtime/boto3/__init__.py"
        assert seen["host"] == "169.254.100.6"

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_function_has_lambdas_variables_and_its_own_and_no_others(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("import os\ndef handler(event, context): return dict(os.environ)")
        started = await bench.start(
            code, variables=(("MINE", "1"), ("TZ", "Europe/Berlin"), ("LAMBDA_TASK_ROOT", "no"))
        )
        seen = json.loads((await bench.invoke(started, {}, trace_header="Root=1-a;Parent=b;Sampled=1")).payload)
        assert seen.pop("AWS_LAMBDA_RUNTIME_API").startswith("127.0.0.1:")
        assert seen.pop("LC_CTYPE", "C.UTF-8") == "C.UTF-8"  # set by Python itself where the locale is not installed
        libraries = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
        assert seen == {
            "MINE": "1",
            "TZ": "Europe/Berlin",
            "LANG": "en_US.UTF-8",
            "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            "LD_LIBRARY_PATH": libraries,
            "PYTHONPATH": "/var/runtime",
            "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "_HANDLER": "app.handler",
            "_X_AMZN_TRACE_ID": "Root=1-a;Parent=b;Sampled=1",
            "PWD": "/var/task",
        }

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_tmp_has_the_configured_size(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            def handler(event, context):
                with open("/tmp/big", "wb") as file:
                    file.write(bytes(event * 1_048_576))
            """)
        started = await bench.start(code, ephemeral_storage_mb=8)
        assert (await bench.invoke(started, 7)).outcome is Outcome.OK
        refused = await bench.invoke(started, 9)
        assert json.loads(refused.payload)["errorType"] == "OSError"
        assert "No space left" in json.loads(refused.payload)["errorMessage"]

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_later_layers_cover_earlier_ones(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        first = bench.code("VALUE = 1", "first", "python/both.py")
        bench.code("VALUE = 'first'", "first", "python/only_first.py")
        second = bench.code("VALUE = 2", "second", "python/both.py")
        code = bench.code(
            "import both, only_first\ndef handler(e, c): return [both.VALUE, only_first.VALUE, both.__file__]"
        )
        started = await bench.start(code, layers=(first, second))
        assert json.loads((await bench.invoke(started, {})).payload) == [2, "first", "/opt/python/both.py"]
        (second / "python/both.py").write_text("VALUE = 33\n")
        started = await bench.start(code, layers=(first, second))
        assert json.loads((await bench.invoke(started, {})).payload)[0] == 33

    run_with_workbench(test, tmp_path, cache)


def test_handler_error_has_the_four_keys_and_costs_nothing(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            count = 0
            class InvalidPayload(Exception): pass
            def handler(event, context):
                global count
                count += 1
                if event == "fail": raise InvalidPayload("no")
                return count
            """)
        started = await bench.start(code)
        failed = await bench.invoke(started, "fail", request_id="a-request")
        assert failed.outcome is Outcome.ERROR
        document = json.loads(failed.payload)
        assert document["stackTrace"] == [
            '  File "/var/task/app.py", line 7, in handler\n    if event == "fail": raise InvalidPayload("no")\n'
        ]
        assert document == {
            "errorMessage": "no",
            "errorType": "InvalidPayload",
            "requestId": "a-request",
            "stackTrace": document["stackTrace"],
        }
        assert json.loads((await bench.invoke(started, "go")).payload) == 2

    run_with_workbench(test, tmp_path, cache, isolated=True)


def test_overrun_is_killed_at_its_deadline(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import time
            def handler(event, context):
                print("before", flush=True)
                time.sleep(60)
            """)
        started = await bench.start(code)
        result = await bench.invoke(started, {}, timeout_seconds=0.3)
        assert result.outcome is Outcome.TIMEOUT
        assert 300 <= result.duration_milliseconds < 600
        assert [line.text for line in result.lines] == ["before"]

    run_with_workbench(test, tmp_path, cache)


def test_process_that_ends_before_it_answers_is_an_exit(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code(
            "import os\ndef handler(event, context): os.kill(os.getpid(), 9) if event == 'kill' else os._exit(event)"
        )
        assert (await bench.invoke(await bench.start(code), 3)).exit_code == 3
        killed = await bench.invoke(await bench.start(code), "kill")
        assert (killed.outcome, killed.exit_code) == (Outcome.EXIT, -9)

    run_with_workbench(test, tmp_path, cache)


def test_import_error_and_missing_handler_fail_the_init_phase(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        broken = bench.code("import not_there", "broken")
        failed = await bench.start(broken)
        assert failed.failure is not None
        assert json.loads(failed.failure.payload) == {
            "errorMessage": "Unable to import module 'app': No module named 'not_there'",
            "errorType": "Runtime.ImportModuleError",
            "requestId": "",
            "stackTrace": [],
        }
        assert failed.failure.error_type == "Runtime.ImportModuleError"
        assert any("Runtime.ImportModuleError" in line.text for line in failed.lines)
        missing = await bench.start(bench.code("x = 1", "missing"))
        assert missing.failure is not None
        assert missing.failure.error_type == "Runtime.HandlerNotFound"

    run_with_workbench(test, tmp_path, cache)


def test_init_that_overruns_is_killed(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(bench.code("import time\ntime.sleep(60)"), init_timeout_seconds=0.3)
        assert started.failure is not None
        assert started.failure.kind == "timeout"

    run_with_workbench(test, tmp_path, cache)


def test_nothing_runs_between_invocations(tmp_path: Path, cache: Path) -> None:
    """A background thread makes no progress while the environment is frozen."""

    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import threading, time
            ticks = 0
            def tick():
                global ticks
                while True:
                    ticks += 1
                    time.sleep(0.001)
            threading.Thread(target=tick, daemon=True).start()
            def handler(event, context):
                start = ticks
                time.sleep(event)
                return [start, ticks]
            """)
        started = await bench.start(code)
        _, end = json.loads((await bench.invoke(started, 0.1)).payload)
        await asyncio.sleep(0.4)
        begin, after = json.loads((await bench.invoke(started, 0.1)).payload)
        assert begin - end < 40, "400 ms of ticks would be some hundreds"
        assert after > begin + 20, "it runs again during the invocation"

    run_with_workbench(test, tmp_path, cache)


def test_response_over_the_limit_is_refused_and_just_below_it_passes(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("def handler(event, context): return 'x' * event")
        started = await bench.start(code)
        fits = await bench.invoke(started, 6_291_556 - 2)
        assert (fits.outcome, len(fits.payload)) == (Outcome.OK, 6_291_556)
        assert (await bench.invoke(started, 6_291_556 - 1)).outcome is Outcome.TOO_LARGE

    run_with_workbench(test, tmp_path, cache)


def test_event_of_six_megabytes_arrives_whole(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        started = await bench.start(bench.code("def handler(event, context): return [len(event['a']), event['b']]"))
        payload = b'{"a":"' + b"x" * 6_291_400 + b'","b":7}'
        assert json.loads((await bench.invoke(started, payload=payload)).payload) == [6_291_400, 7]

    run_with_workbench(test, tmp_path, cache)


def test_log_lines_belong_to_their_invocation_and_records_stay_whole(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import logging
            print("init")
            def handler(event, context):
                print("a", event)
                logging.getLogger().error("two\\nlines")
                print("unfinished", end="")
            """)
        started = await bench.start(code)
        assert [line.text for line in started.lines] == ["init"]
        for number in range(3):
            texts = [line.text for line in (await bench.invoke(started, number)).lines]
            assert texts[0] == f"a {number}"
            assert texts[1].startswith("[ERROR]")
            assert texts[1].endswith("two\nlines")
            assert texts[2] == "unfinished"

    run_with_workbench(test, tmp_path, cache)


def test_frozen_environment_can_be_stopped_and_leaves_no_process(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import subprocess
            child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
            def handler(event, context): return 1
            """)
        before = _descendants()
        started = await bench.start(code)
        assert len(_descendants() - before) >= 3
        await bench.do(StopEnvironment(started.environment_id))
        await asyncio.to_thread(_wait_until_gone, before)

    run_with_workbench(test, tmp_path, cache)


def test_plain_process_honours_the_contract_where_namespaces_are_forbidden(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        layer = bench.code("VALUE = 5", "layer", "python/lib_of_layer.py")
        code = bench.code(
            "import lib_of_layer, os\ndef handler(e, c): return [lib_of_layer.VALUE, os.environ['LAMBDA_TASK_ROOT']]"
        )
        started = await bench.start(code, layers=(layer,))
        assert json.loads((await bench.invoke(started, {})).payload) == [5, str(code)]
        assert bench.sandbox.isolated is False

    run_with_workbench(test, tmp_path, cache, isolated=False)


def _wait_until_gone(before: set[int]) -> None:
    deadline = stopwatch() + 5.0
    while left := _descendants() - before:
        assert stopwatch() < deadline, f"processes are still there: {left}"


def _descendants() -> set[int]:
    """Processes below this one, however deep."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def test_what_a_function_started_ends_with_its_environment(tmp_path: Path, cache: Path) -> None:
    """Also without a sandbox, where no namespace does it."""

    async def test(bench: Workbench) -> None:
        code = bench.code("""
            import os, subprocess
            def handler(event, context):
                if event == "end":
                    os._exit(1)
                return subprocess.Popen(["sleep", "300"]).pid
            """)
        started = await bench.start(code)
        child = json.loads((await bench.invoke(started, "begin")).payload)
        assert _runs(child)
        assert (await bench.invoke(started, "end")).outcome is Outcome.EXIT
        deadline = stopwatch() + 5.0
        while _runs(child):
            assert stopwatch() < deadline, "the child still runs"

    run_with_workbench(test, tmp_path, cache, isolated=False)


def _runs(process_id: int) -> bool:
    """Whether a process has not ended; one that nobody has collected has."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
