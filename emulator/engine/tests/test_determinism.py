"""The same seed gives the same journal, and virtual time costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.effects import All, Call, Notify, Process, Race, Record, Sleep, Spawn, WaitFor
from emulator.engine import DeliveryPolicy, DeliverySchedule, Engine, Fault, Faults
from emulator.errors import AwsError
from emulator.identifiers import Identifiers
from emulator.operation import CallContext, Params, Reply, Service, operation

ROUGH = DeliveryPolicy("rough", duplicate_probability=0.3, delay_probability=0.5, longest_delay_seconds=600.0)


class Counter(Service):
    service_id = "counter"
    resource_members = ("Name",)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.counts: dict[str, int] = {}

    @operation("Add")
    def add(self, params: Params, context: CallContext) -> Reply:
        name = params["Name"]
        self.counts[name] = self.counts.get(name, 0) + 1
        note = Record(
            "counter", "added", name, detail={"id": self.account.identifiers.uuid(), "count": self.counts[name]}
        )
        return Reply({}, (note, Notify(name)))


@dataclass(frozen=True)
class Step:
    """One step of a generated program."""

    kind: str
    value: Any = None
    inner: tuple[tuple[Step, ...], ...] = ()


names = st.sampled_from(["a", "b", "c"])
leaves = st.one_of(
    st.builds(Step, st.just("sleep"), st.floats(0, 7200, allow_nan=False)),
    st.builds(Step, st.just("add"), names),
    st.builds(Step, st.just("wait"), names),
)
programs = st.recursive(
    st.lists(leaves, max_size=4).map(tuple),
    lambda inner: st.lists(
        st.one_of(
            leaves,
            st.builds(
                Step,
                st.sampled_from(["all", "race", "spawn", "deliver"]),
                st.none(),
                st.lists(inner, min_size=1, max_size=3).map(tuple),
            ),
        ),
        max_size=4,
    ).map(tuple),
    max_leaves=12,
)


def run_program(program: tuple[Step, ...]) -> Process:
    for step in program:
        match step.kind:
            case "sleep":
                yield Sleep(step.value)
            case "add":
                try:
                    yield Call("counter", "Add", {"Name": step.value})
                except AwsError as error:
                    yield Record("test", "refused", outcome=error.code)
            case "wait":
                woken = yield WaitFor(step.value, 60.0)
                yield Record("test", "woken" if woken else "expired", step.value)
            case "all":
                yield All(tuple(run_program(inner) for inner in step.inner))
            case "race":
                index, _ = yield Race(tuple(run_program(inner) for inner in step.inner))
                yield Record("test", "won", str(index))
            case "spawn" | "deliver":
                for inner in step.inner:
                    yield Spawn("inner", lambda inner=inner: run_program(inner), delivery=step.kind == "deliver")  # type: ignore[misc]


def journal_of(executions: list[tuple[Step, ...]], seed: int) -> list[dict[str, Any]]:
    identifiers = Identifiers(seed)
    engine = Engine(
        VirtualClock(0.0),
        identifiers=identifiers,
        faults=Faults(seed, [Fault("counter", "Add", probability=0.2)]),
        delivery=DeliverySchedule(ROUGH, seed),
    )
    engine.register("counter", Counter(Account("http://127.0.0.1", identifiers=identifiers)))
    for number, program in enumerate(executions):
        engine.spawn(f"execution {number}", run_program(program), trace_id=identifiers.trace_root(0.0))
    engine.run_ready()
    while (deadline := engine.timers.next_deadline()) is not None:
        engine.clock.move_to(deadline)  # type: ignore[attr-defined]
        engine.fire_due()
        engine.run_ready()
    return [entry.as_dict() for entry in engine.journal]


@settings(max_examples=60, deadline=None)
@given(executions=st.lists(programs, min_size=1, max_size=6), seed=st.integers(0, 2**32))
def test_the_same_seed_gives_the_identical_journal(executions: list[tuple[Step, ...]], seed: int) -> None:
    assert journal_of(executions, seed) == journal_of(executions, seed)


def test_another_seed_gives_another_journal() -> None:
    program = (Step("add", "a"),) * 20 + (Step("deliver", None, ((Step("add", "b"),),) * 3),) * 5
    assert journal_of([program], 1) != journal_of([program], 2)


def test_hours_of_waiting_pass_without_waiting() -> None:
    """1,000 executions that wait an hour a step for a day: 24,000 timers, in order, with no real time spent on waiting."""
    program = (Step("sleep", 3600.0), Step("add", "a")) * 24
    entries = journal_of([program] * 1000, seed=3)
    times = [entry["time"] for entry in entries]
    assert times == sorted(times)
    assert times[-1] == 24 * 3600.0
    assert sum(1 for entry in entries if entry["kind"] == "call") == 24_000
