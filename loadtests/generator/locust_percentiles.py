"""Locust's own percentiles of the durations that standard input brings, for a benchmark to compare ours with.

echo '{"samples": [[0.1, 0.2]], "percentiles": [50, 99]}' | python -m loadtests.generator.locust_percentiles
"""

from __future__ import annotations

import sys

import orjson
from locust.stats import RequestStats

__all__ = ["main"]


def main() -> None:
    """Print the percentiles of each sample in seconds, as JSON by percentile."""
    asked = orjson.loads(sys.stdin.buffer.read())
    found = []
    for sample in asked["samples"]:
        stats = RequestStats()
        for seconds in sample:
            stats.log_request("POST", "sample", seconds * 1000, 0)
        found.append({str(p): stats.total.get_response_time_percentile(p / 100) / 1000 for p in asked["percentiles"]})
    sys.stdout.buffer.write(orjson.dumps(found))


if __name__ == "__main__":
    main()
