import pytest

from loadtests.failures import UsageError
from loadtests.thresholds import Count, Threshold, parse_threshold


@pytest.mark.parametrize(
    ("text", "size", "metric", "percentile", "seconds"),
    [
        ("4MB persisted.p99.9 < 800ms", "4MB", "persisted", 99.9, 0.8),
        ("ingest.p50<1.5s", None, "ingest", 50, 1.5),
        ("ingest p95 < 300 ms", None, "ingest", 95, 0.3),
        ("max final p50 < 2 s", "max", "final", 50, 2),
    ],
)
def test_threshold_has_size_metric_percentile_and_limit(text, size, metric, percentile, seconds) -> None:
    assert parse_threshold(text) == Threshold(text, size, metric, percentile, seconds)


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("lost == 0", 0, True),
        ("lost == 0", 1, False),
        ("1MiB refused <= 2%", 2, True),
        ("archived >= 99.5%", 99, False),
        ("sent > 10", 10, False),
    ],
)
def test_count_is_compared(text, value, holds) -> None:
    count = parse_threshold(text)
    assert isinstance(count, Count)
    assert count.holds(value) is holds


@pytest.mark.parametrize(
    "text",
    [
        *("", "p99 < 1s", "ingest.p99 > 1s", "ingest.p99 < 1", "speed.p99 < 1s", "ingest.p100 < 1s", "ingest.p0 < 1s"),
        *("lost", "lost = 0", "speed == 0", "lost == many"),
    ],
)
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no threshold"):
        parse_threshold(text)
