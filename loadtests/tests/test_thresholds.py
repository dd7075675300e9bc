import pytest

from loadtests.failures import UsageError
from loadtests.thresholds import parse_threshold


def test_threshold_has_size_metric_percentile_and_limit() -> None:
    threshold = parse_threshold("4MB persisted.p99.9 < 800ms")
    assert (threshold.size, threshold.metric, threshold.percentile, threshold.seconds) == (
        "4MB",
        "persisted",
        99.9,
        0.8,
    )
    assert parse_threshold("ingest.p50<1.5s").size is None


@pytest.mark.parametrize(
    "text",
    ["", "p99 < 1s", "ingest.p99 > 1s", "ingest.p99 < 1", "speed.p99 < 1s", "ingest.p100 < 1s", "ingest.p0 < 1s"],
)
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no threshold"):
        parse_threshold(text)
