"""The benchmarks measure what they say; how fast this machine is, is not their tests' business."""

from loadtests.bench.collector import Block, effect
from loadtests.bench.generator import measure
from loadtests.bench.percentiles import DISTRIBUTIONS, errors, exact
from loadtests.percentiles import PERCENTILES


def test_merged_percentiles_differ_from_the_exact_ones_by_less_than_a_thousandth_and_locusts_by_much_more() -> None:
    found = errors(samples=3000, workers=3)
    assert len(found) == len(DISTRIBUTIONS) * len(PERCENTILES)
    assert max(error.ours for error in found) < 0.001
    assert max(error.locust for error in found) > 0.2


def test_exact_percentile_is_the_one_at_its_rank() -> None:
    assert exact([1.0, 2.0, 3.0, 4.0], 50) == 2.0
    assert exact([1.0, 2.0, 3.0, 4.0], 75.1) == 4.0
    assert exact([1.0], 99.9) == 1.0


def test_generator_is_measured_against_a_sink() -> None:
    figures = measure("20kB", 20.0, 1.0)
    assert (figures.messages, figures.dropped) == (20, 0)
    assert figures.start_lag_p99_ms is None
    assert figures.start_lag_max_ms > 0
    assert figures.cpu_ms_per_megabyte > 0


def block(observed: bool, seconds: float) -> Block:
    return Block(observed, 10, seconds, seconds)


def test_effect_of_the_collector_is_that_of_its_pairs_whichever_comes_first() -> None:
    pairs = [(True, 0.11), (False, 0.1), (False, 0.2), (True, 0.22)] * 4
    change, low, high = effect([block(observed, seconds) for observed, seconds in pairs])
    assert abs(change - 0.1) < 1e-9
    assert low is not None
    assert high is not None
    assert abs(low - 0.1) < 1e-9
    assert abs(high - 0.1) < 1e-9
    assert effect([block(True, 1.0), block(False, 1.0)]) == (0.0, None, None)
