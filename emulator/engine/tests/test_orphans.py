"""Processes whose parent ended first are adopted, collected, and ended with the emulator."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="Linux alone has subreapers",
)

PRELUDE = """
import asyncio, os, subprocess, sys
from pathlib import Path
from emulator.engine.orphans import Orphans

def children():
    return [int(child) for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()]

def state(process_id):
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "gone"

async def until(condition, what):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)

def orphan(*command):
    "Start a process that starts `command` in a session of its own and ends at once: the command's process id."
    # No shell: one that is slow to end may itself collect a command that is quick to.
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        child = os.fork()
        if child == 0:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            os.execvp(command[0], command)
        os.write(writing, str(child).encode())
        os._exit(0)
    os.waitpid(parent, 0)
    return int(os.read(reading, 32))
"""


def run(body: str) -> str:
    """Run the body of a coroutine in a process of its own; what it printed."""
    code = f"{PRELUDE}\nasync def main():\n{textwrap.indent(textwrap.dedent(body), '    ')}\nasyncio.run(main())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_an_orphan_that_ended_is_collected() -> None:
    run(
        """
        orphans = Orphans()
        orphan_id = orphan("true")
        await until(lambda: state(orphan_id) == "Z", "its end")
        assert orphan_id in children()
        orphans.look_later()
        await until(lambda: state(orphan_id) == "gone", "its collection")
        await orphans.end_all()
        """
    )


def test_the_exit_status_of_a_child_that_is_waited_for_is_not_taken() -> None:
    run(
        """
        orphans = Orphans()
        orphan_id = orphan("true")
        await until(lambda: state(orphan_id) == "Z", "its end")
        orphans.look_later()
        statuses = []
        while state(orphan_id) != "gone":
            process = await asyncio.create_subprocess_exec("sh", "-c", "exit 7")
            statuses.append(await process.wait())
            plain = subprocess.Popen(["sh", "-c", "exit 8"])
            descriptor = os.pidfd_open(plain.pid)
            ended = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().add_reader(descriptor, lambda: ended.done() or ended.set_result(None))
            await ended
            asyncio.get_running_loop().remove_reader(descriptor)
            os.close(descriptor)
            statuses.append(plain.wait())
        assert set(statuses) == {7, 8}, statuses
        await orphans.end_all()
        """
    )


def test_an_orphan_that_still_runs_goes_with_the_emulator() -> None:
    """Whatever a function without a sandbox started, also in a session of its own."""
    printed = run(
        """
        orphans = Orphans()
        daemons = [orphan("sleep", "300") for _ in range(3)]
        await until(lambda: set(daemons) <= set(children()), "their adoption")
        await orphans.end_all()
        assert children() == []
        print(*daemons)
        """
    )
    assert not any(Path(f"/proc/{daemon}").exists() for daemon in printed.split())
