"""Every cap, before a byte is sent and while messages are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator.targets import Target
from emulator.targets.caps import Caps
from loadtests.failures import UsageError
from loadtests.persona import Persona
from loadtests.plan import RunPlan, is_key, key_prefix, message_key, probe_key
from loadtests.progress import Silent
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.schedule_text import parse_schedule
from loadtests.sizes import MessageSize, parse_mix
from loadtests.staging.allowance import Allowance, SendingCaps
from loadtests.staging.guard import CapReached, Guard, peak_rate
from loadtests.staging.price import CountedPrice

ROOT = Path(__file__).parents[2]
OPEN = Caps(max_rate=1e6, max_bytes=10**12, max_duration=1e6, max_cost_usd=None)
PRICE = CountedPrice("a test", 0.001, 1000.0)
TARGET = Target(
    name="aws",
    endpoint_url=None,
    region="us-east-1",
    access_key_id="a",
    secret_access_key="b",
    stack_name="s",
    outputs={},
    api_url="https://127.0.0.1:9/Prod/ingestMessage",
    api_key="key",
    caps=OPEN,
)


def plan(schedule: str = "rate(10)", duration: float = 10.0, **more: Any) -> RunPlan:
    return RunPlan("20261122-102030-beef", (), (Persona(schedule=parse_schedule(schedule)),), duration, seed=1, **more)


CROSSED = [
    ({"max_rate": 9.0}, "10 messages in one second, above max_rate = 9"),
    ({"max_bytes": 100_000}, "104.0 kB in 104 messages, above max_bytes = 100.0 kB"),
    ({"max_duration": 9.0}, "10 s, preparation included, above max_duration = 9 s"),
    ({"max_cost_usd": 0.1}, r"0.1040 USD \(a test\), above max_cost_usd = 0.1"),
]


@pytest.mark.parametrize(("cap", "told"), CROSSED)
def test_plan_that_crosses_a_cap_is_refused_with_nothing_sent(cap: dict[str, float], told: str) -> None:
    guard = Guard(replace(OPEN, **cap), "us-east-1", PRICE)
    with pytest.raises(UsageError, match=f"nothing was sent, since this load would need {told}"):
        guard.refuse_too_much(guard.need(plan(), parse_mix("1kB"), 4))


def test_all_caps_that_are_crossed_are_named_at_once() -> None:
    guard = Guard(Caps(max_rate=1, max_bytes=1, max_duration=1, max_cost_usd=0.001), "us-east-1", PRICE)
    with pytest.raises(UsageError) as refused:
        guard.refuse_too_much(guard.need(plan(), parse_mix("1kB"), 4))
    assert all(name in str(refused.value) for name in ("max_rate", "max_bytes", "max_duration", "max_cost_usd"))


def test_plan_within_its_caps_passes_and_the_exact_limit_does() -> None:
    caps = Caps(max_rate=10, max_bytes=104_000, max_duration=10.4, max_cost_usd=0.104001)
    guard = Guard(caps, "us-east-1", PRICE)
    guard.refuse_too_much(guard.need(plan(), parse_mix("1kB"), 4))


def test_size_that_is_measured_counts_as_the_largest_with_its_probes() -> None:
    need = Guard(OPEN, "us-east-1").need(plan(), parse_mix("max"), 4)
    assert need.messages == 100 + 4 + 14
    assert need.total_bytes == need.messages * 6 * 1024 * 1024


@pytest.mark.parametrize(
    ("schedule", "most"), [("rate(10)", 10), ("burst(20,5s)", 20), ("stages(2:5s,7:5s)", 7), ("rate(0.5)", 1)]
)
def test_peak_is_that_of_the_busiest_second(schedule: str, most: int) -> None:
    sized = replace(plan(schedule), sizes=(MessageSize("s", 1000),))
    assert peak_rate([arrival.at_seconds for arrival in sized.arrivals()]) == most


def test_load_on_aws_is_refused_before_its_folder_exists(tmp_path: Path) -> None:
    def run(target: Target) -> None:
        LoadRun(target, plan(), RunOptions(tuple(parse_mix("1kB"))), RunFolder(tmp_path / "run"), Silent())

    with pytest.raises(UsageError, match="max_bytes"):
        run(replace(TARGET, caps=replace(OPEN, max_bytes=10)))
    with pytest.raises(UsageError, match="says nothing of caps"):
        run(replace(TARGET, caps=None))
    with pytest.raises(UsageError, match="is no https URL"):
        run(replace(TARGET, api_url="http://example.com/Prod"))
    assert not (tmp_path / "run").exists()


def test_cost_cap_needs_counters(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="windtunnel baseline save"):
        Guard(Caps(counters=str(tmp_path / "nothing.json")), "us-east-1")
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(UsageError, match="is no baseline"):
        Guard(Caps(counters=str(tmp_path / "broken.json")), "us-east-1")


def test_price_rests_on_counters_and_is_higher_where_it_is_not_known() -> None:
    baseline = ROOT / "baselines/audit-ingest.json"
    known = CountedPrice.of_baseline(baseline, "us-east-1")
    unknown = CountedPrice.of_baseline(baseline, "mars-north-1")
    assert 1e-5 < known.dollars(0) < 1e-2
    assert unknown.dollars(0) == pytest.approx(2 * known.dollars(0))
    assert "no price file of mars-north-1" in unknown.basis
    assert known.dollars(2 * known.counted_bytes) == pytest.approx(2 * known.dollars(known.counted_bytes))


def test_messages_before_the_load_stop_at_each_cap() -> None:
    for caps, told in (
        (replace(OPEN, max_bytes=2500), "max_bytes"),
        (replace(OPEN, max_cost_usd=0.0025), "max_cost_usd"),
    ):
        guard = Guard(caps, "us-east-1", PRICE)
        guard.admit(1000)
        guard.admit(1000)
        with pytest.raises(CapReached, match=told):
            guard.admit(1000)
    late = Guard(replace(OPEN, max_duration=0.5, max_rate=1.0), "us-east-1")
    late.admit(1)
    with pytest.raises(CapReached, match="max_duration"):
        late.admit(1)  # due a second after the first


def test_plan_gets_what_is_left_and_is_refused_where_that_is_too_little() -> None:
    guard = Guard(replace(OPEN, max_bytes=12_000, max_cost_usd=0.012), "us-east-1", PRICE)
    sized = replace(plan(duration=1.0), sizes=(MessageSize("1kB", 1000),))
    guard.admit(1000)
    left = guard.guarded(sized)
    assert left.caps is not None
    assert (left.caps.total_bytes, left.caps.messages) == (11_000, 11)
    guard.admit(1000)
    guard.admit(1000)
    with pytest.raises(CapReached, match=r"left 9.0 kB .* needs 10.0 kB"):
        guard.guarded(sized)


def test_sender_stops_at_each_cap_and_says_which() -> None:
    caps = SendingCaps(per_second=1e6, total_bytes=10**9, messages=None, until=1100.0)
    for changed, told in (
        (replace(caps, total_bytes=2500), "the cap on bytes"),
        (replace(caps, messages=2), "the cap on cost"),
        (replace(caps, until=1001.5), "the cap on duration"),
    ):
        allowance = Allowance(changed, 1000.0)
        refusals = [allowance.refusal(1000, float(at)) for at in range(4)]
        assert refusals[:2] == [None, None]
        assert all(refusal is not None and told in refusal for refusal in refusals[2:])


def test_sender_may_catch_up_for_a_second_and_no_more() -> None:
    allowance = Allowance(SendingCaps(per_second=10.0, total_bytes=10**9, messages=None, until=1100.0), 1000.0)
    overdue = [allowance.refusal(1, 20.0) for _ in range(80)]
    assert overdue.index("the cap on rate (10 messages a second)") == 60
    assert allowance.refusal(1, 24.9) is not None
    assert allowance.refusal(1, 25.1) is None


def test_workers_share_the_caps() -> None:
    caps = SendingCaps(per_second=10.0, total_bytes=4000, messages=4, until=1100.0)
    parts = [Allowance(caps, 1000.0, workers=2) for _ in range(2)]
    sent = [part.refusal(1000, 0.0) is None for part in parts for _ in range(3)]
    assert sent.count(True) == 4


def test_caps_travel_with_the_plan_and_keys_lie_below_the_run() -> None:
    guarded = Guard(OPEN, "us-east-1").guarded(plan())
    again = RunPlan.from_json(orjson.loads(orjson.dumps(guarded.to_json())))
    assert again == guarded
    assert message_key(again.key_root, 7) == "windtunnel/20261122-102030-beef/0000007"
    assert key_prefix(again.key_root) == "windtunnel/20261122-102030-beef/"
    assert is_key(message_key(again.key_root, 7))
    assert is_key(probe_key(again.key_root, 7))
    assert len(message_key(again.key_root, 7)) == len(probe_key(again.key_root, 7)) <= 48
    template = replace(again, sizes=(MessageSize("1kB", 1000),)).template(MessageSize("1kB", 1000))
    assert len(template.body(message_key(again.key_root, 7), "2026-11-22T10:20:30.123Z")) == 1000
