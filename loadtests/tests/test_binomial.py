import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from loadtests.gate.binomial import rate_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.3085), (10, 10, 0.6915, 1), (5, 10, 0.1871, 0.8129), (1, 1, 0.025, 1)],
)
def test_interval_of_a_rate_is_that_of_the_tables(successes: int, trials: int, low: float, high: float) -> None:
    assert rate_interval(successes, trials) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@settings(max_examples=20)
@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_agrees_with_scipy(counted: tuple[int, int]) -> None:
    expected = binomtest(*counted).proportion_ci(method="exact")
    assert rate_interval(*counted) == (pytest.approx(expected.low, abs=1e-9), pytest.approx(expected.high, abs=1e-9))
