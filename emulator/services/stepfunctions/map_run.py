"""Map runs: what a Distributed Map works on, how far it is, and the limits that UpdateMapRun may change while it runs.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from emulator.services.stepfunctions.asl.document import Document
from emulator.services.stepfunctions.state import Execution, ExecutionStatus

__all__ = ["MAP_RUN_ENDED", "MapRun", "MapRuns", "map_run_topic"]


def map_run_topic(arn: str) -> tuple[str, str, str]:
    """Notified when a map run's limits change, and when it has nothing left to do."""
    return ("stepfunctions", "map run", arn)


MAP_RUN_ENDED = ("stepfunctions", "map run ended")
"""Notified when a map run ends by itself, so that one that waits for its place may begin."""


@dataclass(slots=True)
class MapRun:
    """One map run. Times in epoch seconds."""

    arn: str
    execution_arn: str
    state_machine_arn: str
    start_date: float
    max_concurrency: int
    tolerated_count: int | None
    tolerated_percentage: float | None
    status: str = "RUNNING"
    stop_date: float | None = None
    admitted: bool = False
    """Whether it counts as open: as long as too many others are, a new run does nothing."""
    redrive_count: int = 0
    redrive_date: float | None = None
    inputs: list[tuple[Document, int]] = field(default_factory=list)
    """What each child execution gets, and how many items that is."""
    outputs: dict[int, Document] = field(default_factory=dict)
    """Outputs of the children that succeeded, by place."""
    failures: dict[int, Execution] = field(default_factory=dict)
    """The children that ended otherwise, by place."""
    results: dict[int, Execution] = field(default_factory=dict)
    """All children that ended, where a ResultWriter wants them."""
    waiting: deque[int] = field(default_factory=deque)
    places: int = 0
    """How many workers take items."""
    running_items: int = 0
    running_executions: int = 0
    items: Counter[str] = field(default_factory=Counter)
    """How many items ended with each status."""
    executions: Counter[str] = field(default_factory=Counter)
    written_items: int = 0
    written_executions: int = 0

    @property
    def total_items(self) -> int:
        """All items."""
        return sum(count for _, count in self.inputs)

    def started(self, place: int) -> None:
        """A child begins."""
        self.running_executions += 1
        self.running_items += self.inputs[place][1]

    def ended(self, place: int, status: str) -> None:
        """A child has ended."""
        count = self.inputs[place][1]
        self.running_executions -= 1
        self.running_items -= count
        self.executions[status] += 1
        self.items[status] += count

    def retry(self, place: int, status: str) -> None:
        """A child is to be run again."""
        self.executions[status] -= 1
        self.items[status] -= self.inputs[place][1]
        self.waiting.append(place)

    @property
    def is_beyond_tolerance(self) -> bool:
        """Whether more items failed than may: the stricter of count and percentage, none where neither is given."""
        failed = sum(count for status, count in self.items.items() if status != ExecutionStatus.SUCCEEDED)
        limits: list[float] = [] if self.tolerated_count is None else [self.tolerated_count]
        if self.tolerated_percentage is not None:
            limits.append(self.total_items * self.tolerated_percentage / 100)
        return failed > min(limits, default=0)

    def counts(self, *, of_items: bool) -> dict[str, int]:
        """`itemCounts` or `executionCounts`."""
        ended = self.items if of_items else self.executions
        total = self.total_items if of_items else len(self.inputs)
        running = self.running_items if of_items else self.running_executions
        unsuccessful = ended["FAILED"] + ended["TIMED_OUT"] + ended["ABORTED"]
        return {
            "pending": total - running - ended.total(),
            "running": running,
            "succeeded": ended["SUCCEEDED"],
            "failed": ended["FAILED"],
            "timedOut": ended["TIMED_OUT"],
            "aborted": ended["ABORTED"],
            "total": total,
            "resultsWritten": self._results_written(of_items),
            "failuresNotRedrivable": 0 if self.status != "SUCCEEDED" else unsuccessful,
            "pendingRedrive": 0,
        }

    def _results_written(self, of_items: bool) -> int:
        """What the result writer wrote; where there is none, what a map run that succeeded gave to its state."""
        written = self.written_items if of_items else self.written_executions
        if written == 0 and self.status == "SUCCEEDED":
            written = (self.items if of_items else self.executions)["SUCCEEDED"]
        return written

    def description(self) -> dict[str, Any]:
        """DescribeMapRun's answer."""
        result: dict[str, Any] = {
            "mapRunArn": self.arn,
            "executionArn": self.execution_arn,
            "status": self.status,
            "startDate": self.start_date,
            "maxConcurrency": self.max_concurrency,
            "toleratedFailurePercentage": self.tolerated_percentage or 0.0,
            "toleratedFailureCount": self.tolerated_count or 0,
            "itemCounts": self.counts(of_items=True),
            "executionCounts": self.counts(of_items=False),
            "redriveCount": self.redrive_count,
        }
        if self.stop_date is not None:
            result["stopDate"] = self.stop_date
        if self.redrive_date is not None:
            result["redriveDate"] = self.redrive_date
        return result


MapRuns = dict[str, MapRun]
"""Map runs by ARN."""
