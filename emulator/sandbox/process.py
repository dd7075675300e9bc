"""The process tree of one environment: start programs in it, freeze, thaw, kill, memory, the moment of an end.

Everything runs in one process group below the supervisor, so that freezing is one signal. What a program put into a session of its
own escapes that signal: it is looked for, and stopped by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from emulator.engine.janitor import Janitor
from emulator.sandbox.isolation import Command
from emulator.sandbox.own_ports import OwnPorts
from emulator.sandbox.process_table import children_of, descendants_of, inner_pid, members_of_group, resident_bytes
from emulator.sandbox.supervisor import launch_line

__all__ = ["ProcessTree"]

_MEGABYTE = 1_048_576
_SEARCH_SECONDS = 0.02
"""After a freeze, until processes outside of the group are looked for: an environment that is busy all the time is thawed before."""


@dataclass(slots=True)
class _Program:
    """A program that the supervisor runs. `shell` is the process that waits for it; None until the supervisor said so."""

    name: str
    shell: int | None = None
    status: int | None = field(default=None)
    """Descriptor of its /proc/<pid>/status, opened when first asked for; -1 where there is none."""


class ProcessTree:
    """A process group of its own that dies with the emulator.

    `on_exit` is called with name and status for each program that ended, `on_end` once, in the loop, after the whole tree was reaped.
    With `ports`, which it closes, everything in it binds ports of its own.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        janitor: Janitor,
        command: Command,
        outputs: Sequence[int],
        on_exit: Callable[[str, int], None],
        on_end: Callable[[int], None],
        ports: OwnPorts | None = None,
    ) -> None:
        self._loop = loop
        self._janitor = janitor
        self._command = command
        self._on_exit = on_exit
        self._on_end = on_end
        self._ports = ports
        self._frozen = False
        self._escaped: list[int] = []
        self._search: asyncio.TimerHandle | None = None
        self._programs: dict[str, _Program] = {}
        self._supervisor: int | None = None
        self._reports = b""
        self.ended = False
        reports, report_end = os.pipe()
        try:
            start = partial(_started_process, command, report_end, outputs)
            self._process = start() if ports is None else ports.start(start)
        except OSError:
            os.close(reports)
            raise
        finally:
            os.close(report_end)
        self._group = self._process.pid
        janitor.watch(self._group)
        self._report_end = reports
        os.set_blocking(reports, False)
        loop.add_reader(reports, self._read_reports)
        self._descriptor: int | None = None
        if hasattr(os, "pidfd_open"):
            self._descriptor = os.pidfd_open(self._group)
            loop.add_reader(self._descriptor, self._ended)
        else:
            threading.Thread(target=self._wait, name=f"wait for {self._group}", daemon=True).start()

    # -- programs ----------------------------------------------------------------------------------------------------------------

    def launch(self, name: str, argv: Sequence[str], variables: Mapping[str, str], output: int) -> None:
        """Start a program; `on_exit` follows when it ended (also where it could not be executed: status 126 or 127)."""
        self._programs[name] = _Program(name)
        line = launch_line(name, argv, variables, output, self._command.folders.task)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # the supervisor has ended: `on_end` tells
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()

    def runs(self, name: str) -> bool:
        """Whether a program was started and its end was not told yet: two that end at once are both told before anything starts anew."""
        return name in self._programs

    def terminate(self, name: str) -> None:
        """Ask a program to end (SIGTERM)."""
        for pid in self._processes_of(name)[:1]:
            _send(pid, signal.SIGTERM)

    def kill_programs(self, *, spare: Sequence[str] = ()) -> None:
        """End all programs but those in `spare`, and whatever they left behind."""
        spared = frozenset(
            program.shell for name, program in self._programs.items() if name in spare and program.shell is not None
        )
        kept = {self._group, self._supervisor, *(program.shell for program in self._programs.values())}
        victims = descendants_of(self._first(), without=spared)
        if self._command.depth == 0:
            # No namespace hands orphans to a first process: what a program left behind is nobody's child, but in the group.
            spared_trees = {pid for shell in spared for pid in descendants_of(shell)}
            victims += [pid for pid in members_of_group(self._group) if pid not in spared_trees]
        for pid in victims:
            if pid not in kept:
                _send(pid, signal.SIGKILL)

    # -- the whole tree ----------------------------------------------------------------------------------------------------------

    def freeze(self) -> None:
        """Stop all processes of the tree, as Lambda does between invocations."""
        if not self._frozen:
            self._frozen = True
            self._signal(signal.SIGSTOP)
            self._search = self._loop.call_later(_SEARCH_SECONDS, self._stop_escaped)

    def thaw(self) -> None:
        """Let them go on."""
        if self._frozen:
            self._frozen = False
            if self._search is not None:
                self._search.cancel()
            self._signal(signal.SIGCONT)
            for pid in self._escaped:
                _send(pid, signal.SIGCONT)
            self._escaped.clear()

    def kill(self) -> None:
        """End the tree, frozen or not. `on_end` follows."""
        self._signal(signal.SIGKILL)

    # -- memory ------------------------------------------------------------------------------------------------------------------

    def peak_memory_mb(self, name: str) -> int:
        """The largest resident set that a program's own process ever had, in MB; 0 where the system does not say."""
        program = self._programs.get(name)
        if program is None:
            return 0
        if program.status is None:
            program.status = self._open_status(name)
        if program.status < 0:
            return 0
        try:
            status = os.pread(program.status, 4096, 0)
        except ProcessLookupError:
            return 0
        at = status.find(b"VmHWM:")
        return -(-int(status[at + 6 : at + 24].split()[0]) // 1024) if at >= 0 else 0

    def resident_mb(self) -> int:
        """What all programs hold in memory now, in MB: the sum of their resident sets."""
        ours = {program.shell for program in self._programs.values()} | {self._supervisor}
        return sum(resident_bytes(pid) for pid in descendants_of(self._first()) if pid not in ours) // _MEGABYTE

    # -- inside ------------------------------------------------------------------------------------------------------------------

    def _first(self) -> int:
        """The process below which everything of the environment lies: the first one of its pid namespace."""
        pid = self._group
        for _ in range(self._command.depth - 1):
            pid = next(iter(children_of(pid)), pid)
        return pid

    def _processes_of(self, name: str) -> list[int]:
        program = self._programs.get(name)
        return [] if program is None or program.shell is None else descendants_of(program.shell)

    def _open_status(self, name: str) -> int:
        try:
            return os.open(f"/proc/{self._processes_of(name)[0]}/status", os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, IndexError):  # no /proc, or it just ended
            return -1

    def _stop_escaped(self) -> None:
        """Stop what is in a process group of its own."""
        if not self._frozen or self.ended:
            return
        for program in self._programs.values():
            for pid in [] if program.shell is None else descendants_of(program.shell)[1:]:
                with contextlib.suppress(ProcessLookupError):
                    if os.getpgid(pid) != self._group:
                        os.kill(pid, signal.SIGSTOP)
                        self._escaped.append(pid)

    def _read_reports(self) -> None:
        try:
            chunk = os.read(self._report_end, 4096)
        except BlockingIOError:
            return
        if not chunk:
            self._loop.remove_reader(self._report_end)
            return
        *lines, self._reports = (self._reports + chunk).split(b"\n")
        for line in lines:
            what, _, rest = line.decode().partition(" ")
            name, _, number = rest.rpartition(" ")
            if what == "start":
                self._started(name, int(number))
            else:
                self._exited(name, int(number))

    def _started(self, name: str, inner: int) -> None:
        program = self._programs.get(name)
        if program is None:
            return
        if self._supervisor is None:
            first = self._first()
            self._supervisor = next(iter(children_of(first)), first) if self._command.depth else first
        for pid in children_of(self._supervisor):
            if inner_pid(pid) == inner:
                program.shell = pid

    def _exited(self, name: str, status: int) -> None:
        code = 128 - status if 128 < status < 160 else status
        # What it wrote to its sockets before it ended may be readable in this very turn of the loop: it counts first.
        self._loop.call_soon(self._tell_exit, name, code)

    def _tell_exit(self, name: str, code: int) -> None:
        program = self._programs.pop(name, None)
        if program is not None:
            _close_status(program)
            self._on_exit(name, code)

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
        self._loop.remove_reader(self._report_end)
        os.close(self._report_end)
        for program in self._programs.values():
            _close_status(program)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._descriptor is not None:
            # Until it is collected its id is nobody else's: what it left behind in its group goes with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, signal.SIGKILL)
        code = self._process.wait()
        if self._ports is not None:
            self._ports.close()
        self.ended = True
        self._janitor.forget(self._group)
        self._loop.call_soon(self._on_end, code)


def _started_process(command: Command, report_end: int, outputs: Sequence[int]) -> subprocess.Popen[bytes]:
    with _as_batch_work():
        return subprocess.Popen(
            command.argv,
            stdin=subprocess.PIPE,
            stdout=report_end,
            stderr=outputs[0],
            pass_fds=tuple(outputs),
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            start_new_session=True,
        )


@contextlib.contextmanager
def _as_batch_work() -> Iterator[None]:
    """What is started here is batch work to the scheduler, with all that it starts in turn.

    A function that gets an event then does not take the processor from the emulator in the middle of a turn, where others wait for their
    answers. https://man7.org/linux/man-pages/man7/sched.7.html
    """
    if not hasattr(os, "SCHED_BATCH"):
        yield
        return
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        if policy == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        yield
    finally:
        os.sched_setscheduler(0, policy, parameter)


def _close_status(program: _Program) -> None:
    if program.status is not None and program.status >= 0:
        os.close(program.status)
    program.status = -1


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
