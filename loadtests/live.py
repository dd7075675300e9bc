"""What a run looks like while it runs: the logs of its processes, followed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from loadtests.ledger import Tail
from loadtests.message import STAGES
from loadtests.percentiles import Durations
from loadtests.plan import RunPlan, probe_prefix
from loadtests.run_folder import RunFolder

__all__ = ["Live", "LiveFigures"]

_RATE_WINDOW_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """One line of progress. `planned` is how many messages should have started by now; rates are those of the last seconds.

    A percentile is None while too few messages have been answered to state it.
    """

    at_seconds: float
    duration_seconds: float
    planned: int
    planned_total: int
    started: int
    in_flight: int
    accepted: int
    refused: int
    dropped: int
    persisted: int
    planned_rate_per_second: float
    rate_per_second: float
    megabytes_per_second: float
    ingest_p50_seconds: float | None
    ingest_p95_seconds: float | None


class Live:
    """Follows a run from its logs. Memory: a few numbers for each message that is not finished."""

    def __init__(self, plan: RunPlan, folder: RunFolder) -> None:
        self._plan = plan
        self._due = [arrival.at_seconds for arrival in plan.arrivals()]
        self._planned_rate = len(self._due) / plan.duration_seconds
        self._sent = Tail(folder.sent)
        self._pulses = Tail(folder.generator)
        self._notices = Tail(folder.notices)
        self._probes = probe_prefix(plan.key_root)
        self._ingest = Durations()
        self._answered: list[tuple[float, int]] = []
        self._missing: dict[str, tuple[float, set[str]]] = {}
        self._early: dict[str, set[str]] = {}
        self._persisted: set[str] = set()
        self._started = self._finished = self._dropped = self._accepted = self._refused = 0
        self.epoch: float | None = None
        self.epoch_wall: float | None = None
        self.last_answer: float | None = None
        self.tcp_no_delay = False
        self.workers: list[dict[str, Any]] = []
        self.histograms: dict[str, str] | None = None
        self.failure: str | None = None
        self.pulses: list[tuple[float, int, int, int]] = []

    def follow(self) -> None:
        """Read what was appended to the logs."""
        for row in self._pulses.rows():
            if row["kind"] == "start":
                self.epoch, self.epoch_wall = row["epoch"], row["epoch_wall"]
                self.tcp_no_delay = row["tcp_no_delay"]
            elif row["kind"] == "failure":
                self.failure = row["why"]
            elif row["kind"] == "end":
                self.workers, self.histograms = row["workers"], row["histograms"]
            else:
                self._started, self._finished, self._dropped = row["started"], row["finished"], row["dropped"]
                self.pulses.append((row["at"], row["started"], row["finished"], row["dropped"]))
        for row in self._sent.rows():
            self._count_sent(row["status"], row["key"], row["message_id"], row)
        for row in self._notices.rows():
            if row["stage"] == "final" and row["s3"] is True and row["metadata"] is True:
                self._persisted.add(row["key"])
            self._hear(row["key"], row["stage"])

    def _count_sent(self, status: int | None, key: str, message_id: str | None, row: dict[str, float]) -> None:
        if row["ended_seconds"] is None or self.epoch is None:
            return
        ended = self.epoch + float(row["ended_seconds"])
        self.last_answer = ended
        self._answered.append((ended, int(row["body_bytes"])))
        if status == 200 and message_id is not None:
            self._accepted += 1
            self._ingest.record(row["ended_seconds"] - row["intended_seconds"])
            missing = set(STAGES) - self._early.pop(key, set())
            if missing:
                self._missing[key] = (ended, missing)
        else:
            self._refused += 1

    def _hear(self, key: str, stage: str) -> None:
        if key not in self._missing:
            # A notice may overtake the answer. Those of probes stay here; they are few.
            self._early.setdefault(key, set()).add(stage)
            return
        self._missing[key][1].discard(stage)
        if not self._missing[key][1]:
            del self._missing[key]

    def waiting(self, now: float) -> int:
        """Return how many accepted messages miss a notice and are still within their time."""
        return sum(now < ended + self._plan.drain_seconds for ended, _ in self._missing.values())

    def heard(self, key: str) -> set[str]:
        """Return the stages that were heard of a message whose answer this run does not log: a probe."""
        return self._early.get(key, set())

    def figures(self, now: float) -> LiveFigures:
        """Return the line of progress at a monotonic time."""
        at = 0.0 if self.epoch is None else max(0.0, now - self.epoch)
        planned = bisect_right(self._due, at) if self.epoch is not None else 0
        self._answered = [(ended, size) for ended, size in self._answered if ended > now - _RATE_WINDOW_SECONDS]
        window = min(_RATE_WINDOW_SECONDS, max(at, 0.5))
        return LiveFigures(
            at_seconds=at,
            duration_seconds=self._plan.duration_seconds,
            planned=planned,
            planned_total=len(self._due),
            started=self._started,
            in_flight=max(0, self._started - self._finished),
            accepted=self._accepted,
            refused=self._refused,
            dropped=self._dropped,
            persisted=sum(not key.startswith(self._probes) for key in self._persisted),
            planned_rate_per_second=self._planned_rate,
            rate_per_second=len(self._answered) / window,
            megabytes_per_second=sum(size for _, size in self._answered) / 1e6 / window,
            ingest_p50_seconds=self._ingest.supported(50),
            ingest_p95_seconds=self._ingest.supported(95),
        )
