"""Messages by flags: what became of each message at each stage, in the order in which they were due.

A flag has its fact behind it: `archived` is the object's digest, `metadata` the item that names it, the others what was answered and
announced. A run with more messages than fit side by side shows several in one column, which then has the worst state of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from loadtests.facts import RunFacts
from loadtests.message import Message
from loadtests.outcome import Outcome, judge

__all__ = ["FLAGS", "FlagRow", "FlagState", "StateRun", "flag_rows", "flag_states"]

FLAGS: Final = ("accepted", "started", "archived", "metadata", "final")
MAX_COLUMNS = 400


class FlagState(StrEnum):
    """What a flag of a message is, the worst first."""

    CORRUPT = "corrupt"
    DUPLICATE = "duplicate"
    FALSE = "not true to fact"
    MISSING = "missing"
    UNANNOUNCED = "there, but not announced"
    LATE = "late"
    REFUSED = "refused"
    DROPPED = "never sent"
    UNKNOWN = "not known: the run ended early"
    YES = "yes"
    NOT_DUE = "not due"


_ORDER = list(FlagState)


@dataclass(frozen=True, slots=True)
class StateRun:
    """Neighbouring columns of one state: the first column, how many, and what to say of them."""

    state: FlagState
    first: int
    columns: int
    text: str


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One flag over all messages. `due` says how many messages must have it, `held` how many of them do in fact."""

    flag: str
    runs: tuple[StateRun, ...]
    columns: int
    due: int
    held: int


def flag_states(facts: RunFacts, message: Message, outcome: Outcome) -> dict[str, FlagState]:
    """Return the state of each flag of a message."""
    # A message has its time from the answer on.
    deadline = (message.ingest_seconds or 0.0) + facts.plan.drain_seconds
    states = {"accepted": _accepted(outcome)}
    states |= {flag: _later(flag, message, outcome, deadline) for flag in FLAGS[1:]}
    if not facts.complete:
        unsure = (FlagState.MISSING, FlagState.UNANNOUNCED, FlagState.FALSE)
        states |= {flag: FlagState.UNKNOWN for flag, state in states.items() if state in unsure}
    return states


def _accepted(outcome: Outcome) -> FlagState:
    if outcome.dropped:
        return FlagState.DROPPED
    if outcome.unanswered:
        return FlagState.MISSING
    return FlagState.YES if outcome.accepted else FlagState.REFUSED


def _later(flag: str, message: Message, outcome: Outcome, deadline: float) -> FlagState:
    announced = message.stage_seconds(flag)
    if not message.accepted:
        found = {"archived": bool(message.objects), "metadata": bool(message.items)}.get(flag, announced is not None)
        return FlagState.FALSE if found else FlagState.NOT_DUE
    if flag == "archived" and outcome.corrupt:
        return FlagState.CORRUPT
    stored = {"archived": len(message.objects), "metadata": len(message.items)}.get(flag)
    if stored == 0 or (stored is None and announced is None):
        return FlagState.MISSING
    if stored is not None and stored > 1:
        return FlagState.DUPLICATE
    if flag == "metadata" and not outcome.recorded:
        return FlagState.CORRUPT
    about = (f"{flag} notice:", "item:") if flag == "metadata" else (f"{flag} notice:",)
    if any(text.startswith(about) for text in outcome.false_flags):
        return FlagState.FALSE
    if announced is None:
        return FlagState.UNANNOUNCED
    return FlagState.LATE if announced > deadline else FlagState.YES


def flag_rows(facts: RunFacts, messages: Sequence[Message]) -> list[FlagRow]:
    """Return a row for each flag; none without messages."""
    if not messages:
        return []
    judged = [(message, judge(message)) for message in messages]
    states = [flag_states(facts, message, outcome) for message, outcome in judged]
    width = -(-len(messages) // MAX_COLUMNS)
    rows = []
    for flag in FLAGS:
        column = [state[flag] for state in states]
        due = sum(state is not FlagState.NOT_DUE for state in column)
        held = sum(outcome.accepted and _holds(flag, message, outcome) for message, outcome in judged)
        rows.append(FlagRow(flag, tuple(_runs(flag, column, messages, width)), -(-len(messages) // width), due, held))
    return rows


def _holds(flag: str, message: Message, outcome: Outcome) -> bool:
    """Whether what the flag says is a fact, whoever was told so."""
    facts = {"accepted": outcome.accepted, "archived": outcome.archived, "metadata": outcome.recorded}
    return facts.get(flag, message.stage_seconds(flag) is not None)


def _runs(flag: str, states: Sequence[FlagState], messages: Sequence[Message], width: int) -> Iterator[StateRun]:
    worst = [min(states[start : start + width], key=_ORDER.index) for start in range(0, len(states), width)]
    column = 0
    for state, group in groupby(worst):
        span = len(list(group))
        first, last = messages[column * width], messages[min((column + span) * width, len(messages)) - 1]
        some = " at least once in each column" if width > 1 and state is not FlagState.YES else ""
        yield StateRun(state, column, span, f"{flag} of {_named(first, last)}: {state}{some}")
        column += span


def _named(first: Message, last: Message) -> str:
    return f"message {first.index} ({first.key})" if first is last else f"messages {first.index} to {last.index}"
