"""Leaves no process and no temporary folder behind, whatever ends the emulator.

A janitor is one small shell that outlives the emulator by a moment: it reads the ids of process groups to watch from a pipe. When the
pipe closes (a clean exit, a crash, SIGKILL) it kills the groups that are still listed and removes the folder. A clean exit empties
both first, so the janitor then finds nothing to do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["Janitor"]

# `+ID` watches a process group, `-ID` forgets it. Only groups that the emulator started itself are ever listed.
_SCRIPT = r"""
trap '' INT TERM HUP
folder=$1
groups=" "
while read -r line; do
  case $line in
    +*) groups="$groups${line#+} " ;;
    -*) groups="${groups%%" ${line#-} "*} ${groups#*" ${line#-} "}" ;;
  esac
done
for group in $groups; do kill -9 "-$group" 2>/dev/null; done
case $folder in
  */windtunnel-*)
    attempt=0
    while [ -e "$folder" ] && [ $attempt -lt 50 ]; do
      rm -rf -- "$folder" 2>/dev/null && break
      attempt=$((attempt+1)); sleep 0.1
    done ;;
esac
"""


class Janitor:
    """Owns the emulator's temporary folder and the list of its child process groups."""

    def __init__(self, parent: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="windtunnel-", dir=parent))
        """Temporary folder of this emulator; everything it writes for itself lies below it."""
        self._groups: set[int] = set()
        self.on_end: Callable[[], None] = _nobody
        """Called whenever a watched group has ended."""
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "windtunnel-janitor", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
        )

    def watch(self, group: int) -> None:
        """See to it that process group `group` (its leader is our child) dies with us."""
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """The group has ended; its id may be used again by others."""
        self._groups.discard(group)
        self._tell(f"-{group}\n")
        self.on_end()

    def close(self) -> None:
        """Kill what is left, remove the folder, end the shell."""
        for group in sorted(self._groups):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
            self.forget(group)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._shell.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._shell.stdin.close()
        self._shell.wait()

    def _tell(self, line: str) -> None:
        if self._shell.stdin is not None and not self._shell.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._shell.stdin.write(line.encode())
                self._shell.stdin.flush()


def _nobody() -> None:
    """Nobody wants to know."""
