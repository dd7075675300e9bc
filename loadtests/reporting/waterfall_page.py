"""Waterfalls of chosen messages for the page: bars as percentages of the message's own time, so that they fit any width."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.facts import RunFacts
from loadtests.message import Message
from loadtests.outcome import judge
from loadtests.reporting.exemplars import Exemplar
from loadtests.reporting.explain_message import reasons, recorded
from loadtests.reporting.plot import linear_axis
from loadtests.reporting.waterfall import WaterfallRow, span_of, waterfall

__all__ = ["Bar", "DrawnExemplar", "draw_exemplars"]

_LEAST_PERCENT = 0.35
_COLOURS = {
    "sender": "--four",
    "apigateway": "--six",
    "lambda": "--two",
    "stepfunctions": "--five",
    "s3": "--three",
    "dynamodb": "--one",
    "subscriber": "--seven",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a waterfall; `left` and `width` are percent of the whole, a point has no width."""

    row: WaterfallRow
    left: float
    width: float
    colour: str


@dataclass(frozen=True, slots=True)
class DrawnExemplar:
    """A message with its waterfall, the marks of its time axis (percent, text) and why what is missing is missing."""

    index: int
    exemplar: Exemplar
    message: Message
    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, str], ...]
    reasons: tuple[str, ...]
    recorded: bool


def draw_exemplars(
    facts: RunFacts, exemplars: Sequence[Exemplar], journal: Iterable[Mapping[str, Any]]
) -> list[DrawnExemplar]:
    """Return the waterfalls of messages, with what the journal has of each."""
    traces = {exemplar.message.trace_id for exemplar in exemplars} - {None}
    entries: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in journal:
        if entry.get("trace_id") in traces:
            entries[entry["trace_id"]].append(entry)
    return [_drawn(facts, exemplar, entries[exemplar.message.trace_id or ""]) for exemplar in exemplars]


def _drawn(facts: RunFacts, exemplar: Exemplar, entries: Sequence[Mapping[str, Any]]) -> DrawnExemplar:
    message = exemplar.message
    known = recorded(entries, message)
    rows = waterfall(message, known or (), facts.epoch_wall)
    outcome = judge(message)
    return DrawnExemplar(
        message.index,
        exemplar,
        message,
        tuple(_bars(rows)),
        tuple(_marks(rows)),
        tuple(reasons(message, outcome, known)) if facts.complete else (),
        known is not None,
    )


def _bars(rows: Sequence[WaterfallRow]) -> list[Bar]:
    if not rows:
        return []
    first, last = span_of(rows)

    def percent(seconds: float) -> float:
        return round(100 * seconds / (last - first), 2)

    bars = []
    for row in rows:
        took = row.end_seconds - row.begin_seconds
        width = max(_LEAST_PERCENT, percent(took)) if took > 0 else 0.0
        left = min(percent(row.begin_seconds - first), 100 - max(width, _LEAST_PERCENT))
        bars.append(Bar(row, round(left, 2), width, "--bad" if row.failed else _COLOURS.get(row.who, "--soft")))
    return bars


def _marks(rows: Sequence[WaterfallRow]) -> list[tuple[float, str]]:
    if not rows:
        return []
    first, last = span_of(rows)
    unit, name = (1.0, "s") if last - first >= 2 else (1000.0, "ms")
    axis = linear_axis("", first * unit, last * unit, snug=True)
    return [(round(100 * axis.position(value), 2), f"{label} {name}") for value, label in axis.ticks]
