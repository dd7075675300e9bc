"""Error rates of the relative gate, by simulation with a fixed seed: what the reports promise must be so."""

import random
from math import expm1, inf, log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.gate.signed_rank import signed_rank_p
from loadtests.gate.statistics import Finding, Rule, decide, lower_bound, smallest_detectable, upper_bound

RULE = Rule(margin=0.05, alpha=0.05, looks=(8, 12))
METRICS = ("ingest", "persisted", "cpu")
TRIES = 300


def drawn(source: random.Random, effect: float, spread: float, kind: str = "normal") -> float:
    noise = {
        "normal": lambda: source.gauss(0, spread),
        # Busy machines make tails, and two starts of one program can differ by a constant.
        "heavy tails": lambda: source.gauss(0, spread) * (4 if source.random() < 0.1 else 1),
        "two states": lambda: source.choice((-spread, spread)) + source.gauss(0, spread / 10),
    }[kind]
    return log1p(effect) + noise()


def outcome(source: random.Random, effects: dict[str, float], spread: float, kind: str = "normal") -> Finding:
    """The whole procedure: look, and look again while nothing is known."""
    found: dict[str, list[float]] = {metric: [] for metric in effects}
    for rounds in RULE.looks:
        for metric, effect in effects.items():
            while len(found[metric]) < rounds:
                found[metric].append(drawn(source, effect, spread, kind))
        decisions = decide(found, RULE).values()
        if any(decision.finding is Finding.REGRESSION for decision in decisions):
            return Finding.REGRESSION
        if all(decision.finding is Finding.PASS for decision in decisions):
            return Finding.PASS
    return Finding.INCONCLUSIVE


def rates(
    effect: float, spread: float, kind: str = "normal", touched: tuple[str, ...] = METRICS
) -> dict[Finding, float]:
    source = random.Random(f"{effect} {spread} {kind}")
    effects = {metric: effect if metric in touched else 0.0 for metric in METRICS}
    outcomes = [outcome(source, effects, spread, kind) for _ in range(TRIES)]
    return {finding: outcomes.count(finding) / TRIES for finding in Finding}


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "two states"])
@pytest.mark.parametrize("spread", [0.02, 0.15])
def test_identical_trees_are_no_regression(kind: str, spread: float) -> None:
    """Rounds that all fall on one of two states are the worst: nothing in them tells luck from a change, but for the margin."""
    assert rates(0.0, spread, kind)[Finding.REGRESSION] <= (0.05 if kind == "two states" else 0.02)


@pytest.mark.parametrize("kind", ["normal", "heavy tails"])
def test_change_at_the_margin_is_called_a_regression_as_seldom_as_promised(kind: str) -> None:
    """The worst case that is still no regression; 3 standard errors of the simulation are allowed."""
    assert rates(0.05, 0.05, kind)[Finding.REGRESSION] <= 0.05 + 3 * (0.05 * 0.95 / TRIES) ** 0.5


def test_change_at_the_margin_passes_as_seldom_as_promised() -> None:
    assert rates(0.05, 0.05)[Finding.PASS] <= 0.05 + 3 * (0.05 * 0.95 / TRIES) ** 0.5


@pytest.mark.parametrize(("spread", "least"), [(0.03, 0.99), (0.06, 0.95)])
def test_twenty_percent_on_one_metric_are_found(spread: float, least: float) -> None:
    assert rates(0.2, spread, touched=("ingest",))[Finding.REGRESSION] >= least


def test_quiet_machine_passes_an_identical_tree() -> None:
    assert rates(0.0, 0.02)[Finding.PASS] >= 0.95


def test_noisy_machine_is_inconclusive_instead_of_wrong() -> None:
    found = rates(0.0, 0.3)
    assert found[Finding.INCONCLUSIVE] >= 0.9
    assert found[Finding.REGRESSION] <= 0.05


@pytest.mark.parametrize("spread", [0.02, 0.08])
def test_smallest_detectable_change_is_found_eight_times_of_ten(spread: float) -> None:
    source = random.Random(5)
    rule = Rule(looks=(12,))
    calibration = [source.gauss(0, spread) for _ in range(400)]
    effect = smallest_detectable(calibration, rule, rounds=12)
    assert effect is not None
    hits = 0
    for _ in range(TRIES):
        found = [drawn(source, effect, spread) for _ in range(12)]
        hits += decide({"one": found}, rule)["one"].finding is Finding.REGRESSION
    assert 0.7 <= hits / TRIES <= 0.9


