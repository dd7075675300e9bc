"""Properties of every workflow: it ends, it ends the same way with the same seed, and it loses no data on the way."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.services.stepfunctions import StepFunctionsQuotas
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

SETTINGS = settings(max_examples=60, deadline=None, derandomize=True)
TINY = StepFunctionsQuotas(maximum_history_events=300)
ENDS = {"SUCCEEDED", "FAILED", "TIMED_OUT"}
CALL = "arn:aws:lambda:us-east-1:000000000000:function:"


@pytest.fixture(scope="module", autouse=True)
def _jsonata_loaded() -> None:
    """The library raises Python's recursion limit when it first evaluates, which hypothesis must not see as ours."""
    assert MachineRoom().execute(
        machine(P={"Type": "Pass", "End": True, "QueryLanguage": "JSONata", "Output": "{% 1 %}"})
    )


scalars = st.sampled_from([0, "", False, None, 0.0, -1, "a", [], {}, 2**53]) | st.text(max_size=3)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
)


@st.composite
def flows(draw: st.DrawFn, prefix: str = "s", depth: int = 2) -> dict[str, Any]:
    """A flow of states, each of which may lead to any other; loops and all."""
    names = [f"{prefix}{number}" for number in range(draw(st.integers(1, 4)))]
    states = {name: draw(state_of(name, names, depth)) for name in names}
    for position, name in enumerate(names[1:], start=1):  # all can be reached
        before = states[names[position - 1]]
        if before["Type"] == "Choice":
            before["Default"] = name
        elif before["Type"] not in ("Succeed", "Fail"):
            before.pop("End", None)
            before["Next"] = name
        else:
            states[names[position - 1]] = {"Type": "Pass", "Next": name}
    return {"StartAt": names[0], "States": states}


@st.composite
def state_of(draw: st.DrawFn, name: str, names: list[str], depth: int) -> dict[str, Any]:
    target = draw(st.sampled_from(names))
    onward: dict[str, Any] = draw(st.sampled_from([{"End": True}, {"Next": target}]))
    kinds = ["Pass", "Wait", "Task", "Choice", "Succeed", "Fail"] + (["Parallel", "Map"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "Pass":
        return {"Type": kind, "Result": draw(values), "ResultPath": draw(st.sampled_from(["$", "$.r", None])), **onward}
    if kind == "Wait":
        return {"Type": kind, "Seconds": draw(st.integers(0, 10_000)), **onward}
    if kind == "Choice":
        rule = {"Variable": "$.r", "IsPresent": draw(st.booleans()), "Next": target}
        return {"Type": kind, "Choices": [rule], "Default": draw(st.sampled_from(names))}
    if kind in ("Succeed", "Fail"):
        return {"Type": kind}
    rules: dict[str, Any] = {
        "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "JitterStrategy": "FULL"}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": target, "ResultPath": "$.e"}],
    }
    rules = {field: rules[field] for field in draw(st.sets(st.sampled_from(["Retry", "Catch"])))}
    if kind == "Task":
        return {"Type": kind, "Resource": CALL + draw(st.sampled_from(["good", "bad"])), **rules, **onward}
    if kind == "Parallel":
        branches = [draw(flows(f"{name}{letter}", depth - 1)) for letter in "pq"[: draw(st.integers(1, 2))]]
        return {"Type": kind, "Branches": branches, **rules, **onward}
    return {"Type": kind, "ItemProcessor": draw(flows(f"{name}m", depth - 1)), **rules, **onward}


