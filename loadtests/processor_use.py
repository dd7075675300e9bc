"""Who used the processors: CPU time of each part of a run, and of everything else on the machine.

On a machine with few cores the generator, the observer and the pipeline take time from each other; a latency without this
beside it says little. https://psutil.readthedocs.io/
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

__all__ = ["BRIDGE", "CACHE", "EMULATOR", "FUNCTIONS", "GENERATOR", "ProcessorUse", "Sample"]

EMULATOR, BRIDGE, CACHE, FUNCTIONS = "emulator", "bridge", "cache", "functions"
GENERATOR = "load generator"
# What a child of the target is, by a part of its command line: the emulator's own processes first, everything else runs a function.
_COMMANDS = (
    ("emulator.gateway.bridge_worker", BRIDGE),
    ("valkey-server", CACHE),
    ("redis-server", CACHE),
    ("emulator/cache/", CACHE),
)
_PERIOD_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    """CPU seconds used since the sampler began, by part; `machine` counts everything on all cores, `at` is the monotonic time."""

    at: float
    parts: Mapping[str, float]
    machine: float

    def to_json(self) -> dict[str, Any]:
        """Return this sample as JSON."""
        return {"at": self.at, "parts": dict(self.parts), "machine": self.machine}


@dataclass(slots=True)
class _Account:
    """The CPU time of processes that come and go: what one used before it ended stays counted."""

    parts: dict[str, float] = field(default_factory=dict)
    _last: dict[tuple[int, float], float] = field(default_factory=dict)

    def book(self, part: str, process: psutil.Process, baseline: bool) -> None:
        """Add what a process used since it was last seen; a process that was there at the beginning starts at 0."""
        identity = (process.pid, process.create_time())
        times = process.cpu_times()
        used = times.user + times.system
        before = self._last.get(identity, used if baseline else 0.0)
        self._last[identity] = used
        self.parts[part] = self.parts.get(part, 0.0) + max(0.0, used - before)


class ProcessorUse:
    """Samples the process trees of a run twice a second in a thread."""

    def __init__(self, clock: Any, target_root: int | None, own: Mapping[str, int]) -> None:
        """Watch the target's tree (None: it is elsewhere) and single processes of the run by part, `{"locust": pid}`."""
        self._clock = clock
        self._target_root = target_root
        self._own = dict(own)
        self._account = _Account()
        self._parts: dict[psutil.Process, str] = {}
        self._machine_start = _machine_seconds()
        self.samples: list[Sample] = []
        self._sample(baseline=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Sample while the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,), name="processor-use")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            self._sample()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(_PERIOD_SECONDS):
            self._sample()

    def _sample(self, baseline: bool = False) -> None:
        for part, process in self._processes():
            try:
                self._account.book(part, process, baseline)
            except psutil.NoSuchProcess:
                # It ended between the listing and here; its last half second is not counted.
                continue
        machine = _machine_seconds() - self._machine_start
        self.samples.append(Sample(self._clock(), dict(self._account.parts), machine))

    def _processes(self) -> Iterator[tuple[str, psutil.Process]]:
        for part, process_id in self._own.items():
            for _, process in _existing(part, process_id):
                yield part, process
                if part == GENERATOR:
                    yield from ((part, worker) for worker in _children(process))
        if self._target_root is None:
            return
        for _, root in _existing(EMULATOR, self._target_root):
            yield EMULATOR, root
            own = set(self._own.values())
            for child in _children(root):
                if child.pid not in own:
                    yield self._part_of(child), child

    def _part_of(self, child: psutil.Process) -> str:
        """Which part a child is; a process is looked at once, unless it had not yet become the program that it was started for."""
        part = self._parts.get(child)
        if part is None:
            command = _command_of(child)
            part = next((part for mark, part in _COMMANDS if mark in command), FUNCTIONS)
            if command:
                self._parts[child] = part
        return part


def _existing(part: str, process_id: int) -> Iterator[tuple[str, psutil.Process]]:
    try:
        yield part, psutil.Process(process_id)
    except psutil.NoSuchProcess:
        return


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


def _machine_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)
