"""The rounds around the statistics: when to look, what a round's difference is, and what the result ends with."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from loadtests.exit_codes import ExitCode
from loadtests.failures import UsageError
from loadtests.gate import proof as proof_module
from loadtests.gate import relative as relative_module
from loadtests.gate.calibration import calibration_of, hint
from loadtests.gate.checkout import checkout_of, copy_of, root
from loadtests.gate.injection import EXTRA_CALL, inject, slow_down
from loadtests.gate.machine import fingerprint
from loadtests.gate.proof import Proof, Trial, prove
from loadtests.gate.relative import compare_trees, judge_rounds
from loadtests.gate.result import GateResult
from loadtests.gate.rounds import METRICS, Plan, Round, gated, ingest_function_seconds, round_of
from loadtests.gate.statistics import Finding, Rule

RULE = Rule(margin=0.05, looks=(8, 12))
PLAN = Plan(Path("template.yaml"))
GATED = tuple(metric for metric in METRICS if metric != "ingest_p90")


def rounds(count: int, **changes: float) -> list[Round]:
    """Rounds with a little noise around a change of some metrics."""
    return [
        Round({}, {}, {metric: changes.get(metric, 0.0) + (number % 3 - 1) / 1000 + number / 1e6 for metric in GATED})
        for number in range(count)
    ]


def compare(monkeypatch: pytest.MonkeyPatch, prepared: list[Round]) -> Any:
    monkeypatch.setattr(relative_module, "run_round", lambda plan, base, head, number: prepared[number])
    return compare_trees(PLAN, RULE, None, None)


def test_clear_result_ends_at_the_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    found = compare(monkeypatch, rounds(12))
    assert (found.finding, len(found.rounds)) == (Finding.PASS, 8)
    found = compare(monkeypatch, rounds(12, ingest=0.2))
    assert (found.finding, len(found.rounds)) == (Finding.REGRESSION, 8)
    assert found.decisions["persisted"].finding is Finding.PASS


def test_unclear_result_goes_on_to_the_last_look_and_says_what_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = [Round({}, {}, dict.fromkeys(GATED, 0.3 * (-1) ** number + number / 1000)) for number in range(12)]
    found = compare(monkeypatch, noisy)
    assert (found.finding, len(found.rounds)) == (Finding.INCONCLUSIVE, 12)
    assert all("would be seen" in line for line in found.lines())


@pytest.mark.parametrize(
    ("changes", "strict", "code"),
    [({}, True, 0), ({"cpu": 0.2}, False, 4), ({"cpu": 0.0488}, False, 0), ({"cpu": 0.0488}, True, 5)],
)
def test_result_has_its_exit_code(changes: dict[str, float], strict: bool, code: int) -> None:
    found = judge_rounds(rounds(8, **changes), RULE)
    result = GateResult("g", "base", relative=found, strict=strict)
    assert result.exit_code is ExitCode(code)
    assert result.to_json()["relative"]["finding"] == found.finding


def sides(base: list[float], head: list[float]) -> dict[str, dict[str, list[float]]]:
    return {"base": {"ingest": base, "persisted": base}, "head": {"ingest": head, "persisted": head}}


def test_difference_of_a_latency_is_that_of_neighbours() -> None:
    """A disturbance that lasts over several messages hits both sides, and so nothing but it differs between them."""
    found = round_of(
        sides([1.0, 1.0, 8.0, 8.0, 1.0], [1.2, 1.2, 9.6, 9.6, 1.2]), {"base": {"cpu": 2.0}, "head": {"cpu": 3.0}}
    )
    assert found.differences["ingest"] == pytest.approx(0.1823, abs=1e-4)
    assert found.differences["cpu"] == pytest.approx(0.4055, abs=1e-4)
    assert found.base["ingest"] == 1.0


def test_tail_is_gated_where_the_messages_of_a_round_support_it() -> None:
    few = round_of(sides([1.0] * 99, [1.0] * 99), {"base": {}, "head": {}})
    many = round_of(sides([1.0] * 100, [1.0] * 80 + [1.5] * 20), {"base": {}, "head": {}})
    assert "ingest_p90" not in few.differences
    assert many.differences["ingest_p90"] == pytest.approx(0.4055, abs=1e-3)
    assert gated([many, few]) == ("ingest", "persisted")


def test_metric_that_cannot_be_measured_here_is_not_gated() -> None:
    """A system that hides the CPU time of other processes says 0."""
    found = round_of(sides([1.0], [1.0]), {"base": {"cpu": 2.0, "function_cpu": 0.0}, "head": {"cpu": 2.0}})
    assert gated([found]) == ("ingest", "persisted", "cpu")


def test_percentiles_of_all_rounds_together_are_shown_as_far_as_the_messages_go() -> None:
    one = round_of(sides([1.0] * 40, [2.0] * 40), {"base": {}, "head": {}})
    found = judge_rounds([one] * 3, RULE).to_json()["percentiles"]["ingest"]
    assert set(found["base"]) == {"p50", "p90"}
    assert found["head"]["p90"] == pytest.approx(2.0, rel=1e-3)


def test_function_behind_a_request_is_the_first_to_end_under_its_trace() -> None:
    def invocation(trace: str, duration_ms: float) -> dict[str, Any]:
        return {"kind": "invocation", "trace_id": trace, "detail": {"duration_ms": duration_ms}}

    entries = [invocation("a", 5), {"kind": "call"}, invocation("a", 90), invocation("b", 7)]
    assert ingest_function_seconds(entries) == [0.005, 0.007]


def test_calibration_says_what_would_be_seen_after_more_rounds() -> None:
    noisy = [Round({}, {}, dict.fromkeys(GATED, (number % 5 - 2) / 50)) for number in range(10)]
    found = calibration_of(noisy, RULE)
    assert set(found.spread) == set(GATED)
    for metric in GATED:
        assert found.detectable[8][metric] > found.detectable[12][metric] > RULE.margin
        assert found.passing[12][metric] < found.passing[8][metric]
    assert found.to_json()["fingerprint"]


def test_comparison_begins_with_what_the_calibration_of_this_machine_says(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    assert "not calibrated" in hint(path, RULE)
    quiet = [Round({}, {}, dict.fromkeys(GATED, (number % 5 - 2) / 200)) for number in range(10)]
    calibration_of(quiet, RULE).write(path)
    assert "8 rounds are enough to pass" in hint(path, RULE)
    assert "too small to pass" in hint(path, Rule(margin=0.001, looks=(8, 12)))
    path.write_text(path.read_text().replace(fingerprint(), "other"))
    assert "another machine" in hint(path, RULE)


def test_proof_holds_only_if_nothing_was_wrong_and_everything_was_seen() -> None:
    right = [Trial("identical", "pass", True, ""), Trial("slow-down", "regression", True, "")]
    assert Proof(20, tuple(right)).holds
    assert not Proof(20, (*right, Trial("identical", "regression", False, ""))).holds
    assert not Proof(20, (Trial("identical", "inconclusive", None, ""),)).holds


@pytest.mark.parametrize("waiting", [False, True])
def test_slowed_handler_takes_as_much_longer_as_it_is_told(waiting: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock of its own: every look at it takes a millisecond, the handler ten, and a wait what it asks for."""
    now = [0.0]

    def tick(seconds: float = 0.001) -> float:
        now[0] += seconds
        return now[0]

    monkeypatch.setattr("time.perf_counter", tick)
    monkeypatch.setattr("time.sleep", tick)
    names: dict[str, Any] = {"lambda_handler": lambda event, context: tick(0.010)}
    exec(slow_down(50, waiting=waiting), names)
    assert names["lambda_handler"]({}, None) == pytest.approx(0.011)
    assert now[0] == pytest.approx(0.0175, abs=0.002)


