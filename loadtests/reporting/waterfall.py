"""The path of one message as rows on one time axis: what the sender saw, what the emulator recorded, what the subscriber heard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.message import Message

__all__ = ["WaterfallRow", "draw", "is_failure", "span_of", "waterfall"]

_BAR = 32
_LONGEST_RESOURCE = 48
# Entries that repeat what another one says: the work behind a call, and a delivery beside the call that it makes.
_INNER = {"RunInvocation", "BridgeRequest", "StartEnvironment", "TakeLateLines"}
_GOOD = {"ok", "200", "404"}
# To ask whether something is there, and to hear that it is not.
_ASKING, _NOT_THERE = {"HeadObject", "HeadBucket"}, {"404", "NoSuchKey", "NotFound"}
# `stack-LogicalName-1A2B3C4D5E6F`, as CloudFormation names what has no name of its own: the middle says what it is.
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GENERATED = re.compile(r"(?:.*/)?[A-Za-z0-9-]+-([A-Za-z0-9]+)-(?:[A-Z0-9]{12,13}|[a-z0-9]{12,13})")


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """One thing that happened, in seconds from the moment at which the message was due; a point has equal times.

    `minor` rows repeat or accompany others: lines written to a log, a delivery beside the call that it makes.
    """

    who: str
    what: str
    begin_seconds: float
    end_seconds: float
    outcome: str = "ok"
    minor: bool = False

    @property
    def failed(self) -> bool:
        """Whether it did not go well."""
        return self.outcome not in _GOOD


def is_failure(entry: Mapping[str, Any]) -> bool:
    """Whether a journal entry says that something failed; to find nothing (404) is an answer."""
    outcome = str(entry.get("outcome", "ok"))
    return outcome not in _GOOD and not (entry.get("operation") in _ASKING and outcome in _NOT_THERE)


def waterfall(
    message: Message, journal: Iterable[Mapping[str, Any]] = (), epoch_wall: float | None = None
) -> list[WaterfallRow]:
    """Return the rows of a message in order of their start. `journal` has the entries of its trace, `epoch_wall` the load's start."""
    due = message.intended_seconds
    rows = []
    if message.started_seconds is not None:
        lag = message.started_seconds - due
        rows.append(WaterfallRow("sender", "waits for its turn", 0.0, max(0.0, lag)))
        end = message.ended_seconds if message.ended_seconds is not None else message.started_seconds
        status = "no answer" if message.status is None else str(message.status)
        rows.append(WaterfallRow("sender", f"POST {message.size}", lag, end - due, status))
    if epoch_wall is not None:
        rows += [_journal_row(entry, epoch_wall + due) for entry in journal if entry["operation"] not in _INNER]
    for notice in message.notices:
        at = notice.at_seconds - due
        rows.append(WaterfallRow("subscriber", f"{notice.stage} S3={notice.s3} metaData={notice.metadata}", at, at))
    return sorted(rows, key=lambda row: (row.begin_seconds, row.end_seconds))


def _journal_row(entry: Mapping[str, Any], zero: float) -> WaterfallRow:
    kind, operation = str(entry["kind"]), str(entry["operation"])
    name = operation if kind in ("call", "external", "delivery") else kind
    end = float(entry["time"])
    begin = float(entry.get("started", end))
    detail = entry.get("detail") or {}
    if kind == "invocation":
        name = "cold handler" if detail.get("cold") else "handler"
        begin = min(begin, end - float(detail.get("duration_ms", 0.0)) / 1000)
    failed = is_failure(entry)
    return WaterfallRow(
        str(entry["service"]),
        " ".join(_short(part) for part in f"{name} {_resource(entry)}".split()),
        begin - zero,
        end - zero,
        str(entry.get("outcome", "ok")) if failed else "ok",
        minor=not failed and (kind in ("request", "delivery") or entry["service"] == "logs"),
    )


def _resource(entry: Mapping[str, Any]) -> str:
    return str(entry.get("resource", "")).rpartition(":")[2]


def _short(name: str) -> str:
    """Return what a resource is called in its template, where CloudFormation made the rest of its name; the beginning of an id."""
    if _ID.fullmatch(name):
        return f"{name[:8]}…"
    generated = _GENERATED.fullmatch(name)
    if generated is not None:
        return generated[1]
    return name if len(name) <= _LONGEST_RESOURCE else "…" + name[1 - _LONGEST_RESOURCE :]


def draw(rows: Sequence[WaterfallRow], *, full: bool = False) -> str:
    """Return rows as text: when it began, how long it took, a bar, who did what, and how it ended unless it ended well.

    Minor rows are left out unless it is to be `full`; how many is said.
    """
    if not rows:
        return "nothing is known of this message"
    first, last = span_of(rows)
    shown = [row for row in rows if full or not row.minor]
    lines = [_line(row, first, last - first) for row in shown]
    hidden = len(rows) - len(shown)
    return "\n".join([*lines, f"{hidden} minor rows are left out: --full shows them"] if hidden else lines)


def span_of(rows: Sequence[WaterfallRow]) -> tuple[float, float]:
    """Return when the first of some rows begins (0 at the latest) and the last one ends, in seconds."""
    first = min(0.0, min(row.begin_seconds for row in rows))
    return first, max(max(row.end_seconds for row in rows), first + 1e-6)


def _line(row: WaterfallRow, first: float, span: float) -> str:
    left = min(int((row.begin_seconds - first) / span * _BAR), _BAR - 1)
    width = max(1, min(_BAR - left, round((row.end_seconds - row.begin_seconds) / span * _BAR)))
    bar = (" " * left + ("━" * width if row.end_seconds > row.begin_seconds else "•")).ljust(_BAR)
    took = (row.end_seconds - row.begin_seconds) * 1000
    outcome = f"  <- {row.outcome}" if row.failed else ""
    return f"{row.begin_seconds * 1000:9.1f} ms {took:8.1f} ms │{bar}│ {row.who:<13} {row.what}{outcome}"
