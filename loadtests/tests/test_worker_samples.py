from hypothesis import given
from hypothesis import strategies as st

from loadtests.percentiles import Durations
from loadtests.worker_samples import WorkerSamples

SECONDS = st.floats(0.00001, 300)


@given(st.lists(st.lists(SECONDS, max_size=40), min_size=1, max_size=5))
def test_histograms_of_workers_add_up_to_the_histogram_of_all(parts: list[list[float]]) -> None:
    merged = WorkerSamples()
    for part in parts:
        worker = WorkerSamples()
        for seconds in part:
            worker.record({"intended_seconds": 0.0, "started_seconds": 0.0, "ended_seconds": seconds})
        merged.add(worker.encoded())
    whole = Durations(seconds for part in parts for seconds in part)
    assert merged.service.count == whole.count
    for percentile in (50, 90, 99):
        one, other = merged.service.at(percentile), whole.at(percentile)
        assert (one is None) is (other is None)
        if one is not None and other is not None:
            assert abs(one - other) <= 0.002 * other + 2e-6


def test_dropped_message_is_no_sample() -> None:
    samples = WorkerSamples()
    samples.record({"intended_seconds": 0.0, "started_seconds": None, "ended_seconds": None})
    assert samples.service.count == 0
