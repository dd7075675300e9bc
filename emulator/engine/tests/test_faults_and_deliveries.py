"""Outside work, faults, and deliveries that AWS promises at least once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from emulator.clock import VirtualClock
from emulator.effects import Call, External, Now, Process, Race, Sleep, Spawn
from emulator.engine import DeliveryPolicy, DeliverySchedule, Engine, Fault
from emulator.engine.tests.shop import Refused, finish, shop_engine, sleeper
from emulator.errors import AwsError, EmulatorError
from emulator.operation import CallContext


@pytest.fixture
def engine() -> Engine:
    return shop_engine()


# -- outside work ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fetch(External):
    resource: str


def test_outside_work_holds_virtual_time_until_it_ends(engine: Engine) -> None:
    pending: list[Callable[..., None]] = []
    engine.perform(Fetch, lambda effect, done: pending.append(done))
    results: list[Any] = []

    def process() -> Process:
        results.append((yield Fetch("x")))

    engine.spawn("fetch", process())
    engine.run_ready()
    assert (engine.in_flight, results) == (1, [])
    pending[0]("body", None)
    assert (engine.in_flight, results) == (0, ["body"])
    pending[0]("again", None)
    assert results == ["body"], "a second report is dropped"


def test_outside_work_that_is_called_off_no_longer_counts(engine: Engine) -> None:
    called_off: list[str] = []
    engine.perform(Fetch, lambda effect, done: lambda: called_off.append(effect.resource))

    def fetch() -> Process:
        yield Fetch("x")

    def process() -> Process:
        return (yield Race((fetch(), sleeper(1, "gave up"))))

    assert finish(engine, process()) == (1, "gave up")
    assert (called_off, engine.in_flight) == (["x"], 0)


def test_an_effect_without_a_performer_is_an_error(engine: Engine) -> None:
    def process() -> Process:
        yield Fetch("x")

    with pytest.raises(EmulatorError, match="nothing performs Fetch"):
        finish(engine, process())


# -- faults ----------------------------------------------------------------------------------------------------------------------


def outcomes_of_sales(engine: Engine, count: int) -> list[str]:
    def process() -> Process:
        outcomes = []
        for number in range(count):
            try:
                yield Call("shop", "Sell", {"Name": f"item-{number}"})
            except AwsError as error:
                outcomes.append(error.code)
            else:
                outcomes.append("ok")
        return outcomes

    result: list[str] = finish(engine, process())
    return result


def test_an_error_fault_refuses_before_anything_happens(engine: Engine) -> None:
    engine.faults.add(Fault("shop", "Sell", code="ThrottlingException", status=400, times=2))
    assert outcomes_of_sales(engine, 3) == ["ThrottlingException", "ThrottlingException", "ok"]
    assert engine.service("shop").sold == ["item-2"]  # type: ignore[attr-defined]


def test_a_lost_reply_happens_and_still_fails_the_caller(engine: Engine) -> None:
    engine.faults.add(Fault("shop", "Sell", kind="lost_reply", code="RequestTimeout", times=1))
    assert outcomes_of_sales(engine, 2) == ["RequestTimeout", "ok"]
    assert engine.service("shop").sold == ["item-0", "item-1"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "sold"), [("crash", []), ("crash_after", ["a"])])
def test_a_crash_ends_the_function_that_calls_before_or_after_it_happens(
    engine: Engine, kind: Any, sold: list[str]
) -> None:
    ended: list[str] = []
    engine.crash = ended.append
    engine.faults.add(Fault("shop", "Sell", kind=kind, times=1))
    assert outcomes_of_sales(engine, 1) == ["ok"], "no function calls: the rule waits for one that does"
    engine.service("shop").sold.clear()  # type: ignore[attr-defined]
    errors: list[Any] = []
    context = CallContext(now=0.0, request_id="r", span="0123456789abcdef")
    engine.call("shop", "Sell", {"Name": "a"}, context, lambda result, error: errors.append(error))
    assert ended == ["0123456789abcdef"]
    assert engine.service("shop").sold == sold  # type: ignore[attr-defined]
    assert [error.code for error in errors] == ["FunctionCrashed"]


def test_latency_delays_on_the_engines_clock(engine: Engine) -> None:
    engine.faults.add(Fault("shop", "*", kind="latency", seconds=30.0))

    def process() -> Process:
        yield Call("shop", "Sell", {"Name": "a"})
        return (yield Now())

    assert finish(engine, process()) == 30.0


def test_a_fault_reaches_only_its_resource_and_its_time(engine: Engine) -> None:
    engine.faults.add(Fault("shop", "Sell", resource="item-1"))
    assert outcomes_of_sales(engine, 3) == ["ok", "InternalFailure", "ok"]
    engine.faults.clear()
    engine.faults.add(Fault("shop", "Sell", start=10.0, end=20.0))
    assert outcomes_of_sales(engine, 1) == ["ok"]
    engine.clock.move_to(15.0)  # type: ignore[attr-defined]
    assert outcomes_of_sales(engine, 1) == ["InternalFailure"]
    engine.clock.move_to(20.0)  # type: ignore[attr-defined]
    assert outcomes_of_sales(engine, 1) == ["ok"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "needs a service"),
        ({"service": "s3", "kind": "smoke"}, "smoke"),
        ({"service": "s3", "colour": 1}, "no member colour"),
    ],
)
def test_a_malformed_fault_is_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(EmulatorError, match=message):
        Fault.from_dict(data)


# -- deliveries ------------------------------------------------------------------------------------------------------------------


def deliver(policy: DeliveryPolicy, count: int, order_key: str | None, seed: int = 1) -> list[int]:
    """The order in which `count` deliveries arrive."""
    engine = Engine(VirtualClock(0.0), delivery=DeliverySchedule(policy, seed))
    arrived: list[int] = []

    def delivery(number: int) -> Process:
        yield Sleep(1.0 if number % 2 == 0 else 0.25)
        arrived.append(number)

    def process() -> Process:
        for number in range(count):
            yield Spawn(
                f"delivery {number}", lambda number=number: delivery(number), delivery=True, order_key=order_key
            )  # type: ignore[misc]
        yield Sleep(1000)

    finish(engine, process())
    return arrived


CONTRACT = DeliveryPolicy("test", duplicate_probability=0.3, delay_probability=0.5, longest_delay_seconds=5.0)


def test_polite_deliveries_arrive_once() -> None:
    assert sorted(deliver(DeliveryPolicy("polite"), 10, None)) == list(range(10))


def test_contract_deliveries_repeat_and_overtake_but_are_never_lost() -> None:
    arrived = deliver(CONTRACT, 40, None)
    assert set(arrived) == set(range(40))
    assert len(arrived) > 40
    assert arrived != sorted(arrived)


def test_deliveries_with_an_order_key_never_overtake_each_other() -> None:
    arrived = deliver(CONTRACT, 40, "group")
    assert arrived == sorted(arrived)
    assert set(arrived) == set(range(40))


def test_the_same_seed_delivers_in_the_same_order() -> None:
    assert deliver(CONTRACT, 30, None, seed=7) == deliver(CONTRACT, 30, None, seed=7)
    assert deliver(CONTRACT, 30, None, seed=7) != deliver(CONTRACT, 30, None, seed=8)


def test_a_failed_delivery_does_not_block_its_order_key(caplog: Any) -> None:
    engine = Engine(VirtualClock(0.0))
    arrived: list[int] = []

    def delivery(number: int) -> Process:
        yield Sleep(1)
        if number == 0:
            raise Refused("first")
        arrived.append(number)

    def process() -> Process:
        for number in range(3):
            yield Spawn("d", lambda number=number: delivery(number), delivery=True, order_key="k")  # type: ignore[misc]
        yield Sleep(10)

    with caplog.at_level(logging.CRITICAL):
        finish(engine, process())
    assert arrived == [1, 2]
    assert [entry.outcome for entry in engine.journal.entries(kind="failed")] == ["Refused"]
    assert engine.chains == {}
