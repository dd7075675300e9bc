"""A small service and a way to run a process to its end; for the engine's tests."""

from __future__ import annotations

from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.effects import Notify, Now, Process, Sleep
from emulator.engine import Engine
from emulator.errors import AwsError
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


def shop_engine() -> Engine:
    """An engine with the shop, at time 0."""
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