@given(st.lists(st.floats(-1, 1).map(lambda x: round(x, 6)), min_size=1, max_size=16, unique_by=abs))
def test_signed_rank_test_agrees_with_scipy(differences: list[float]) -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    if 0.0 not in differences:
        expected = scipy_stats.wilcoxon(differences, alternative="greater", method="exact").pvalue
        assert signed_rank_p(differences) == pytest.approx(float(expected), abs=1e-12)


def test_ties_and_zeros_make_nothing_significant_that_is_not() -> None:
    assert signed_rank_p([]) == 1.0
    assert signed_rank_p([0.0] * 10) > 0.4
    assert signed_rank_p([0.1] * 8) == 1 / 256


DIFFERENCES = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=14, unique=True)


@given(DIFFERENCES, st.sampled_from([0.05, 0.025, 0.0167]), st.floats(-0.4, 0.4))
def test_bounds_enclose_the_centre_and_move_with_the_data(differences: list[float], alpha: float, shift: float) -> None:
    lower, upper = lower_bound(differences, alpha), upper_bound(differences, alpha)
    assert lower <= sorted(differences)[len(differences) // 2] + 1e-9 or lower <= sum(differences) / len(differences)
    assert lower <= upper + 1e-9
    if lower > -inf:
        assert lower_bound([d + shift for d in differences], alpha) == pytest.approx(lower + shift, abs=1e-6)
    assert lower >= min(differences) - 1e-9 or lower == -inf


def test_looks_share_the_error_probability_and_never_more() -> None:
    for looks in ((7,), (7, 10), (7, 10, 14), (8, 12, 16, 20)):
        rule = Rule(looks=looks)
        assert sum(map(rule.alpha_at, looks)) == pytest.approx(rule.alpha)


@pytest.mark.parametrize(("looks", "metrics", "first"), [((7, 10, 14), 5, 7), ((7, 10, 14), 6, 14), ((5, 6), 5, None)])
def test_rule_knows_the_first_look_that_can_call_one_of_its_metrics(
    looks: tuple[int, ...], metrics: int, first: int | None
) -> None:
    """The smallest probability that n rounds can give is 2**-n: with fewer, no change however large is a regression."""
    rule = Rule(looks=looks)
    assert rule.first_decisive(metrics) == first
    if first is not None:
        series = {str(metric): [0.0] * first for metric in range(metrics)} | {
            "0": [0.5 + i / 1e3 for i in range(first)]
        }
        assert decide(series, rule)["0"].finding is Finding.REGRESSION


@pytest.mark.parametrize("spread", [0.02, 0.03])
def test_default_rule_finds_a_handler_that_works_a_fifth_longer_and_passes_an_identical_tree(spread: float) -> None:
    """The handler's own fifth is some 15 % of its function's duration and 25 % of its CPU time."""
    source = random.Random(7)
    rule = Rule()
    slow = {"ingest": 0.12, "function": 0.15, "function_cpu": 0.25, "persisted": 0.04, "cpu": 0.04}
    for effects, wanted in ((slow, Finding.REGRESSION), (dict.fromkeys(slow, 0.0), Finding.PASS)):
        hits = 0
        for _ in range(100):
            first = {
                metric: [drawn(source, effect, spread) for _ in range(rule.looks[0])]
                for metric, effect in effects.items()
            }
            findings = {decision.finding for decision in decide(first, rule).values()}
            hits += wanted in findings if wanted is Finding.REGRESSION else findings == {wanted}
        assert hits >= (95 if wanted is Finding.REGRESSION else 80)


def test_too_few_rounds_say_nothing() -> None:
    decision = decide({"one": [0.5, 0.6, 0.55]}, RULE)["one"]
    assert decision.finding is Finding.INCONCLUSIVE
    assert (decision.lower, decision.change) == (-1.0, pytest.approx(expm1(0.55), rel=0.05))


def test_difference_below_the_margin_is_no_regression_however_sure_it_is() -> None:
    """An effect-size veto: with enough rounds, one percent becomes significant, and still does not matter."""
    decision = decide({"one": [0.01 + index / 100_000 for index in range(40)]}, RULE)["one"]
    assert decision.finding is Finding.PASS
    assert decision.lower > 0
