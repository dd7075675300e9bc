"""A failing run becomes as small as it can be, and what is left still fails."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fixtures.incoming import DATE_TIMES, Draft
from loadtests.fuzz.minimise import minimise
from loadtests.fuzz.steps import Jump, Redis, Resend, Send, Step, Trouble, Workflow
from loadtests.tests.test_fuzz_event_file import STEPS

LARGE = Draft("escaped", 2_000, 9, {"a": [1]}, DATE_TIMES[1])
BUG = Trouble("archive slowed down", None)


def _bug(steps: Sequence[Step]) -> bool:
    """A trouble that a later message of more than one byte meets twice."""
    for number, step in enumerate(steps):
        if isinstance(step, Trouble) and step.name == BUG.name and step.times != 1:
            return any(isinstance(later, Send) for later in steps[number + 1 :])
    return False


def test_what_has_no_part_in_the_failure_is_left_out() -> None:
    steps = (Jump(3_600.0), Redis(), Send(LARGE), BUG, Workflow(), Jump(), Send(LARGE), Resend(1, LARGE), Redis("up"))
    assert _bug(steps)
    assert minimise(steps, _bug) == (Trouble("archive slowed down", 2), Send(Draft()))


def test_what_the_failure_needs_is_kept() -> None:
    wanted = Draft("scripts", 40, 3)

    def fails(steps: Sequence[Step]) -> bool:
        return any(isinstance(step, Send) and step.draft.shape == "scripts" and step.draft.size >= 20 for step in steps)

    (step,) = minimise((Jump(), Send(wanted), Jump()), fails)
    assert step == Send(Draft("scripts", 20))


@given(st.lists(STEPS, min_size=1, max_size=8), st.data())
def test_the_smallest_fails_and_no_step_of_it_can_be_left_out(steps: list[Step], data: st.DataObject) -> None:
    needed = data.draw(st.sets(st.sampled_from([type(step) for step in steps]), min_size=1))

    def fails(some: Sequence[Step]) -> bool:
        return needed <= {type(step) for step in some}

    smallest = minimise(steps, fails)
    assert fails(smallest)
    assert len(smallest) == len(needed)