def run(definition: dict[str, Any], data: Any, seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    room = MachineRoom(seed, TINY)
    room.functions.functions["good"] = lambda event: event

    def bad(event: Any) -> Any:
        raise ValueError("always")

    room.functions.functions["bad"] = bad
    arn = room.start(definition, data)
    room.run()
    return room.describe(arn), room.history(arn)


@SETTINGS
@given(flows(), values, st.integers(0, 3))
def test_every_machine_ends_with_a_named_error_or_without_one_and_always_alike(
    definition: dict[str, Any], data: Any, seed: int
) -> None:
    described, history = run(definition, data, seed)
    assert described["status"] in ENDS
    if described["status"] == "FAILED" and "error" not in described:
        assert any(event["type"] == "FailStateEntered" for event in history)  # a Fail state need not name its error
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert all(event["previousEventId"] < event["id"] for event in history)
    assert run(definition, data, seed) == (described, history)


@SETTINGS
@given(values)
def test_no_value_is_lost_on_its_way_through_jsonpath(value: Any) -> None:
    room = MachineRoom()
    room.functions.functions["echo"] = lambda event: event
    definition = machine(
        Set={"Type": "Pass", "Assign": {"v.$": "$.v"}, "Next": "Task"},
        Task={
            "Type": "Task",
            "Resource": CALL + "echo",
            "Parameters": {"in.$": "$.v", "all.$": "States.Array($.v)"},
            "ResultSelector": {"out.$": "$.in", "first.$": "$.all[0]"},
            "ResultPath": "$.result",
            "Next": "Map",
        },
        Map={
            "Type": "Map",
            "ItemsPath": "$.list",
            "ItemProcessor": machine(P={"Type": "Pass", "End": True}),
            "ResultPath": "$.mapped",
            "Next": "End",
        },
        End={"Type": "Pass", "Parameters": {"v.$": "$v", "r.$": "$.result", "m.$": "$.mapped"}, "End": True},
    )
    output = json.loads(room.execute(definition, {"v": value, "list": [value, value]})["output"])
    assert output == {"v": value, "r": {"out": value, "first": value}, "m": [value, value]}


@SETTINGS
@given(values)
def test_no_value_is_lost_on_its_way_through_jsonata(value: Any) -> None:
    room = MachineRoom()
    room.functions.functions["echo"] = lambda event: event
    task = {
        "Type": "Task",
        "Resource": CALL + "echo",
        "Arguments": {"in": "{% $states.input.v %}"},
        "Assign": {"kept": "{% $states.result.in %}"},
        "Output": {"out": "{% $states.result.in %}", "v": "{% $states.input.v %}"},
        "Next": "End",
    }
    end = {"Type": "Pass", "Output": {"k": "{% $kept %}", "o": "{% $states.input.out %}"}, "End": True}
    definition = machine(Task=task, End=end) | {"QueryLanguage": "JSONata"}
    described = room.execute(definition, {"v": value})
    assert described["status"] == "SUCCEEDED", described
    assert json.loads(described["output"]) == {"k": value, "o": value}


@given(st.lists(st.lists(st.integers(0, 31_536_000), min_size=1, max_size=4), min_size=1, max_size=6))
def test_executions_end_in_the_order_of_their_waits(waits: list[list[int]]) -> None:
    """However long they wait, up to years in all, virtual time passes each deadline in its order."""
    room = MachineRoom(quotas=StepFunctionsQuotas(execution_retention_seconds=math.inf))
    limit = 31_536_000  # a Standard workflow lasts a year
    arns = []
    for seconds in waits:
        states = {
            f"W{number}": {"Type": "Wait", "Seconds": wait, "Next": f"W{number + 1}"}
            for number, wait in enumerate(seconds)
        }
        states[f"W{len(seconds)}"] = {"Type": "Succeed"}
        arns.append(room.start(machine(**states)))
    begin = room.clock.now()
    room.run()
    ended = [
        entry.resource for entry in room.engine.journal if entry.kind in ("ExecutionSucceeded", "ExecutionTimedOut")
    ]
    took = {arn: room.describe(arn)["stopDate"] - begin for arn in arns}
    assert took == {arn: min(sum(seconds), limit) for arn, seconds in zip(arns, waits, strict=True)}
    assert [took[arn] for arn in ended] == sorted(took.values())
