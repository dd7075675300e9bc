"""Cost: the same counters and prices give the same dollars, and nothing that costs something is silently free."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loadtests.cli import app
from loadtests.cost import estimate, load_prices
from loadtests.cost.in_reports import cost_of
from loadtests.cost.sources import file_source
from loadtests.failures import UsageError
from loadtests.gate.counters import Counters

PRICES = load_prices()
COUNTED = Counters(
    10,
    {
        "calls/s3.PutObject": 10,
        "units/s3_tier1_requests": 10,
        "request_bytes/s3.PutObject": 10 * 2**20,
        "calls/lambda.Invoke": 20,
        "units/lambda_requests": 20,
        "units/lambda_gb_ms": 10_000,
        "calls/logs.CreateLogGroup": 1,
        "billed_gb_ms/Ingest": 10_000,
    },
)


def dollars_of(counters: Counters, what: str, **more: float) -> float:
    return next(line.dollars for line in estimate(counters, PRICES, **more).lines if what in line.what)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("PUT", 5.0),  # 1 a message, $0.005 per 1,000
        ("storage (Standard)", 1_000_000 / 1024 * 0.023),  # 1 MiB a message for one month
        ("duration (x86)", 1_000_000 * 1.0 * 0.0000166667),  # 1,000 GB-ms a message
        ("requests", 5.0),
    ],
)
def test_dollars_are_units_of_a_message_times_price_times_messages(what: str, expected: float) -> None:
    assert dollars_of(COUNTED, what) == pytest.approx(expected)


def test_lines_add_up_and_shares_to_one() -> None:
    cost = estimate(COUNTED, PRICES)
    assert cost.complete
    assert cost.dollars == pytest.approx(sum(line.dollars for line in cost.lines))
    assert sum(line.share for line in cost.lines) == pytest.approx(1.0)
    assert estimate(COUNTED, PRICES, per=1000).dollars == pytest.approx(cost.dollars / 1000)


def test_what_is_stored_longer_costs_more_and_nothing_else_does() -> None:
    month, year = estimate(COUNTED, PRICES), estimate(COUNTED, PRICES, retention_days=360)
    storage = dollars_of(COUNTED, "storage (Standard)")
    assert year.dollars - month.dollars == pytest.approx(11 * storage)


@pytest.mark.parametrize(
    ("totals", "reason"),
    [
        ({"calls/kinesis.PutRecord": 10}, "does not say how"),
        ({"units/kinesis_shards": 10}, "no price of this unit"),
        ({"calls/logs.PutLogEvents": 10}, "was not counted"),
    ],
)
def test_what_has_no_price_is_named_and_never_zero(totals: dict[str, float], reason: str) -> None:
    cost = estimate(Counters(10, totals), PRICES)
    assert not cost.complete
    assert [unpriced.counter for unpriced in cost.unpriced] == list(totals)
    assert reason in cost.unpriced[0].reason


def test_cache_nodes_are_a_line_a_month_and_an_unknown_type_is_named() -> None:
    cost = estimate(COUNTED, PRICES, nodes={("valkey", "cache.t3.small"): 2, ("redis", "cache.x99.huge"): 1})
    assert cost.fixed_dollars_per_month == pytest.approx(2 * 0.0272 * 730)
    assert cost.unpriced[0].counter == "nodes/redis.cache.x99.huge"


def test_free_tier_is_taken_off_only_where_it_is_asked_for() -> None:
    plain, free = estimate(COUNTED, PRICES), estimate(COUNTED, PRICES, free_tier=True)
    # 1,000,000 requests and 400,000 GB-seconds of Lambda a month; a message has 2 and 1.
    assert plain.dollars - free.dollars == pytest.approx(1_000_000 * 0.20e-6 + 400_000 * 0.0000166667)
    assert estimate(COUNTED, PRICES, per=1000, free_tier=True).dollars < estimate(COUNTED, PRICES, per=1000).dollars


def test_nothing_counted_is_no_estimate_of_nothing() -> None:
    with pytest.raises(UsageError, match="no message was counted"):
        estimate(Counters(0, {}), PRICES)
    with pytest.raises(UsageError, match="--region takes us-east-1"):
        load_prices("mars-north-1")


def test_every_price_has_its_page_and_who_read_it_when() -> None:
    for price in PRICES.prices:
        assert price.source.startswith("https://aws.amazon.com/"), price.what
        assert price.evidence != "", price.what
        assert price.dollars > 0, price.what
        assert price.counted_per_unit > 0, price.what
    assert PRICES.date


def test_every_unit_that_a_call_is_billed_by_has_a_price() -> None:
    units = {unit for units in PRICES.billed.values() for unit in units}
    assert [unit for unit in sorted(units) if not PRICES.covers(unit)] == []


def test_price_file_without_a_price_makes_the_estimate_incomplete() -> None:
    poorer = replace(PRICES, prices=tuple(price for price in PRICES.prices if "Lambda" not in price.service))
    assert {unpriced.counter for unpriced in estimate(COUNTED, poorer).unpriced} == {
        "units/lambda_requests",
        "units/lambda_gb_ms",
    }


def test_committed_baseline_is_priced_without_a_gap() -> None:
    cost = estimate(file_source(Path("baselines/audit-ingest.json")).counters, PRICES)
    assert cost.unpriced == ()
    assert cost.dollars > 100


@pytest.mark.parametrize("content", ["", "{", "[]", '{"totals": 1}'])
def test_file_without_counters_says_what_one_looks_like(content: str, tmp_path: Path) -> None:
    path = tmp_path / "counters.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"counters|JSON"):
        file_source(path)


def test_command_ends_with_5_only_when_strict_and_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "counters.json"
    path.write_text('{"messages": 1, "totals": {"calls/kinesis.PutRecord": 1, "units/lambda_requests": 1}}')
    plain = CliRunner().invoke(app, ["cost", "--counters", str(path)])
    strict = CliRunner().invoke(app, ["cost", "--counters", str(path), "--strict"])
    assert (plain.exit_code, strict.exit_code) == (0, 5)
    assert "NOT COUNTED  calls/kinesis.PutRecord" in plain.output


def test_report_of_a_run_says_dollars_and_what_they_leave_out() -> None:
    assert cost_of({}) is None
    said = cost_of({**COUNTED.per_message(), "calls/kinesis.PutRecord": 1.0})
    assert said is not None
    assert said["dollars_per_million"] == pytest.approx(estimate(COUNTED, PRICES).dollars, abs=0.001)
    assert said["unpriced"] == ["calls/kinesis.PutRecord"]
