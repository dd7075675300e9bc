"""How a dispatcher learns what to send and tells what it did: directly, where it runs alone, or through Locust's master."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import orjson

from loadtests.clock import monotonic, wall
from loadtests.ledger import append_row
from loadtests.plan import RunPlan
from loadtests.run_folder import RunFolder
from loadtests.worker_samples import WorkerSamples

__all__ = ["Assignment", "Counts", "FolderLink", "FolderLog", "Link", "own_arrivals_from", "worker_row"]

# Enough for connections and timers to be ready when the first message is due.
HEAD_START_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one worker does: arrivals `index`, `index + workers`, ... of the plan, counted from `epoch` on its own monotonic clock.

    `epoch_wall` is the same moment in epoch seconds of the master's clock.
    """

    index: int
    workers: int
    epoch: float
    epoch_wall: float


@dataclass(frozen=True, slots=True)
class Counts:
    """A worker's counters at a moment (seconds since the epoch of the load), and the CPU seconds that it has used since then."""

    at_seconds: float
    started: int
    finished: int
    dropped: int
    cpu_seconds: float


class Link(Protocol):
    """A worker's way to the run."""

    @property
    def plan(self) -> RunPlan:
        """What the run does; the same for all workers."""

    def begin(self) -> Assignment:
        """Say that this worker is ready, wait for the others, and return its part."""

    def message(self, row: dict[str, Any]) -> None:
        """Report a message that was answered or dropped."""

    def pulse(self, counts: Counts) -> None:
        """Report the counters."""

    def end(self, counts: Counts) -> None:
        """Report that the last answer is there."""

    def fail(self, why: str) -> None:
        """Report that this worker cannot go on."""


def own_arrivals_from(link: Link, assignment: Assignment) -> list[Any]:
    """Return a worker's part of the schedule: every `workers`-th arrival from its own index on."""
    return link.plan.arrivals()[assignment.index :: assignment.workers]


class FolderLog:
    """The generator's two logs in the run's folder: one row for each message, and its start, pulses and end."""

    def __init__(self, folder: RunFolder) -> None:
        self._sent: BinaryIO = folder.sent.open("ab")
        self._log: BinaryIO = folder.generator.open("ab")

    def start(self, epoch: float, epoch_wall: float, workers: int) -> None:
        """The load begins. TCP_NODELAY has been seen on every worker's connection by now."""
        row = {"kind": "start", "epoch": epoch, "epoch_wall": epoch_wall, "tcp_no_delay": True, "workers": workers}
        self._write(self._log, row)

    def messages(self, *rows: Mapping[str, Any]) -> None:
        """Add messages."""
        self._sent.write(b"".join(append_row(row) for row in rows))
        self._sent.flush()

    def pulse(self, at: float, started: int, finished: int, dropped: int) -> None:
        """Add the counters of all workers at a monotonic time."""
        self._write(
            self._log, {"kind": "pulse", "at": at, "started": started, "finished": finished, "dropped": dropped}
        )

    def failure(self, why: str) -> None:
        """A worker cannot go on."""
        self._write(self._log, {"kind": "failure", "why": why})

    def end(self, workers: list[dict[str, Any]], samples: WorkerSamples) -> None:
        """The load is over: what each worker was and did, and all their samples."""
        self._write(self._log, {"kind": "end", "workers": workers, "histograms": samples.encoded()})

    def _write(self, stream: BinaryIO, row: Mapping[str, Any]) -> None:
        stream.write(append_row(row))
        stream.flush()


class FolderLink:
    """The link of a generator that runs alone, on the machine of the run."""

    def __init__(self, folder: RunFolder, promptness: Sequence[str]) -> None:
        self._plan = RunPlan.from_json(orjson.loads(folder.plan.read_bytes()))
        self._promptness = promptness
        self._log = FolderLog(folder)
        self._samples = WorkerSamples()
        self._rows: list[dict[str, Any]] = []
        self._epoch = 0.0

    @property
    def plan(self) -> RunPlan:
        """What the run does."""
        return self._plan

    def begin(self) -> Assignment:
        """Start at once: there is nobody to wait for."""
        self._epoch = monotonic() + HEAD_START_SECONDS
        assignment = Assignment(0, 1, self._epoch, wall() + HEAD_START_SECONDS)
        self._log.start(assignment.epoch, assignment.epoch_wall, workers=1)
        return assignment

    def message(self, row: dict[str, Any]) -> None:
        """Keep a row for the next pulse: a write to disk for each message would delay others."""
        self._samples.record(row)
        self._rows.append(row)

    def pulse(self, counts: Counts) -> None:
        """Log what happened since the last pulse."""
        rows, self._rows = self._rows, []
        self._log.messages(*rows)
        self._log.pulse(self._epoch + counts.at_seconds, counts.started, counts.finished, counts.dropped)

    def end(self, counts: Counts) -> None:
        """Log the end."""
        self.pulse(counts)
        row = worker_row(0, socket.gethostname(), 0.0, 0.0, counts, promptness=self._promptness, lost=None)
        self._log.end([row], self._samples)

    def fail(self, why: str) -> None:
        """Log it."""
        self._log.failure(why)


def worker_row(
    index: int,
    host: str,
    clock_offset: float,
    clock_error: float,
    counts: Counts | None,
    *,
    promptness: Sequence[str],
    lost: str | None,
) -> dict[str, Any]:
    """Return what a run keeps of a worker; `promptness` is what the system granted it, `lost` how it went missing, or None."""
    return {
        "index": index,
        "host": host,
        "clock_offset_seconds": clock_offset,
        "clock_error_seconds": clock_error,
        "started": 0 if counts is None else counts.started,
        "finished": 0 if counts is None else counts.finished,
        "dropped": 0 if counts is None else counts.dropped,
        "cpu_seconds": 0.0 if counts is None else counts.cpu_seconds,
        "seconds": 0.0 if counts is None else counts.at_seconds,
        "promptness": list(promptness),
        "lost": lost,
    }
