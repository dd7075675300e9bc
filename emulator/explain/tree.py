"""An execution's history as a tree: which states it visited, in which branches and iterations, how often it tried, and how they ended.

Theory of operation. Events point back to the event that led to them, so each event belongs to the visit that its predecessor belongs
to, or to one around it. A state that is entered begins a visit; the exit, or the next event of its branch, tells how it ended.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["ExecutionTree", "Visit", "build_tree", "seconds_of"]

_BAD = ("Failed", "TimedOut", "Aborted")


@dataclass(slots=True, eq=False)
class Visit:
    """One visit of a state. Times in epoch seconds; `left` is None while it goes on, or where the state never ended."""

    name: str
    kind: str
    entered: float
    input: str | None
    parent: Visit | None = None
    place: str = ""
    """`branch 2` or `item 5` inside a Parallel or Map state."""
    left: float | None = None
    output: str | None = None
    attempts: int = 0
    resource: str | None = None
    errors: list[tuple[str | None, str | None]] = field(default_factory=list)
    """Error and cause of each attempt that failed."""
    outcome: str = "running"
    """`succeeded`, `caught`, `failed`, `timed out`, `aborted` or `running`."""
    map_run_arn: str | None = None
    children: list[Visit] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether it ended badly."""
        return self.outcome in ("failed", "timed out", "aborted")

    def walk(self) -> Iterator[Visit]:
        """This visit and those inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(slots=True)
class ExecutionTree:
    """All visits of an execution, and the steps that it took from state to state."""

    visits: list[Visit] = field(default_factory=list)
    steps: set[tuple[str, str]] = field(default_factory=set)

    def walk(self) -> Iterator[Visit]:
        """Every visit, outer ones first."""
        for visit in self.visits:
            yield from visit.walk()

    def culprit(self) -> Visit | None:
        """The innermost visit that failed last: where to look first. None where nothing failed."""
        failed = [visit for visit in self.walk() if visit.failed and visit.outcome != "aborted"]
        inner = [visit for visit in failed if not any(child in failed for child in visit.children)]
        return inner[-1] if inner else None


def seconds_of(moment: Any) -> float:
    """A timestamp of an API answer, epoch seconds or a datetime, as epoch seconds."""
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def build_tree(events: Iterable[Mapping[str, Any]]) -> ExecutionTree:
    """The tree of a history, oldest event first."""
    return _Builder().build(events)


class _Builder:
    def __init__(self) -> None:
        self.tree = ExecutionTree()
        self.owners: dict[int, tuple[Visit | None, str]] = {}
        """The visit that an event belongs to, and the place inside it where what follows is."""
        self.left_from: dict[int, Visit] = {}

    def build(self, events: Iterable[Mapping[str, Any]]) -> ExecutionTree:
        last = 0.0
        for event in events:
            last = seconds_of(event["timestamp"])
            self.owners[event["id"]] = self._take(event, event["type"], last)
            if event["type"] in ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"):
                self._end(event["type"], event, last)
        return self.tree

    def _take(self, event: Mapping[str, Any], kind: str, now: float) -> tuple[Visit | None, str]:
        owner, place = self.owners.get(event.get("previousEventId", 0), (None, ""))
        if kind.endswith("StateEntered"):
            return self._enter(event, kind, now, owner, place)
        if kind.endswith("StateExited"):
            return self._exit(event, kind, now, owner)
        if kind.startswith("Execution"):
            return None, ""
        details = _details(event)
        if kind == "EvaluationFailed":
            owner = self._open(lambda visit: visit.name == details.get("state")) or owner
            _fail(owner, details)
            return owner, place
        if kind.startswith("MapIteration"):
            owner = _around(owner, lambda visit: visit.name == details.get("name"))
            return owner, f"item {details.get('index')}" if kind.endswith("Started") else ""
        wanted = next((name for name in ("Map", "Parallel") if kind.startswith(name)), None)
        if wanted is None and kind in ("TaskStateAborted", "WaitStateAborted"):
            wanted = kind.removesuffix("StateAborted")
        if wanted is None and owner is None:  # the first event after a redrive
            wanted = "Task"
        if wanted is not None:
            owner = _around(owner, lambda visit: visit.kind == wanted) or self._open(lambda visit: visit.kind == wanted)
        self._progress(owner, kind, details)
        return owner, "branch" if kind == "ParallelStateStarted" else place

    def _enter(
        self, event: Mapping[str, Any], kind: str, now: float, owner: Visit | None, place: str
    ) -> tuple[Visit | None, str]:
        details = _details(event)
        visit = Visit(details["name"], kind.removesuffix("StateEntered"), now, details.get("input"))
        previous = self.left_from.get(event.get("previousEventId", 0))
        if previous is not None:
            visit.parent, visit.place = previous.parent, previous.place
            self.tree.steps.add((previous.name, visit.name))
        else:
            visit.parent, visit.place = owner, place
            if place == "branch" and owner is not None:
                visit.place = f"branch {1 + len({child.place for child in owner.children})}"
        (self.tree.visits if visit.parent is None else visit.parent.children).append(visit)
        if visit.kind == "Fail":
            visit.outcome = "failed"
        return visit, ""

    def _exit(self, event: Mapping[str, Any], kind: str, now: float, owner: Visit | None) -> tuple[Visit | None, str]:
        details = _details(event)
        visit = _around(owner, lambda visit: visit.name == details["name"])
        if visit is None or visit.left is not None:
            visit = self._open(lambda visit: visit.name == details["name"])
        if visit is None:
            return owner, ""
        visit.left, visit.output = now, details.get("output")
        visit.outcome = "caught" if visit.failed else "succeeded"
        self.left_from[event["id"]] = visit
        return visit, ""

    def _progress(self, owner: Visit | None, kind: str, details: Mapping[str, Any]) -> None:
        if owner is None:
            return
        if kind.endswith("Scheduled"):
            owner.attempts += 1
            owner.outcome = "running"
            resource = details.get("resource")
            owner.resource = f"{details['resourceType']}:{resource}" if "resourceType" in details else resource
        elif kind in ("MapRunStarted", "MapRunRedriven"):
            owner.map_run_arn, owner.outcome = details.get("mapRunArn"), "running"
        elif kind in ("ParallelStateStarted", "MapStateStarted"):
            owner.attempts += 1
        elif kind.endswith("TimedOut"):
            _fail(owner, details, "timed out")
        elif kind.endswith("Aborted"):
            owner.outcome = "aborted"
        elif kind.endswith("Failed"):
            _fail(owner, details)

    def _open(self, wanted: Any) -> Visit | None:
        """The newest visit that has not been left."""
        return next((visit for visit in reversed(list(self.tree.walk())) if visit.left is None and wanted(visit)), None)

    def _end(self, kind: str, event: Mapping[str, Any], now: float) -> None:
        """Visits that were open when the execution ended badly end with it."""
        outcome = {"ExecutionFailed": "failed", "ExecutionTimedOut": "timed out"}.get(kind, "aborted")
        details = _details(event)
        open_visits = [visit for visit in self.tree.walk() if visit.left is None and not visit.failed]
        for visit in open_visits:
            visit.outcome = outcome
        innermost: Sequence[Visit] = [visit for visit in self.tree.walk() if visit.left is None and not visit.children]
        if innermost and not innermost[-1].errors and outcome != "aborted":
            innermost[-1].errors.append((details.get("error"), details.get("cause")))


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
    return found


def _around(visit: Visit | None, wanted: Any) -> Visit | None:
    """The visit or the nearest one around it that is wanted."""
    while visit is not None and not wanted(visit):
        visit = visit.parent
    return visit


def _fail(visit: Visit | None, details: Mapping[str, Any], outcome: str = "failed") -> None:
    if visit is not None:
        visit.outcome = outcome
        if "error" in details or "cause" in details:
            visit.errors.append((details.get("error"), details.get("cause")))
