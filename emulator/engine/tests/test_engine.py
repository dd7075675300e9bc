"""What the engine promises about processes, calls and time."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from emulator.effects import All, Call, Cancel, Notify, Now, Process, Race, Record, Shield, Sleep, Spawn, WaitFor
from emulator.engine import Engine, TaskCancelled
from emulator.engine.tests.shop import Refused, finish, shop_engine, sleeper
from emulator.errors import AwsError, EmulatorError


@pytest.fixture
def engine() -> Engine:
    return shop_engine()


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
