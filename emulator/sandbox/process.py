"""One child process tree: start, freeze, thaw, kill, peak memory, the moment of its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from emulator.engine.janitor import Janitor
from emulator.sandbox.isolation import Command

__all__ = ["ProcessTree"]

_FILE_DESCRIPTORS = 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class ProcessTree:
    """A process group of its own that dies with the emulator. `on_end` is called once, in the loop, after it was reaped."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        janitor: Janitor,
        command: Command,
        variables: dict[str, str],
        output: int,
        working_directory: Path,
        on_end: Callable[[int], None],
    ) -> None:
        self._loop = loop
        self._janitor = janitor
        self._command = command
        self._on_end = on_end
        self._memory: int | None = None
        self._frozen = False
        self.ended = False
        self._process = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(output,),
            env=variables,
            cwd=working_directory,
            start_new_session=True,
        )
        self._group = self._process.pid
        janitor.watch(self._group)
        if hasattr(resource, "prlimit"):
            with contextlib.suppress(
                ProcessLookupError, PermissionError
            ):  # it ended already, or the host's limit is lower
                resource.prlimit(self._group, resource.RLIMIT_NOFILE, (_FILE_DESCRIPTORS, _FILE_DESCRIPTORS))
        self._descriptor: int | None = None
        if hasattr(os, "pidfd_open"):
            self._descriptor = os.pidfd_open(self._group)
            loop.add_reader(self._descriptor, self._ended)
        else:
            threading.Thread(target=self._wait, name=f"wait for {self._group}", daemon=True).start()

    def freeze(self) -> None:
        """Stop all processes of the tree, as Lambda does between invocations."""
        if not self._frozen:
            self._frozen = True
            self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        if self._frozen:
            self._frozen = False
            self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the tree, frozen or not. `on_end` follows."""
        self._signal(signal.SIGKILL)

    def peak_memory_mb(self) -> int:
        """The largest resident set that the runtime's process ever had, in MB; 0 where the system does not say."""
        if self._memory is None:
            self._memory = self._open_memory()
        if self._memory < 0:
            return 0
        try:
            status = os.pread(self._memory, 4096, 0)
        except ProcessLookupError:
            return 0
        at = status.find(b"VmHWM:")
        return -(-int(status[at + 6 : at + 24].split()[0]) // 1024) if at >= 0 else 0

    def _open_memory(self) -> int:
        pid = self._group
        try:
            for _ in range(self._command.depth):
                pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
            return os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, IndexError):  # no /proc, a kernel without `children`, or it just ended
            return -1

    def _signal(self, number: signal.Signals) -> None:
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, number)

    def _wait(self) -> None:
        self._process.wait()
        self._loop.call_soon_threadsafe(self._ended)

    def _ended(self) -> None:
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
        if self._memory is not None and self._memory >= 0:
            os.close(self._memory)
        self._memory = -1
        if self._descriptor is not None:
            # Until it is collected its id is nobody else's: what it left behind in its group goes with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, signal.SIGKILL)
        code = self._process.wait()
        self.ended = True
        self._janitor.forget(self._group)
        if self._command.exit_code_above_128_is_signal and 128 < code < 160:
            code = 128 - code
        # What the process wrote to its sockets before it ended may be readable in this very turn of the loop: it counts first.
        self._loop.call_soon(self._on_end, code)
