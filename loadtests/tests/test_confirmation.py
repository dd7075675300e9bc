"""What differs is counted again: a change of the program stays, a race goes."""

from collections.abc import Callable, Iterator

import pytest

from loadtests.gate.confirmation import MOST_LOOKS, confirmed_differences, steady_counters
from loadtests.gate.counters import Counters

USUAL = Counters(3, {"calls/s3.PutObject": 3.0, "failed_calls/s3.HeadObject NoSuchKey": 3.0, "billed_gb_ms": 10.0})
RACED = Counters(3, {**USUAL.totals, "failed_calls/s3.HeadObject NoSuchKey": 2.0})
DEARER = Counters(3, {**USUAL.totals, "calls/s3.PutObject": 6.0})
DEARER_AND_RACED = Counters(3, {**RACED.totals, "calls/s3.PutObject": 6.0})
SLOWER = Counters(3, {**USUAL.totals, "billed_gb_ms": 20.0})


def one_after_the_other(*runs: Counters) -> Callable[[], Counters]:
    left: Iterator[Counters] = iter(runs)
    return lambda: next(left)


@pytest.mark.parametrize(
    ("runs", "compared", "shown"),
    [
        ([USUAL], [], []),
        ([SLOWER], [], ["billed_gb_ms"]),
        ([RACED, USUAL], [], ["failed_calls/s3.HeadObject NoSuchKey"]),
        ([RACED, RACED, USUAL], [], ["failed_calls/s3.HeadObject NoSuchKey"]),
        ([RACED] * MOST_LOOKS, ["failed_calls/s3.HeadObject NoSuchKey"], ["failed_calls/s3.HeadObject NoSuchKey"]),
        ([DEARER] * MOST_LOOKS, ["calls/s3.PutObject"], ["calls/s3.PutObject"]),
        (
            [DEARER, DEARER_AND_RACED, DEARER],
            ["calls/s3.PutObject"],
            ["calls/s3.PutObject"],
        ),
        (
            [DEARER_AND_RACED, DEARER, DEARER],
            ["calls/s3.PutObject"],
            ["calls/s3.PutObject", "failed_calls/s3.HeadObject NoSuchKey"],
        ),
    ],
)
def test_only_what_differs_every_time_is_a_change(runs: list[Counters], compared: list[str], shown: list[str]) -> None:
    first, changes = confirmed_differences(lambda: USUAL, one_after_the_other(*runs))
    assert first is runs[0]
    assert [change.name for change in changes if change.compared] == compared
    assert [change.name for change in changes] == shown


def test_change_into_the_other_direction_is_a_race_too() -> None:
    more = Counters(3, {**USUAL.totals, "failed_calls/s3.HeadObject NoSuchKey": 4.0})
    _, changes = confirmed_differences(lambda: USUAL, one_after_the_other(RACED, more))
    assert [(change.word, change.after) for change in changes] == [("varies", pytest.approx(2 / 3))]


def test_what_is_agreed_on_was_counted_twice() -> None:
    assert steady_counters(one_after_the_other(USUAL, USUAL)) is USUAL
    assert steady_counters(one_after_the_other(RACED, USUAL, USUAL)) == USUAL
    assert steady_counters(one_after_the_other(RACED, USUAL, DEARER, SLOWER, USUAL)) is SLOWER
