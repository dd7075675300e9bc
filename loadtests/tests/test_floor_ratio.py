"""The ratio to the floor: a bound against the agreed one, never a single figure against another."""

import random
import sys
from pathlib import Path

import pytest

from loadtests.exit_codes import ExitCode
from loadtests.gate.floor_ratio import FloorRatios, check_ratios, measure_ratios, read_ratios
from loadtests.gate.result import GateResult
from loadtests.gate.statistics import Finding


def blocks(ratio: float, spread: float, count: int = 12) -> list[float]:
    source = random.Random(f"{ratio} {spread}")
    return [ratio * source.lognormvariate(0, spread) for _ in range(count)]


@pytest.mark.parametrize(
    ("ratio", "spread", "finding", "code"),
    [
        (1.2, 0.05, "pass", 0),
        (1.9, 0.05, "regression", 4),
        (1.5, 0.1, "inconclusive", 0),
        (1.2, 0.9, "inconclusive", 0),
    ],
)
def test_ratio_is_held_against_the_agreed_one_with_a_bound(
    ratio: float, spread: float, finding: str, code: int
) -> None:
    checks = check_ratios({1: 1.2, 3: 1.0}, FloorRatios({1: blocks(ratio, spread), 9: [7.0]}))
    assert [(check.body_bytes, str(check.finding)) for check in checks] == [(1, finding)]
    result = GateResult("g", "b", ratios=checks)
    assert result.exit_code is ExitCode(code)
    assert result.unknown == (["floor ratio"] if finding == "inconclusive" else [])
    strict = GateResult("g", "b", ratios=checks, strict=True)
    assert strict.exit_code is (ExitCode.INCONCLUSIVE if finding == "inconclusive" else ExitCode(code))
    assert result.to_json()["floor_ratios"][0]["finding"] == finding


def test_noise_is_called_a_regression_no_more_often_than_promised() -> None:
    source = random.Random(3)
    wrong = 0
    for _ in range(300):
        found = FloorRatios({size: [1.25 * source.lognormvariate(0, 0.2) for _ in range(12)] for size in (1, 2, 3)})
        wrong += any(check.finding is Finding.REGRESSION for check in check_ratios({1: 1.0, 2: 1.0, 3: 1.0}, found))
    assert wrong / 300 <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


def test_what_is_agreed_on_is_the_centre_of_the_blocks() -> None:
    assert FloorRatios({1: [1.0, 2.0, 4.0], 2: []}).typical == {1: pytest.approx(2.0)}


def test_ratios_are_read_from_the_benchmarks_answer() -> None:
    text = b'{"sizes": {"262144": [{"ingest": 6, "floor": 4}, {"ingest": 3, "floor": 4}]}}'
    assert read_ratios(text).blocks == {262144: [1.5, 0.75]}
    for broken in (b"", b"[]", b'{"sizes": {"x": []}}', b'{"sizes": {"1": [{"ingest": 1, "floor": 0}]}}'):
        assert read_ratios(broken).why_not is not None


def test_benchmark_that_fails_is_said_and_fails_no_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_benchmark.py").write_text("raise SystemExit('no floor here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = measure_ratios([1], module="broken_benchmark")
    assert found.blocks == {}
    assert "no floor here" in str(found.why_not)
    assert check_ratios({1: 1.0}, found) == []
    assert sys.modules.get("broken_benchmark") is None
