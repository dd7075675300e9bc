"""The command around the gates: what it ends with, and that its report is there whatever it ends with."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from loadtests.cli import main
from loadtests.commands import gate as gate_module
from loadtests.commands import prove_gate as prove_module
from loadtests.failures import EnvironmentNotReady
from loadtests.gate.baseline import Baseline
from loadtests.gate.counter_run import CounterPlan
from loadtests.gate.counters import Counters
from loadtests.gate.floor_ratio import FloorRatios
from loadtests.gate.proof import Proof, Trial
from loadtests.gate.relative import Relative
from loadtests.gate.statistics import Decision, Finding, Rule
from loadtests.opening import DEFAULT_TEMPLATE

AGREED = Counters(2, {"calls/s3.PutObject": 2.0, "billed_gb_ms/F": 9.0})


@pytest.fixture
def baselines(tmp_path: Path) -> Path:
    baseline = Baseline("audit-ingest", CounterPlan(DEFAULT_TEMPLATE).to_json(), AGREED, ratios={262144: 1.2})
    baseline.write(tmp_path / "baselines" / "audit-ingest.json")
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str, **seams: Any) -> tuple[Any, dict[str, Any]]:
    defaults = {"run_counters": lambda plan, tree=None: AGREED, "measure_ratios": lambda sizes: FloorRatios()}
    for name, value in {**defaults, **seams}.items():
        monkeypatch.setattr(gate_module, name, value)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    options = ["--reports", str(folder / "reports"), "--baselines", str(folder / "baselines")]
    monkeypatch.setattr("sys.argv", ["load", "gate", *options, *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    (report,) = (folder / "reports").glob("gate-*/gate.json")
    return end.value.code, json.loads(report.read_text())


def relative(finding: Finding) -> Relative:
    decision = Decision("ingest", finding, 7, 0.2, 0.15, 0.25, 0.12)
    return Relative(finding, {"ingest": decision}, (), Rule())


def test_same_counters_pass(monkeypatch: pytest.MonkeyPatch, baselines: Path) -> None:
    code, report = run(monkeypatch, baselines)
    assert (code, report["exit_code"], report["changes"]) == (0, 0, [])


def test_difference_that_varies_by_its_nature_is_shown_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, baselines: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slower = Counters(2, {"calls/s3.PutObject": 2.0, "billed_gb_ms/F": 90.0})
    code, report = run(monkeypatch, baselines, run_counters=lambda plan, tree=None: slower)
    assert code == 0
    assert [change["name"] for change in report["changes"]] == ["billed_gb_ms/F"]
    assert "varies" in capsys.readouterr().out


def test_extra_call_is_a_regression_and_a_crossed_budget_a_threshold(
    monkeypatch: pytest.MonkeyPatch, baselines: Path
) -> None:
    more = Counters(2, {**AGREED.totals, "calls/s3.HeadObject": 2.0})
    code, report = run(monkeypatch, baselines, run_counters=lambda plan, tree=None: more)
    assert code == 4
    assert "calls/s3.HeadObject: 0 -> 1 a message" in report["checks"][0]["detail"]


def test_ratio_to_the_floor_that_has_grown_is_a_regression(monkeypatch: pytest.MonkeyPatch, baselines: Path) -> None:
    slow = FloorRatios({262144: [2.0 + index / 100 for index in range(12)]})
    code, report = run(monkeypatch, baselines, measure_ratios=lambda sizes: slow)
    assert (code, report["floor_ratios"][0]["finding"]) == (4, "regression")


@pytest.mark.parametrize(
    ("finding", "options", "expected"),
    [
        (Finding.PASS, (), 0),
        (Finding.REGRESSION, (), 4),
        (Finding.INCONCLUSIVE, (), 0),
        (Finding.INCONCLUSIVE, ("--strict",), 5),
    ],
)
def test_comparison_with_a_base_has_three_findings(
    monkeypatch: pytest.MonkeyPatch, baselines: Path, finding: Finding, options: tuple[str, ...], expected: int
) -> None:
    same = lambda _: nullcontext(Path())  # noqa: E731
    seams = {"compare_trees": lambda *_: relative(finding), "checkout_of": same, "copy_of": same}
    code, report = run(monkeypatch, baselines, "--base", "HEAD", "--no-counters", *options, **seams)
    assert (code, report["relative"]["finding"]) == (expected, str(finding))


@pytest.mark.parametrize(("ends", "expected"), [(EnvironmentNotReady("no emulator"), 6), (KeyboardInterrupt(), 130)])
def test_report_of_a_gate_that_did_not_end_says_so(
    monkeypatch: pytest.MonkeyPatch, baselines: Path, ends: BaseException, expected: int
) -> None:
    def broken(*_: Any) -> Any:
        raise ends

    code, report = run(monkeypatch, baselines, run_counters=broken)
    assert (code, report["exit_code"]) == (expected, expected)
    assert report["checks"][0]["name"] == "ran to its end"


def test_template_that_would_be_the_same_in_both_trees_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["load", "gate", "--template", str(tmp_path / "template.yaml")])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "relative to the repository" in capsys.readouterr().err


def test_proof_keeps_what_it_has_shown_when_it_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stopped(*arguments: Any) -> Proof:
        arguments[6](Trial("identical", "pass", True, ""))
        raise KeyboardInterrupt

    monkeypatch.setattr(prove_module, "prove", stopped)
    monkeypatch.setattr("sys.argv", ["load", "prove-gate", "--repeats", "3", "--reports", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130
    report = json.loads((tmp_path / "prove-gate.json").read_text())
    assert (report["asked"], report["cases"]["identical"]["trials"]) == (3, 1)
    assert "0 false alarms in 1" in (tmp_path / "prove-gate.txt").read_text()
