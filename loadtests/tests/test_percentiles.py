import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.percentiles import PERCENTILES, Durations, required_samples


@settings(deadline=None)
@given(st.lists(st.floats(0.0001, 3000), min_size=1, max_size=300), st.sampled_from(PERCENTILES))
def test_percentile_is_the_exact_one_to_three_digits(seconds: list[float], percentile: float) -> None:
    exact = sorted(seconds)[max(0, math.ceil(len(seconds) * percentile / 100 - 1e-9) - 1)]
    assert Durations(seconds).at(percentile) == pytest.approx(exact, rel=0.002)


@given(st.lists(st.floats(1e-6, 3000), min_size=1, max_size=100))
def test_percentile_never_leaves_the_sample(seconds: list[float]) -> None:
    durations = Durations(seconds)
    for percentile in PERCENTILES:
        value = durations.at(percentile)
        assert value is not None
        assert min(seconds) <= value <= max(seconds)


@pytest.mark.parametrize(("percentile", "needed"), [(50, 20), (90, 100), (95, 200), (99, 1000), (99.9, 10_000)])
def test_percentile_is_supported_only_if_ten_samples_lie_beyond_it(percentile: float, needed: int) -> None:
    assert required_samples(percentile) == needed
    assert Durations([0.1] * (needed - 1)).supported(percentile) is None
    assert Durations([0.1] * needed).supported(percentile) == pytest.approx(0.1, rel=0.001)


def test_missing_durations_are_not_counted_as_zero() -> None:
    durations = Durations([None, 0.5, None])
    assert durations.count == 1
    assert durations.at(50) == pytest.approx(0.5, rel=0.001)


def test_empty_sample_has_no_percentile() -> None:
    assert Durations().at(50) is None
    assert Durations().quantiles() == []
