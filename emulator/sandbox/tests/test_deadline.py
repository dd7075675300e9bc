"""A deadline is due once, at the time that was set last, however often it was set and cleared before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sandbox.deadline import Deadline


class Timer:
    """What `call_at` hands out."""

    def __init__(self, when: float, action: Callable[[], None]) -> None:
        self._when, self.action, self.cancelled = when, action, False

    def when(self) -> float:
        return self._when

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """An event loop's timers, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, action: Callable[[], None]) -> Timer:
        self.timers.append(Timer(when, action))
        return self.timers[-1]

    def move_to(self, moment: float) -> None:
        while due := [timer for timer in self.timers if timer.when() <= moment and not timer.cancelled]:
            timer = min(due, key=Timer.when)
            self.timers.remove(timer)
            self.now = max(self.now, timer.when())
            timer.action()
        self.now = moment


def deadline(loop: Loop, *, lasts: bool) -> Deadline:
    return Deadline(cast(asyncio.AbstractEventLoop, loop), lasts=lasts)


STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "clear", "wait"]), st.integers(0, 5).map(float)), min_size=1, max_size=20
)


@pytest.mark.parametrize("lasts", [True, False])
@given(steps=STEPS)
def test_fires_at_what_was_set_last_and_at_nothing_else(lasts: bool, steps: list[tuple[str, float]]) -> None:
    loop = Loop()
    subject = deadline(loop, lasts=lasts)
    fired: list[float] = []
    expected: list[float] = []
    due: float | None = None
    for what, seconds in steps:
        if what == "set":
            due = loop.now + seconds
            subject.set(seconds, lambda: fired.append(loop.now))
        elif what == "clear":
            due = None
            subject.clear()
        else:
            loop.move_to(loop.now + seconds)
        if due is not None and due <= loop.now and what == "wait":
            expected.append(due)
            due = None
        assert fired == expected
        assert subject.is_set == (due is not None)


def test_one_that_lasts_sets_one_timer_for_many_invocations() -> None:
    loop = Loop()
    subject = deadline(loop, lasts=True)
    for _ in range(100):
        subject.set(3.0, lambda: None)
        subject.clear()
    assert len(loop.timers) == 1


def test_a_closed_one_leaves_no_timer() -> None:
    loop = Loop()
    subject = deadline(loop, lasts=True)
    subject.set(3.0, lambda: None)
    subject.close()
    assert all(timer.cancelled for timer in loop.timers)
