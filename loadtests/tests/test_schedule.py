import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.failures import UsageError
from loadtests.schedule import arrivals, share

WEIGHTS = st.lists(st.floats(0.1, 100), min_size=1, max_size=6)
PROCESSES = st.sampled_from(["constant", "poisson"])


@given(PROCESSES, st.floats(0.5, 200), st.floats(1, 20), WEIGHTS, st.integers(0, 2**31))
def test_schedule_is_in_order_within_the_duration_and_repeatable(process, rate, duration, weights, seed) -> None:
    schedule = arrivals(process, rate, duration, weights, seed)
    moments = [arrival.at_seconds for arrival in schedule]
    assert moments == sorted(moments)
    assert [arrival.index for arrival in schedule] == list(range(len(schedule)))
    # Rounding the count may add half a gap.
    assert all(0 <= at < duration + 1 / rate for at in moments)
    assert schedule == arrivals(process, rate, duration, weights, seed)


@given(st.integers(0, 5000), WEIGHTS)
def test_share_adds_up_and_is_off_by_less_than_one(total, weights) -> None:
    counts = share(total, weights)
    assert sum(counts) == total
    for count, weight in zip(counts, weights, strict=True):
        assert abs(count - total * weight / sum(weights)) < 1 + 1e-9


def test_constant_arrivals_are_evenly_spaced() -> None:
    moments = [arrival.at_seconds for arrival in arrivals("constant", 4, 2, [1], 0)]
    assert moments == [0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]


def test_poisson_arrivals_have_the_mean_and_the_spread_of_independent_ones() -> None:
    """For exponential gaps the standard deviation equals the mean; https://en.wikipedia.org/wiki/Exponential_distribution"""
    moments = [arrival.at_seconds for arrival in arrivals("poisson", 50, 200, [1], 3)]
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(0.02, rel=0.05)
    assert deviation == pytest.approx(mean, rel=0.05)


def test_another_seed_gives_another_order_but_the_same_shares() -> None:
    one, other = (arrivals("constant", 10, 30, [9, 5, 3, 3], seed) for seed in (1, 2))
    assert [a.size_index for a in one] != [a.size_index for a in other]
    assert sorted(a.size_index for a in one) == sorted(a.size_index for a in other)


@pytest.mark.parametrize(("process", "rate", "duration"), [("bursty", 1, 1), ("constant", 0, 1), ("poisson", 1, 0)])
def test_impossible_schedules_are_refused(process, rate, duration) -> None:
    with pytest.raises(UsageError):
        arrivals(process, rate, duration, [1], 0)
