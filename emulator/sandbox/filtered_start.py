"""Starts a process whose socket calls are told to this process, from a thread that has the filter.

A filter belongs to the thread that installed it and to what it starts. So a thread installs it, starts the process, and then only waits:
nothing runs between fork and exec, the descriptor is in this process from the beginning, and this process's other threads know no filter.
The thread stays until the process has ended, because a process that dies with its parent dies with the thread that started it
(PR_SET_PDEATHSIG, https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html).
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future

from emulator.sandbox.socket_calls import install_filter

__all__ = ["FilteredStart"]


class FilteredStart:
    """A process that `start` started; `listener` is readable when it, or a descendant, waits in a socket call.

    Raises what `start` raises, and OSError where there is no filter. `close` after the process was collected, and not before.
    """

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._over = threading.Event()
        started: Future[tuple[int, subprocess.Popen[bytes]]] = Future()
        thread = threading.Thread(target=self._run, args=(start, started), name="starts with a filter", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise OSError(f"no thread for an environment: {error}") from error
        self.listener, self.process = started.result()

    def close(self) -> None:
        """Give everything back."""
        if not self._over.is_set():
            self._over.set()
            os.close(self.listener)

    def _run(
        self, start: Callable[[], subprocess.Popen[bytes]], started: Future[tuple[int, subprocess.Popen[bytes]]]
    ) -> None:
        try:
            listener = install_filter()
            try:
                process = start()
            except BaseException:
                os.close(listener)
                raise
        except BaseException as error:
            started.set_exception(error)  # raised again where the process was asked for
            return
        started.set_result((listener, process))
        self._over.wait()
