import os
import subprocess
import sys

import psutil

from loadtests.gate import tree_cpu

WORK = "import time\nwhile time.process_time() < 0.2: pass\nprint('worked', flush=True)\nimport sys; sys.stdin.read()"


def test_cpu_time_of_another_process_is_what_it_used() -> None:
    child = subprocess.Popen([sys.executable, "-c", WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdout.readline()
        process = psutil.Process(child.pid)
        used = tree_cpu.seconds_of(process)
        assert used >= 0.2
        # It waits now, so that nothing is added.
        assert tree_cpu.seconds_of(process) - used < 0.1
        assert process in tree_cpu.tree(psutil.Process())
    finally:
        child.communicate()
    assert tree_cpu.seconds_of(process) == 0.0


def test_process_of_a_function_is_known_by_its_environment() -> None:
    environment = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": "ingest"}
    child = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert child.stdout is not None
    try:
        child.stdout.readline()
        assert tree_cpu.function_of(psutil.Process(child.pid)) == "ingest"
    finally:
        child.communicate(b"\n")
    assert tree_cpu.function_of(psutil.Process()) == os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
