"""When to stop: Ctrl-C, SIGTERM, or the end of the process that started us."""

from __future__ import annotations

import asyncio
import os
import signal
from types import TracebackType

__all__ = ["Stop"]


class Stop:
    """Waits for the first reason to stop. Use as a context manager inside the loop; later signals are then only noted, so that they
    cannot cut a clean-up short."""

    def __init__(self, parent: int | None) -> None:
        self._parent = parent
        self._descriptor = -1

    def __enter__(self) -> Stop:
        self._loop = asyncio.get_running_loop()
        self._reason: asyncio.Future[str] = self._loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._stop, number.name)
        if self._parent is not None:
            try:
                self._descriptor = os.pidfd_open(self._parent)
            except ProcessLookupError:
                self._parent_ended()
            else:
                self._loop.add_reader(self._descriptor, self._parent_ended)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget_parent()

    async def wait(self) -> str:
        """The reason, once there is one."""
        return await asyncio.shield(self._reason)

    def _stop(self, reason: str) -> None:
        if not self._reason.done():
            self._reason.set_result(reason)

    def _parent_ended(self) -> None:
        self._forget_parent()
        self._stop("the process that started it has ended")

    def _forget_parent(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
