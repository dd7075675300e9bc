"""Makes a failing run small: fewer steps first, then plainer ones, as long as something still fails.

Steps are data that a player plays, so this works on them directly. Hypothesis's own shrinker works on the choices behind them,
most of which lead to runs that differ in nothing; here each attempt leaves out, or simplifies, something that a reader would see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from fixtures.incoming import Draft
from loadtests.fuzz.steps import Jump, Redis, Redrive, Resend, Send, Step, Trouble, Workflow

__all__ = ["minimise"]

Attempt = Callable[[Sequence[Step]], bool]
"""Whether these steps fail."""


def minimise(steps: Sequence[Step], fails: Attempt) -> tuple[Step, ...]:
    """The smallest failing steps that can be reached from `steps`, which fail: none of them can be left out or be plainer.

    An attempt that raises ends it; so `fails` may keep the time and what has failed so far.
    """
    smallest = tuple(steps)
    while True:
        fewer = _without_steps(smallest, fails)
        plainer = _with_plainer_steps(fewer, fails)
        if plainer == smallest:
            return smallest
        smallest = plainer


def _without_steps(steps: tuple[Step, ...], fails: Attempt) -> tuple[Step, ...]:
    """Leave out halves, quarters, ... and at last single steps, from the end."""
    size = max(1, len(steps) // 2)
    while True:
        end = len(steps)
        while end > 0:
            start = max(0, end - size)
            shorter = steps[:start] + steps[end:]
            if shorter and fails(shorter):
                steps = shorter
            end = start
        if size == 1:
            return steps
        size //= 2


def _with_plainer_steps(steps: tuple[Step, ...], fails: Attempt) -> tuple[Step, ...]:
    for number in range(len(steps)):
        for plainer in _plainer(steps[number]):
            attempt = (*steps[:number], plainer, *steps[number + 1 :])
            if fails(attempt):
                steps = attempt
                break
    return steps


def _plainer(step: Step) -> Iterator[Step]:
    """Plainer forms of a step, the plainest first."""
    match step:
        case Send(draft):
            yield from map(Send, _plainer_drafts(draft))
        case Resend(of, draft):
            if draft is not None or of:
                yield Resend()
            if draft is not None:
                yield Resend(of)
                yield from (Resend(of, plainer) for plainer in _plainer_drafts(draft))
        case Trouble(name, times):
            yield from (Trouble(name, fewer) for fewer in (1, 2, 3) if times is None or fewer < times)
        case Jump(seconds):
            yield from (Jump(shorter) for shorter in (1.0, 60.0) if shorter < seconds)
        case Workflow(size, seed) if (size, seed) != (1_000, 0):
            yield Workflow()
        case Redis(what) if what == "restart empty":
            yield Redis("restart")
        case Redrive(of, keep) if of or keep:
            yield Redrive()


def _plainer_drafts(draft: Draft) -> Iterator[Draft]:
    plain = Draft()
    kept = replace(plain, breakage=draft.breakage, boundary=draft.boundary, offset=draft.offset)
    candidates = [
        plain,
        kept,
        replace(kept, shape=draft.shape, size=draft.size),
        replace(draft, extra=plain.extra),
        replace(draft, date_time=plain.date_time),
        replace(draft, seed=0),
        replace(draft, shape=plain.shape),
        replace(draft, size=plain.size),
        replace(draft, size=max(1, draft.size // 2)),
    ]
    seen = [draft]
    for candidate in candidates:
        if candidate not in seen:
            seen.append(candidate)
            yield candidate