def test_rates_of_a_proof_have_their_exact_interval() -> None:
    trials = [Trial("identical", "pass", True, "")] * 9 + [Trial("identical", "inconclusive", None, "")]
    found = Proof(20, (*trials, Trial("slow-down", "regression", True, "")))
    identical, slower = found.rates
    assert (identical.name, identical.count, identical.inconclusive) == ("false alarms", 0, 1)
    assert identical.interval == (0.0, pytest.approx(0.3085, abs=1e-4))
    assert (slower.name, slower.count, slower.interval) == ("detections", 1, (pytest.approx(0.025), 1.0))
    assert found.to_json()["cases"]["identical"]["interval_95"][1] == identical.interval[1]


def test_proof_begins_no_trial_that_would_not_be_over_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 100_000, 30))
    monkeypatch.setattr(proof_module, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr(
        proof_module,
        "_trial",
        lambda case, *_: Trial(case, "pass", True, "", seconds=60.0 if case == "identical" else 1),
    )
    monkeypatch.setattr(proof_module, "copy_of", lambda tree: nullcontext(tree))
    found = prove(Path(), PLAN, RULE, 10, ("identical", "same counters"), minutes=3)
    assert [trial.case for trial in found.trials].count("identical") < 3
    assert found.to_json()["asked"] == 10


def test_base_is_a_worktree_that_is_gone_afterwards() -> None:
    try:
        root()
    except UsageError:
        pytest.skip("this is no git checkout")
    with checkout_of("HEAD") as tree:
        assert (tree / "system/audit_ingest/template.yaml").is_file()
    assert not tree.exists()
    with pytest.raises(UsageError, match="no commit"), checkout_of("no-such-ref"):
        pass


def test_injection_changes_the_copy_and_never_the_tree() -> None:
    tree = Path(__file__).parents[2]
    handler = "system/audit_ingest/functions/ingest_message/app.py"
    before = (tree / handler).read_text()
    with copy_of(tree) as copy:
        for code in (EXTRA_CALL, slow_down(20), slow_down(20, waiting=True)):
            inject(copy, code)
        changed = (copy / handler).read_text()
        compile(changed, handler, "exec")
        assert changed.startswith(before)
        assert (copy / "emulator" / "__main__.py").is_file()
        assert list((copy / "emulator" / "__pycache__").glob("__main__.*.pyc")), "a copy that has not run is as fast"
        assert not list((copy / "system").rglob("*.pyc")), "what is deployed is packed as it was written"
    assert (tree / handler).read_text() == before
