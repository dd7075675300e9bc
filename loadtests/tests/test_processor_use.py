import itertools
import os
import subprocess
import sys

from loadtests.processor_use import ProcessorUse

BUSY = "sum(range(6_000_000)); print('done', flush=True); input()"


def test_time_of_a_target_and_of_its_children_is_counted_by_part() -> None:
    """The root of the tree starts a busy child and only waits for it."""
    parent = (
        f"import subprocess, sys; print('up', flush=True); input(); subprocess.run([sys.executable, '-c', {BUSY!r}])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as root:
        assert root.stdin is not None
        assert root.stdout is not None
        assert root.stdout.readline() == "up\n"
        use = ProcessorUse(itertools.count().__next__, root.pid, {"run": os.getpid()})
        with use.running():
            root.stdin.write("go\n")
            root.stdin.flush()
            assert root.stdout.readline() == "done\n"
        root.stdin.close()
    parts = use.samples[-1].parts
    assert parts["functions"] > 0.02
    assert parts["emulator"] < parts["functions"]
    assert use.samples[-1].machine >= parts["functions"]


def test_processes_that_are_gone_end_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    use = ProcessorUse(itertools.count().__next__, process.pid, {"load generator": process.pid})
    with use.running():
        pass
    assert sum(use.samples[-1].parts.values()) == 0
