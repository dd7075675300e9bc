"""What the engine promises about processes, calls, time and faults."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.effects import (
    All,
    Call,
    Cancel,
    External,
    Notify,
    Now,
    Process,
    Race,
    Record,
    Shield,
    Sleep,
    Spawn,
    WaitFor,
)
from emulator.engine import DeliveryPolicy, DeliverySchedule, Engine, Fault, TaskCancelled
from emulator.errors import AwsError, EmulatorError
from emulator.operation import CallContext, Params, Reply, Service, operation


class Refused(AwsError):
    status = 409


class Shop(Service):
    """A service for these tests."""

    service_id = "shop"
    resource_members = ("Name",)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.sold: list[str] = []

    @operation("Sell", unsupported=("Discount",))
    def sell(self, params: Params, context: CallContext) -> Reply:
        self.sold.append(params["Name"])
        return Reply({"At": context.now}, (Notify(("sold", params["Name"])),))

    @operation("SellLater")
    def sell_later(self, params: Params, context: CallContext) -> Process:
        yield Sleep(params["Seconds"])
        now = yield Now()
        return Reply({"At": now})

    @operation("Refuse")
    def refuse(self, params: Params, context: CallContext) -> Reply:
        raise Refused("no")

    @operation("Break")
    def break_down(self, params: Params, context: CallContext) -> Reply:
        raise KeyError("oops")

    @operation("WaitInReply")
    def wait_in_reply(self, params: Params, context: CallContext) -> Reply:
        return Reply({}, (Sleep(1),))


@pytest.fixture
def engine() -> Engine:
    engine = Engine(VirtualClock(0.0))
    engine.register("shop", Shop(Account("http://127.0.0.1")))
    return engine


def finish(engine: Engine, process: Process) -> Any:
    """Run a process to its end on virtual time: its result, or its error raised."""
    outcomes: list[tuple[Any, BaseException | None]] = []
    engine.spawn("test", process, done=lambda result, error: outcomes.append((result, error)))
    engine.run_ready()
    while not outcomes:
        deadline = engine.timers.next_deadline()
        assert deadline is not None, "the process waits for something that never happens"
        engine.clock.move_to(deadline)  # type: ignore[attr-defined]
        engine.fire_due()
        engine.run_ready()
    result, error = outcomes[0]
    if error is not None:
        raise error
    return result


def sleeper(seconds: float, value: Any = None) -> Process:
    yield Sleep(seconds)
    return value


def test_a_call_that_answers_at_once_resumes_in_the_same_step(engine: Engine) -> None:
    def process() -> Process:
        return (yield Call("shop", "Sell", {"Name": "a"}))

    assert finish(engine, process()) == {"At": 0.0}
    assert [(entry.kind, entry.operation, entry.resource) for entry in engine.journal] == [("call", "Sell", "a")]


def test_a_call_that_takes_time_resumes_when_it_ends(engine: Engine) -> None:
    def process() -> Process:
        return (yield Call("shop", "SellLater", {"Seconds": 7.5}))

    assert finish(engine, process()) == {"At": 7.5}


def test_an_error_of_a_service_is_raised_into_the_caller(engine: Engine) -> None:
    def process() -> Process:
        try:
            yield Call("shop", "Refuse", {})
        except Refused as error:
            return error.code, error.status

    assert finish(engine, process()) == ("Refused", 409)


def test_a_defect_of_a_service_is_an_internal_failure_that_names_it(engine: Engine, caplog: Any) -> None:
    def process() -> Process:
        yield Call("shop", "Break", {})

    with caplog.at_level(logging.CRITICAL), pytest.raises(AwsError, match="Break: KeyError: 'oops'") as caught:
        finish(engine, process())
    assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)


@pytest.mark.parametrize(
    ("service", "name", "params", "message"),
    [
        ("shop", "Rent", {}, "shop:Rent is not supported"),
        ("shop", "Sell", {"Name": "a", "Discount": 0}, "shop:Sell: parameter Discount is not supported"),
        ("bank", "Pay", {}, "there is no service 'bank'"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(
    engine: Engine, service: str, name: str, params: dict[str, Any], message: str
) -> None:
    def process() -> Process:
        yield Call(service, name, params)

    with pytest.raises((AwsError, EmulatorError), match=message):
        finish(engine, process())


def test_a_reply_may_not_wait(engine: Engine, caplog: Any) -> None:
    def process() -> Process:
        yield Call("shop", "WaitInReply", {})

    with caplog.at_level(logging.CRITICAL), pytest.raises(AwsError, match="may not wait"):
        finish(engine, process())


def test_all_keeps_the_order_of_its_processes(engine: Engine) -> None:
    def process() -> Process:
        results = yield All((sleeper(3, "slow"), sleeper(1, "fast")))
        return results, (yield Now())

    assert finish(engine, process()) == (["slow", "fast"], 3.0)


def test_all_of_nothing_ends_at_once(engine: Engine) -> None:
    def process() -> Process:
        return (yield All(()))

    assert finish(engine, process()) == []


def test_the_first_failure_of_all_cancels_the_others(engine: Engine) -> None:
    closed: list[str] = []

    def other() -> Process:
        try:
            yield Sleep(100)
        finally:
            closed.append("other")

    def failing() -> Process:
        yield Sleep(2)
        raise Refused("branch")

    def process() -> Process:
        try:
            yield All((other(), failing()))
        except Refused:
            return (yield Now())

    assert finish(engine, process()) == 2.0
    assert closed == ["other"]
    assert engine.timers.next_deadline() is None


def test_race_gives_the_first_and_cancels_the_rest(engine: Engine) -> None:
    def process() -> Process:
        return (yield Race((sleeper(5, "work"), sleeper(2, "deadline"))))

    assert finish(engine, process()) == (1, "deadline")
    assert engine.timers.next_deadline() is None


@pytest.mark.parametrize(("notified_after", "expected"), [(1.0, (True, 1.0)), (9.0, (False, 4.0))])
def test_wait_for_tells_a_notification_from_a_timeout(
    engine: Engine, notified_after: float, expected: tuple[bool, float]
) -> None:
    def notifier() -> Process:
        yield Sleep(notified_after)
        yield Notify("topic")

    def process() -> Process:
        task = yield Spawn("notifier", notifier)
        woken = yield WaitFor("topic", 4.0)
        now = yield Now()
        yield Cancel(task)
        return woken, now

    assert finish(engine, process()) == expected
    assert engine.waiting == {}


def test_a_cancelled_task_ends_with_its_wait_taken_back(engine: Engine) -> None:
    def process() -> Process:
        task = yield Spawn("sleeper", lambda: sleeper(50))
        yield Sleep(1)
        yield Cancel(task)
        return task

    task = finish(engine, process())
    assert task.done
    assert isinstance(task.error, TaskCancelled)
    assert engine.timers.next_deadline() is None


def test_a_failure_that_nobody_awaits_is_journaled(engine: Engine, caplog: Any) -> None:
    def failing() -> Process:
        yield Sleep(1)
        raise Refused("alone")

    def process() -> Process:
        yield Spawn("lonely", failing)
        yield Sleep(2)

    with caplog.at_level(logging.CRITICAL):
        finish(engine, process())
    assert [(entry.operation, entry.outcome) for entry in engine.journal.entries(kind="failed")] == [
        ("lonely", "Refused")
    ]


def test_the_trace_follows_a_call_into_what_it_starts(engine: Engine) -> None:
    def child() -> Process:
        yield Record("shop", "note")

    def process() -> Process:
        yield Spawn("child", child)
        yield Call("shop", "Sell", {"Name": "a"})

    engine.spawn("traced", process(), trace_id="1-abc")
    engine.run_ready()
    assert {entry.trace_id for entry in engine.journal} == {"1-abc"}


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


# -- background work -------------------------------------------------------------------------------------------------------------


def test_background_work_gives_way_to_requests_for_a_moment_only(engine: Engine) -> None:
    started: list[str] = []

    def work(name: str) -> Process:
        started.append(name)
        yield Now()

    def spawn(name: str) -> None:
        def process() -> Process:
            yield Spawn(name, lambda: work(name), background=True)

        engine.run_now("spawner", process(), lambda result, error: None)

    engine.requests = 1
    spawn("first")
    assert engine.release_background(0.01) == pytest.approx(0.01)
    engine.run_ready(10)
    assert started == []
    engine.clock.move_to(0.02)  # type: ignore[attr-defined]
    spawn("second")
    assert engine.release_background(0.01) == pytest.approx(0.01)
    engine.run_ready(10)
    assert started == ["first"], "it waited long enough; the second has not"
    engine.requests = 0
    assert engine.release_background(0.01) is None
    engine.run_ready(10)
    assert started == ["first", "second"]


def test_shielded_work_goes_on_when_the_one_who_waits_is_cancelled(engine: Engine) -> None:
    ended: list[str] = []

    def work() -> Process:
        yield Sleep(5)
        ended.append("work")
        return "done"

    def waiting() -> Process:
        return (yield Shield(work()))

    def process() -> Process:
        first = yield Race((waiting(), sleeper(1, "gave up")))
        yield Sleep(10)
        second = yield Shield(work())
        return first, second

    assert finish(engine, process()) == ((1, "gave up"), "done")
    assert ended == ["work", "work"]
