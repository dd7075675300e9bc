"""Folders that are named by what they are made from, built once and shared by every emulator of this user.

A folder is built beside its final name under a file lock and renamed into place, so that it is whole or absent, whoever dies meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

__all__ = ["ContentStore"]


class ContentStore:
    """Content-addressed folders below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._under_way: dict[Path, asyncio.Task[Path]] = {}

    def holds(self, folder: str) -> bool:
        """Whether `folder` is one of ours, and so never changes."""
        return Path(folder).is_relative_to(self.root)

    async def folder(self, kind: str, identity: bytes, build: Callable[[Path], Awaitable[None]]) -> Path:
        """The folder made from `identity`; `build` fills an empty one the first time. What `build` raises comes through."""
        final = self.root / kind / hashlib.sha256(identity).hexdigest()[:40]
        if final.is_dir():
            return final
        work = self._under_way.get(final)
        if work is None:
            work = asyncio.get_running_loop().create_task(self._make(final, build))
            self._under_way[final] = work
            work.add_done_callback(lambda _: self._under_way.pop(final, None))
        return await asyncio.shield(work)

    async def _make(self, final: Path, build: Callable[[Path], Awaitable[None]]) -> Path:
        lock = _open_lock(final)
        try:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            partial = _new_partial(final)
            if partial is not None:
                try:
                    await build(partial)
                    partial.rename(final)
                finally:
                    await asyncio.to_thread(shutil.rmtree, partial, True)
        finally:
            os.close(lock)
        return final


def _open_lock(final: Path) -> int:
    final.parent.mkdir(parents=True, exist_ok=True)
    return os.open(f"{final}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)


def _new_partial(final: Path) -> Path | None:
    """An empty folder to build in; None where another process has built the final one meanwhile."""
    if final.is_dir():
        return None
    partial = Path(tempfile.mkdtemp(prefix=f"{final.name}.partial-", dir=final.parent))
    partial.chmod(0o755)
    return partial
