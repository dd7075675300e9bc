"""The master's side: hands out the plan, lets all workers begin at one moment, gathers what they report, and misses nobody.

A run that loses a worker is no result: part of its schedule was never sent, and part of what was sent is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gevent
import orjson

from loadtests.clock import monotonic, wall
from loadtests.generator.link import Counts, FolderLog, worker_row
from loadtests.generator.worker_link import CLOCK, END, FAILED, GO, HISTOGRAMS, PLAN, READY, ROWS
from loadtests.run_folder import RunFolder
from loadtests.worker_samples import WorkerSamples

__all__ = ["Crew"]

# Workers on other machines have to hear of it in time.
_HEAD_START_SECONDS = 1.0
_WATCH_SECONDS = 0.25
# A worker sends four pulses a second.
_SILENT_SECONDS = 5.0


@dataclass(slots=True)
class _Worker:
    index: int
    host: str
    clock_offset: float
    clock_error: float
    promptness: Sequence[str]
    heard: float
    counts: Counts | None = None
    done: bool = False
    lost: str | None = None
    reports: int = 0
    rows: int = 0


@dataclass(slots=True)
class Crew:
    """The workers of a run, by the id that Locust gives them."""

    environment: Any
    folder: RunFolder
    expected: int
    _workers: dict[str, _Worker] = field(default_factory=dict)
    _log: FolderLog = field(init=False)
    _samples: WorkerSamples = field(default_factory=WorkerSamples)
    _plan: Any = None
    _epoch: float | None = None

    def __post_init__(self) -> None:
        self._log = FolderLog(self.folder)
        self._plan = orjson.loads(self.folder.plan.read_bytes())
        runner = self.environment.runner
        runner.register_message(PLAN, self._on_plan)
        runner.register_message(CLOCK, self._on_clock)
        runner.register_message(READY, self._on_ready)
        runner.register_message(ROWS, self._on_rows)
        runner.register_message(END, self._on_end)
        runner.register_message(FAILED, self._on_failed)
        self.environment.events.worker_report.add_listener(self._on_report)
        # Locust fires it after the workers' final reports.
        self.environment.events.quit.add_listener(self._on_quit)
        gevent.spawn(self._watch)

    def _on_plan(self, environment: Any, msg: Any, **_: Any) -> None:
        environment.runner.send_message(PLAN, {"plan": self._plan}, msg.node_id)

    def _on_clock(self, environment: Any, msg: Any, **_: Any) -> None:
        environment.runner.send_message(CLOCK, {"wall": wall()}, msg.node_id)

    def _on_ready(self, environment: Any, msg: Any, **_: Any) -> None:
        if self._epoch is not None:
            # One that comes back, or comes too late, has no part in it: somebody is missing already.
            return
        data = msg.data
        index = len(self._workers)
        self._workers[msg.node_id] = _Worker(
            index, data["host"], data["clock_offset"], data["clock_error"], data["promptness"], monotonic()
        )
        if len(self._workers) == self.expected:
            self._epoch = monotonic() + _HEAD_START_SECONDS
            epoch_wall = wall() + _HEAD_START_SECONDS
            for node_id, worker in self._workers.items():
                worker.heard = self._epoch
                go = {"index": worker.index, "workers": self.expected, "epoch_wall": epoch_wall}
                environment.runner.send_message(GO, go, node_id)
            self._log.start(self._epoch, epoch_wall, self.expected)

    def _on_rows(self, environment: Any, msg: Any, **_: Any) -> None:
        worker = self._workers.get(msg.node_id)
        if worker is None or self._epoch is None:
            return
        worker.heard = monotonic()
        worker.counts = Counts(**msg.data["counts"])
        worker.rows += len(msg.data["rows"])
        self._log.messages(*msg.data["rows"])
        counts = [other.counts for other in self._workers.values() if other.counts is not None]
        self._log.pulse(
            monotonic(),
            sum(count.started for count in counts),
            sum(count.finished for count in counts),
            sum(count.dropped for count in counts),
        )

    def _on_end(self, environment: Any, msg: Any, **_: Any) -> None:
        worker = self._workers.get(msg.node_id)
        if worker is not None:
            worker.counts = Counts(**msg.data["counts"])
            worker.done = True
            self._samples.add(msg.data[HISTOGRAMS])

    def _on_failed(self, environment: Any, msg: Any, **_: Any) -> None:
        self._log.failure(msg.data["why"])
        environment.runner.quit()

    def _on_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        worker = self._workers.get(client_id)
        if worker is not None and HISTOGRAMS in data:
            worker.reports += 1
            self._samples.add(data[HISTOGRAMS])

    def _watch(self) -> None:
        """End the run when all are done, or as soon as one is missing."""
        while True:
            gevent.sleep(_WATCH_SECONDS)
            if self._epoch is None:
                continue
            for node_id, worker in self._workers.items():
                worker.lost = worker.lost or self._how_lost(node_id, worker)
            if any(worker.lost for worker in self._workers.values()) or all(w.done for w in self._workers.values()):
                self.environment.runner.quit()
                return

    def _how_lost(self, node_id: str, worker: _Worker) -> str | None:
        if worker.done:
            return None
        silent = monotonic() - worker.heard
        if silent > _SILENT_SECONDS:
            return f"nothing was heard of it for {silent:.1f} s"
        if node_id not in self.environment.runner.clients:
            return "it left"
        return None

    def _on_quit(self, exit_code: Any = None, **_: Any) -> None:
        rows = []
        # Where one was lost, the master itself ended the others.
        ended = any(worker.lost for worker in self._workers.values())
        for worker in self._workers.values():
            lost = worker.lost
            if lost is None and not worker.done and not ended:
                lost = "the run ended before it was done"
            rows.append(
                worker_row(
                    worker.index,
                    worker.host,
                    worker.clock_offset,
                    worker.clock_error,
                    worker.counts,
                    promptness=worker.promptness,
                    lost=lost,
                )
            )
        self._log.end(rows, self._samples)
