"""The path of one message as rows on one time axis: what the sender saw, what the emulator recorded, what the subscriber heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.message import Message

__all__ = ["WaterfallRow", "draw", "is_failure", "waterfall"]

_BAR = 32
_LONGEST_RESOURCE = 48
# Entries that repeat what another one says: the work behind a call, and a delivery beside the call that it makes.
_INNER = {"RunInvocation", "BridgeRequest", "StartEnvironment", "TakeLateLines"}
_GOOD = {"ok", "200", "404"}


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """One thing that happened, in seconds from the moment at which the message was due; a point has equal times."""

    who: str
    what: str
    begin_seconds: float
    end_seconds: float
    outcome: str = "ok"

    @property
    def failed(self) -> bool:
        """Whether it did not go well."""
        return self.outcome not in _GOOD


def is_failure(entry: Mapping[str, Any]) -> bool:
    """Whether a journal entry says that something failed; to find nothing (404) is an answer."""
    return str(entry.get("outcome", "ok")) not in _GOOD


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
    resource = str(entry.get("resource", "")).rpartition(":")[2]
    if len(resource) > _LONGEST_RESOURCE:
        resource = "…" + resource[1 - _LONGEST_RESOURCE :]
    name = operation if kind in ("call", "external", "delivery") else kind
    detail = entry.get("detail") or {}
    if kind == "invocation" and detail.get("cold"):
        name = "invocation (cold)"
    begin = float(entry.get("started", entry["time"])) - zero
    outcome = str(entry.get("outcome", "ok"))
    return WaterfallRow(
        str(entry["service"]), f"{name} {resource}".strip(), begin, float(entry["time"]) - zero, outcome
    )


def draw(rows: Sequence[WaterfallRow]) -> str:
    """Return rows as text: when it began, how long it took, a bar, who did what, and how it ended unless it ended well."""
    if not rows:
        return "nothing is known of this message"
    first = min(0.0, min(row.begin_seconds for row in rows))
    span = max(max(row.end_seconds for row in rows) - first, 1e-6)
    return "\n".join(_line(row, first, span) for row in rows)


def _line(row: WaterfallRow, first: float, span: float) -> str:
    left = min(int((row.begin_seconds - first) / span * _BAR), _BAR - 1)
    width = max(1, min(_BAR - left, round((row.end_seconds - row.begin_seconds) / span * _BAR)))
    bar = (" " * left + ("#" if row.end_seconds > row.begin_seconds else "|") * width).ljust(_BAR)
    took = (row.end_seconds - row.begin_seconds) * 1000
    outcome = f"  <- {row.outcome}" if row.failed else ""
    return f"{row.begin_seconds * 1000:10.1f} ms {took:9.1f} ms |{bar}| {row.who:<13} {row.what}{outcome}"
