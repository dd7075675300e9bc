"""Messages of a run that are worth a look: one of each kind of problem, the slowest, and a usual one of each size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from loadtests.message import Message
from loadtests.outcome import Outcome
from loadtests.summary import Summary

__all__ = ["Exemplar", "choose_exemplars", "problem_kind"]

_MAX_KINDS = 14
_MAX_SIZES = 8


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A message, and what it stands for."""

    labels: tuple[str, ...]
    message: Message
    problems: tuple[str, ...]


def choose_exemplars(messages: Sequence[Message], summary: Summary) -> list[Exemplar]:
    """Return the messages to look at, the problems first; a message that stands for several things comes once."""
    problems = {message.index: outcome.problems for message, outcome in summary.problems}
    chosen: dict[int, tuple[list[str], Message]] = {}
    for label, message in (*_problems(summary.problems), *_usual(messages, summary)):
        chosen.setdefault(message.index, ([], message))[0].append(label)
    return [Exemplar(tuple(labels), message, problems.get(message.index, ())) for labels, message in chosen.values()]


def problem_kind(problem: str) -> str:
    """Return a problem without what differs from message to message."""
    return "no answer" if problem.startswith("no answer:") else problem


def _problems(problems: Sequence[tuple[Message, Outcome]]) -> Iterator[tuple[str, Message]]:
    """One message of each kind, the most frequent kind first; the one with the fewest other problems shows its own best."""
    counts: dict[str, int] = {}
    best: dict[str, tuple[int, Message]] = {}
    for message, outcome in problems:
        kinds = {problem_kind(problem): None for problem in outcome.problems}
        for kind in kinds:
            counts[kind] = counts.get(kind, 0) + 1
            if kind not in best or len(kinds) < best[kind][0]:
                best[kind] = (len(kinds), message)
    for kind in sorted(counts, key=lambda kind: -counts[kind])[:_MAX_KINDS]:
        yield f"{kind} ({counts[kind]})", best[kind][1]


def _usual(messages: Sequence[Message], summary: Summary) -> Iterator[tuple[str, Message]]:
    accepted = [message for message in messages if message.accepted]
    timed: tuple[tuple[str, Callable[[Message], float | None]], ...] = (
        ("slowest ingest", lambda message: message.ingest_seconds),
        ("slowest to be persisted", lambda message: message.persisted_seconds),
    )
    for name, seconds in timed:
        ordered = _by(accepted, seconds)
        if ordered:
            yield name, ordered[-1]
    for figures in summary.sizes[:_MAX_SIZES]:
        ordered = _by(
            [message for message in accepted if message.size == figures.size],
            lambda message: message.ingest_seconds,
        )
        if ordered:
            yield f"median ingest, {figures.size}", ordered[(len(ordered) - 1) // 2]
    refused = next((message for message in messages if message.status is not None and not message.accepted), None)
    if refused is not None:
        yield f"refused with {refused.status}", refused


def _by(messages: Sequence[Message], seconds: Callable[[Message], float | None]) -> list[Message]:
    timed = [(value, message.index, message) for message in messages if (value := seconds(message)) is not None]
    return [message for _, _, message in sorted(timed, key=lambda row: row[:2])]
