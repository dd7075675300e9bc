"""A worker's link to the run, through the connection that Locust's worker has to its master anyway.

The worker asks for the plan, compares its clock with the master's, says that it is ready, and gets the moment at which all begin.
Its rows go to the master a few times a second; its histograms travel in Locust's own reports.
https://docs.locust.io/en/stable/running-distributed.html#communicating-across-nodes
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gevent.event import AsyncResult

from loadtests.clock import monotonic, wall
from loadtests.generator.link import Assignment, Counts
from loadtests.plan import RunPlan
from loadtests.worker_samples import WorkerSamples

__all__ = ["CLOCK", "END", "FAILED", "GO", "HISTOGRAMS", "PLAN", "READY", "ROWS", "WorkerLink"]

# Names of the messages between master and workers.
PLAN, CLOCK, READY, GO, ROWS, END, FAILED = (
    f"windtunnel_{name}" for name in ("plan", "clock", "ready", "go", "rows", "end", "failed")
)
HISTOGRAMS = "windtunnel_histograms"
_ANSWER_SECONDS = 30.0
_START_SECONDS = 120.0
_CLOCK_EXCHANGES = 9


class WorkerLink:
    """One worker of several. `runner` is Locust's."""

    def __init__(self, environment: Any, promptness: Sequence[str]) -> None:
        self._promptness = promptness
        self._runner = environment.runner
        self._answers: dict[str, AsyncResult[Any]] = {}
        self._rows: list[dict[str, Any]] = []
        self._samples = WorkerSamples()
        self._plan: RunPlan | None = None
        for name in (PLAN, CLOCK, GO):
            self._runner.register_message(name, self._answered)
        environment.events.report_to_master.add_listener(self._report)

    @property
    def plan(self) -> RunPlan:
        """What the run does, as the master says it."""
        if self._plan is None:
            self._plan = RunPlan.from_json(self._ask(PLAN, {})["plan"])
        return self._plan

    def begin(self) -> Assignment:
        """Compare clocks, report ready, and wait until all workers are."""
        offset, error = self._clock_offset()
        ready = {"host": socket.gethostname(), "clock_offset": offset, "clock_error": error}
        ready["promptness"] = list(self._promptness)
        go = self._ask(READY, ready, answer=GO, timeout=_START_SECONDS)
        epoch_wall = float(go["epoch_wall"])
        epoch = monotonic() + (epoch_wall - offset - wall())
        return Assignment(int(go["index"]), int(go["workers"]), epoch, epoch_wall)

    def message(self, row: dict[str, Any]) -> None:
        """Keep a row for the next pulse."""
        self._samples.record(row)
        self._rows.append(row)

    def pulse(self, counts: Counts) -> None:
        """Send what happened since the last pulse."""
        rows, self._rows = self._rows, []
        self._runner.send_message(ROWS, {"rows": rows, "counts": asdict(counts)})

    def end(self, counts: Counts) -> None:
        """Send the rest, and that it is all: Locust's last report may come after the master has stopped to listen."""
        self.pulse(counts)
        self._runner.send_message(END, {"counts": asdict(counts), HISTOGRAMS: self._taken()})

    def fail(self, why: str) -> None:
        """Tell the master, which ends the run."""
        self._runner.send_message(FAILED, {"why": why})

    def _clock_offset(self) -> tuple[float, float]:
        """How much the master's clock is ahead, by the exchange that took least, and how wrong that can be (half its round trip)."""
        best: tuple[float, float] | None = None
        for _ in range(_CLOCK_EXCHANGES):
            sent = wall()
            master = float(self._ask(CLOCK, {})["wall"])
            round_trip = wall() - sent
            if best is None or round_trip / 2 < best[1]:
                best = (master - sent - round_trip / 2, round_trip / 2)
        assert best is not None
        return best

    def _ask(self, name: str, data: dict[str, Any], answer: str | None = None, timeout: float = _ANSWER_SECONDS) -> Any:
        result: AsyncResult[Any] = AsyncResult()
        self._answers[answer or name] = result
        self._runner.send_message(name, data)
        return result.get(timeout=timeout)

    def _answered(self, environment: Any, msg: Any, **_: Any) -> None:
        result = self._answers.pop(msg.type, None)
        if result is not None:
            result.set(msg.data)

    def _report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        data[HISTOGRAMS] = self._taken()

    def _taken(self) -> Mapping[str, str]:
        """The samples since the last time. What is sent is not sent again: the master adds up."""
        taken, self._samples = self._samples, WorkerSamples()
        return taken.encoded()
