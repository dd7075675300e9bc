"""Nothing outlives an emulator that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from emulator.clock import stopwatch

_PROGRAM = """
import asyncio, sys
from pathlib import Path
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench

async def test(bench):
    code = bench.code("import subprocess\\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)\\ndef handler(e, c): return 1")
    await bench.start(code)
    print(bench.janitor.folder, flush=True)
    await asyncio.sleep(60)

run_with_workbench(test, Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_sigkill_leaves_no_process_and_no_folder(tmp_path: Path, cache: Path) -> None:
    root = str(Path(__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(tmp_path), str(cache)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
        cwd=root,
    )
    assert process.stdout is not None
    try:
        folder = Path(process.stdout.readline().decode().strip())
        assert folder.is_dir()
        assert _mentions(str(tmp_path))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    deadline = stopwatch() + 5.0
    while folder.exists() or _mentions(str(tmp_path)):
        assert stopwatch() < deadline, f"still there: {folder.exists()}, {_mentions(str(tmp_path))}"


def _mentions(text: str) -> list[str]:
    """Command lines of live processes that name `text`, other than the janitor itself."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if text in line and not line.startswith("/bin/sh"):
                found.append(line)
    return found
