"""No process and no folder is left, whatever ends the emulator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from emulator.clock import stopwatch
from emulator.engine.janitor import Janitor

OWNER = textwrap.dedent(
    """
    import subprocess, sys
    from pathlib import Path
    from emulator.engine.janitor import Janitor
    janitor = Janitor(Path(sys.argv[1]))
    (janitor.folder / "file").write_text("x")
    child = subprocess.Popen(["sleep", "300"], start_new_session=True)
    other = subprocess.Popen(["sleep", "300"], start_new_session=True)
    ended = subprocess.Popen(["true"], start_new_session=True); ended.wait()
    janitor.watch(child.pid); janitor.watch(ended.pid); janitor.watch(other.pid); janitor.forget(ended.pid)
    print(child.pid, other.pid, janitor.folder, flush=True)
    sys.stdin.read()
    janitor.close()
    """
)


def gone(process_id: int) -> bool:
    """Whether a process has ended (a zombie that nobody has collected counts as ended)."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def eventually(what: str, condition: object, seconds: float = 10.0) -> None:
    deadline = stopwatch() + seconds
    while not condition():  # type: ignore[operator]
        assert stopwatch() < deadline, f"waited {seconds} s for {what}"
        os.sched_yield()


@pytest.mark.parametrize("ending", ["clean", "SIGKILL", "SIGTERM"])
def test_children_and_folder_go_with_their_owner(tmp_path: Path, ending: str) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    first, second, folder = owner.stdout.readline().split()
    assert Path(folder, "file").exists()
    if ending != "clean":
        owner.send_signal(getattr(signal, ending))
    owner.stdin.close()
    owner.wait(10)
    owner.stdout.close()
    eventually("the children to be killed", lambda: gone(int(first)) and gone(int(second)))
    eventually("the folder to be removed", lambda: not Path(folder).exists())


def test_a_group_that_was_forgotten_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        janitor = Janitor(tmp_path)
        janitor.watch(other.pid)
        janitor.forget(other.pid)
        janitor.close()
        assert other.poll() is None
        assert not janitor.folder.exists()
    finally:
        other.kill()
        other.wait()
