"""The counters gate on real emulators: an extra AWS call is caught. `prove-gate` proves the rest, which takes minutes."""

from pathlib import Path

import pytest

from loadtests.gate.proof import prove
from loadtests.gate.rounds import Plan
from loadtests.gate.statistics import Rule

pytestmark = pytest.mark.timeout(300)


def test_extra_call_for_each_message_is_caught_and_named() -> None:
    tree = Path(__file__).parents[2]
    plan = Plan(Path("system/audit_ingest/template.yaml"), body_bytes=4096)
    proof = prove(tree, plan, Rule(), repeats=1, cases=("extra call",), looks_at_counters=1)
    assert proof.holds
    (trial,) = proof.trials
    assert "calls/stepfunctions.ListExecutions: 0 -> 1 a message" in trial.detail
