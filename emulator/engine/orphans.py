"""Collects what the emulator's children leave behind: processes whose own parent ended before them.

A sandbox that is killed leaves its inner process, a function without a sandbox may leave a daemon. Linux hands them to process 1, which in
many containers collects nobody, so that every killed environment would leave a zombie. An emulator that owns its process adopts them
instead (https://man7.org/linux/man-pages/man2/pr_set_child_subreaper.2const.html) and collects them.

Whoever starts a process here waits for it at once. So a child that is still a zombie a second after it was seen is nobody's, and collecting
it takes no exit status away from anyone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Orphans"]

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE_SECONDS = 1.0
_END_SECONDS = 2.0
_END_STEP_SECONDS = 0.01
_TASKS = Path("/proc/self/task")


class Orphans:
    """Adopts orphans from its making on. Only for a process that is the emulator's own: at the end it kills every child."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._suspects: set[int] = set()
        self._look: asyncio.TimerHandle | None = None
        self._adopting = _adopt()

    def look_later(self) -> None:
        """A child has ended and may have left orphans: look for those that ended too, in a moment."""
        if self._adopting and self._look is None:
            self._look = self._loop.call_later(_PATIENCE_SECONDS, self._collect)

    def _collect(self) -> None:
        self._look = None
        zombies = {child for child in _children() if _is_zombie(child)}
        for orphan in zombies & self._suspects:
            _collected(orphan)
        self._suspects = zombies - self._suspects
        if self._suspects:
            self.look_later()

    async def end_all(self) -> None:
        """Kill and collect every child that is left, adopted or not; give up after a moment."""
        if self._look is not None:
            self._look.cancel()
        if not self._adopting:
            return
        deadline = self._loop.time() + _END_SECONDS
        while self._loop.time() < deadline:
            children = list(_children())
            if not children:
                return
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                _collected(child)
            await asyncio.sleep(_END_STEP_SECONDS)


def _adopt() -> bool:
    """Become the parent of orphans among our descendants; False where the system cannot do that, or cannot tell who they are."""
    if not sys.platform.startswith("linux") or not (_TASKS / str(os.getpid()) / "children").exists():
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def _children() -> Iterator[int]:
    """Our children, those of all threads; orphans come to any of them."""
    for task in _TASKS.iterdir():
        with contextlib.suppress(FileNotFoundError):  # the thread has just ended
            yield from map(int, (task / "children").read_text().split())


def _is_zombie(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return False


def _collected(process_id: int) -> None:
    with contextlib.suppress(ChildProcessError):  # somebody else was quicker
        os.waitpid(process_id, os.WNOHANG)
