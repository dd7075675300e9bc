"""Two finished runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from loadtests.facts import RunFacts
from loadtests.failures import UsageError
from loadtests.gate.baseline import Change, differences
from loadtests.gate.counters import Counters, count
from loadtests.journal import read_journal
from loadtests.message import Message
from loadtests.reporting.reports import read_run
from loadtests.run_folder import RunFolder
from loadtests.summary import SizeFigures, Summary, summarize
from loadtests.verdict import decide

__all__ = ["Comparison", "Row", "compare_runs"]

_PERCENTILES = (50.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True)
class Row:
    """One percentile of both runs in seconds; None where the sample is too small to state it."""

    size: str
    metric: str
    a: float | None
    b: float | None

    @property
    def change(self) -> float | None:
        """How much more B took, as a fraction."""
        return None if self.a is None or self.b is None or self.a <= 0 else self.b / self.a - 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs. `unlike` says what they did not do alike, or why one is no result; `changes` what a message cost differently, where
    both have a journal.
    """

    names: tuple[str, str]
    rows: tuple[Row, ...]
    changes: tuple[Change, ...]
    unlike: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        return {
            "schema_version": 1,
            "runs": list(self.names),
            "rows": [{**asdict(row), "change": row.change} for row in self.rows],
            "changes": [asdict(change) for change in self.changes],
            "unlike": list(self.unlike),
        }


def compare_runs(a: RunFolder, b: RunFolder, *, force: bool = False) -> Comparison:
    """Return what differs. Raises `UsageError` for runs that did not do the same, unless they are to be compared all the same."""
    (facts_a, messages_a), (facts_b, messages_b) = read_run(a), read_run(b)
    one, other = summarize(facts_a, messages_a), summarize(facts_b, messages_b)
    unlike = (*_no_result(facts_a, one), *_no_result(facts_b, other), *_unlike(facts_a, facts_b))
    if unlike and not force:
        raise UsageError(f"these runs cannot be compared: {'; '.join(unlike)}. Compare them all the same with --force")
    others = {figures.size: figures for figures in other.sizes}
    rows = [row for figures in one.sizes if figures.size in others for row in _rows(figures, others[figures.size])]
    counted = [_counters(a, messages_a), _counters(b, messages_b)]
    changes = [] if counted[0] is None or counted[1] is None else differences(counted[0], counted[1])
    return Comparison((facts_a.plan.run_id, facts_b.plan.run_id), tuple(rows), tuple(changes), unlike)


def _no_result(facts: RunFacts, summary: Summary) -> Iterator[str]:
    """Why a run says nothing: its generator did not keep the schedule, or it did not come to its end."""
    for why in decide(facts, summary).invalid_because:
        yield f"run {facts.plan.run_id} is invalid: {why}"
    if not facts.complete:
        yield f"run {facts.plan.run_id} did not come to its end"


def _unlike(a: RunFacts, b: RunFacts) -> Iterator[str]:
    pairs = {
        "target": (a.target, b.target),
        "schedule": (a.plan.schedule_text, b.plan.schedule_text),
        "duration": (a.plan.duration_seconds, b.plan.duration_seconds),
        "sizes": (_sizes(a), _sizes(b)),
        "cores": (a.machine.get("cores"), b.machine.get("cores")),
    }
    for name, (one, other) in pairs.items():
        if one != other:
            yield f"{name} {one} and {other}"


def _sizes(facts: RunFacts) -> str:
    return ", ".join(f"{size.label}:{size.weight:g}" for size in facts.plan.sizes)


def _rows(a: SizeFigures, b: SizeFigures) -> Iterator[Row]:
    for metric in ("ingest", "service", "persisted"):
        for percentile in _PERCENTILES:
            one, other = getattr(a, metric), getattr(b, metric)
            yield Row(a.size, f"{metric} p{percentile:g}", one.supported(percentile), other.supported(percentile))


def _counters(folder: RunFolder, messages: Sequence[Message]) -> Counters | None:
    traces = [message.trace_id for message in messages if message.trace_id is not None]
    journal = read_journal(folder)
    return None if journal is None or not traces else count(journal, traces)
