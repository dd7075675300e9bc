"""Whole executions: data flow, branches, waiting, limits, stopping, determinism."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.clock import stopwatch
from emulator.services.stepfunctions import StepFunctionsQuotas
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

END = {"End": True}
PASS = {"Type": "Pass", "End": True}
FAIL = {"Type": "Fail", "Error": "Broken", "Cause": "because"}
WAIT = {"Type": "Wait", "Seconds": 60, "End": True}
FUNCTION = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f"}


def parallel(*branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Parallel", "Branches": list(branches), **({"End": True} if "Next" not in fields else {}), **fields}


def mapped(processor: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": processor, **({"End": True} if "Next" not in fields else {}), **fields}


# -- data flow --------------------------------------------------------------------------------------------------------


def test_every_filter_applies_in_its_order() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html"""
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: {"got": event, "noise": 1}
    task = FUNCTION | END
    task |= {"InputPath": "$.in", "Parameters": {"fixed": 0, "x.$": "$.x", "whole.$": "$$.Execution.Input.in"}}
    task |= {"ResultSelector": {"kept.$": "$.got"}, "ResultPath": "$.deep.result", "OutputPath": "$.deep"}
    output = json.loads(room.execute(machine(Do=task), {"in": {"x": False}, "deep": {"old": None}})["output"])
    assert output == {"old": None, "result": {"kept": {"fixed": 0, "x": False, "whole": {"x": False}}}}


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({}, {"a": 0}),
        ({"InputPath": None}, {}),
        ({"OutputPath": None}, {}),
        ({"ResultPath": None, "Result": 5}, {"a": 0}),
        ({"ResultPath": "$.a", "Result": ""}, {"a": ""}),
        ({"ResultPath": "$.b.c", "Result": None}, {"a": 0, "b": {"c": None}}),
        ({"Result": False}, False),
        ({"InputPath": "$.a"}, 0),
        ({"OutputPath": "$.a"}, 0),
    ],
)
def test_pass(fields: dict[str, Any], output: Any) -> None:
    assert json.loads(MachineRoom().execute(machine(Do=PASS | fields), {"a": 0})["output"]) == output


def test_text_that_no_field_touches_goes_through_unchanged() -> None:
    room = MachineRoom()
    text = '{ "big": 12345678901234567890123, "one": 1.0 }'
    arn = room.start(machine(A={"Type": "Pass", "Next": "B"}, B=parallel(machine(C=PASS), machine(D=PASS))), text=text)
    room.run()
    assert room.describe(arn)["output"] == f"[{text},{text}]"


def test_result_that_cannot_be_placed_fails_by_name() -> None:
    described = MachineRoom().execute(machine(Do=PASS | {"ResultPath": "$.a.b", "Result": 1}), {"a": 5})
    assert described["error"] == "States.ResultPathMatchFailure"


def test_variables_reach_inner_states_and_do_not_leak_out() -> None:
    inner = machine(In={"Type": "Pass", "Assign": {"y.$": "$x"}, "Parameters": {"seen.$": "$x"}, "End": True})
    definition = machine(
        Set={"Type": "Pass", "Assign": {"x": 0, "old.$": "$.n"}, "Next": "Both"},
        Both=parallel(inner, Next="Use"),
        Use=PASS | {"Parameters": {"leaked.$": "$y"}},
    )
    room = MachineRoom()
    arn = room.start(definition, {"n": None})
    room.run()
    described = room.describe(arn)
    assert described["error"] == "States.Runtime"
    assert "$y" in described["cause"]
    exits = [event["stateExitedEventDetails"] for event in room.history(arn) if event["type"].endswith("StateExited")]
    assert exits[0]["assignedVariables"] == {"x": "0", "old": "null"}
    assert exits[1]["output"] == '{"seen":0}'


def test_variables_beyond_their_limit_fail_the_state() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html"""
    room = MachineRoom(quotas=StepFunctionsQuotas(maximum_assign_bytes=10))
    described = room.execute(machine(Set=PASS | {"Assign": {"a": "1234", "b.$": "$.text"}}), {"text": "567"})
    assert described["error"] == "States.DataLimitExceeded"
    assert room.execute(machine(Set=PASS | {"Assign": {"a": "1234", "b": "5"}}))["status"] == "SUCCEEDED"


# -- branches ---------------------------------------------------------------------------------------------------------


def test_parallel_takes_as_long_as_its_slowest_branch_and_keeps_the_order() -> None:
    room = MachineRoom()
    slow = machine(Slow=WAIT | {"OutputPath": "$.slow"})
    fast = machine(Fast=WAIT | {"Seconds": 5, "OutputPath": "$.fast"})
    arn = room.start(machine(Both=parallel(slow, fast)), {"slow": 0, "fast": ""})
    begin = room.clock.now()
    room.run()
    assert room.describe(arn)["output"] == '[0,""]'
    assert room.describe(arn)["stopDate"] - begin == 60


def test_a_failing_branch_aborts_what_the_others_have_open() -> None:
    room = MachineRoom()
    inner = machine(Deep=parallel(machine(Long=WAIT)))
    failing = machine(Short=WAIT | {"Seconds": 1, "Next": "Fail"}, Fail=FAIL)
    failing["States"]["Short"].pop("End")
    arn = room.start(machine(Both=parallel(inner, failing)))
    room.run()
    assert room.describe(arn)["error"] == "Broken"
    assert room.kinds(arn)[-5:] == [
        "FailStateEntered",
        "WaitStateAborted",
        "ParallelStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]
    assert room.engine.timers.next_deadline() is None


def test_parallel_retries_all_of_it_and_then_catches() -> None:
    room = MachineRoom()
    fields = {
        "Retry": [{"ErrorEquals": ["Broken"], "MaxAttempts": 2}],
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Caught"}],
    }
    arn = room.start(machine(Both=parallel(machine(Fail=FAIL), **fields), Caught=PASS), {"kept": 0})
    room.run()
    assert json.loads(room.describe(arn)["output"]) == {"kept": 0, "error": {"Error": "Broken", "Cause": "because"}}
    assert room.kinds(arn).count("ParallelStateStarted") == 3
    assert room.kinds(arn).count("ParallelStateFailed") == 1


@pytest.mark.parametrize(("concurrency", "seconds"), [(0, 60), (1, 300), (2, 180), (40, 60)])
def test_map_runs_at_most_so_many_iterations_at_once(concurrency: int, seconds: int) -> None:
    room = MachineRoom()
    arn = room.start(machine(Each=mapped(machine(Wait=WAIT), MaxConcurrency=concurrency)), [0, "", None, False, []])
    begin = room.clock.now()
    room.run()
    assert json.loads(room.describe(arn)["output"]) == [0, "", None, False, []]
    assert room.describe(arn)["stopDate"] - begin == seconds


def test_map_without_a_limit_runs_forty_iterations_at_once() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html"""
    room = MachineRoom()
    arn = room.start(machine(Each=mapped(machine(Wait=WAIT))), list(range(41)))
    begin = room.clock.now()
    room.run()
    assert room.describe(arn)["stopDate"] - begin == 120
    room = MachineRoom(quotas=StepFunctionsQuotas(inline_map_concurrency=41))
    arn = room.start(machine(Each=mapped(machine(Wait=WAIT))), list(range(41)))
    room.run()
    assert room.describe(arn)["stopDate"] - begin == 60


def test_map_items_selectors_and_index() -> None:
    selector = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "shared.$": "$.shared"}
    each = mapped(machine(Inner=PASS), ItemsPath="$.items", ItemSelector=selector, ResultPath="$.out")
    output = json.loads(MachineRoom().execute(machine(Each=each), {"items": ["", 0], "shared": None})["output"])
    assert output["out"] == [{"i": 0, "v": "", "shared": None}, {"i": 1, "v": 0, "shared": None}]


def test_map_failure_ends_the_other_iterations() -> None:
    room = MachineRoom()
    choose = {"Type": "Choice", "Default": "Wait", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "Fail"}]}
    arn = room.start(machine(Each=mapped(machine(Choose=choose, Wait=WAIT, Fail=FAIL))), [0, 1, 2])
    room.run()
    kinds = room.kinds(arn)
    assert room.describe(arn)["error"] == "Broken"
    assert kinds.count("MapIterationFailed") == 1
    assert kinds.count("MapIterationAborted") == 2
    assert kinds[-2:] == ["MapStateFailed", "ExecutionFailed"]


@pytest.mark.parametrize("items", ["text", 0, None, {"a": 1}])
def test_map_over_something_that_is_no_list_fails(items: Any) -> None:
    described = MachineRoom().execute(machine(Each=mapped(machine(Inner=PASS))), items)
    assert described["error"] == "States.Runtime"
    assert "must point to array" in described["cause"]


def test_a_runtime_error_inside_a_branch_is_not_caught_outside() -> None:
    inner = machine(Bad=PASS | {"InputPath": "$.missing"})
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    definition = machine(Both=parallel(inner, Catch=catch), Caught=PASS)
    assert MachineRoom().execute(definition)["error"] == "States.Runtime"


# -- time and limits --------------------------------------------------------------------------------------------------


def test_weeks_of_waiting_take_no_time() -> None:
    room = MachineRoom()
    loop = {"Type": "Choice", "Default": "Wait", "Choices": [{"Variable": "$.n", "NumericEquals": 500, "Next": "Done"}]}
    add = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"}
    definition = machine(
        Wait={"Type": "Wait", "Seconds": 3600, "Next": "Add"}, Add=add, More=loop, Done={"Type": "Succeed"}
    )
    begin, real = room.clock.now(), stopwatch()
    described = room.execute(definition, {"n": 0})
    assert described["stopDate"] - begin == 500 * 3600
    assert stopwatch() - real < 5.0


def test_wait_until_a_timestamp() -> None:
    room = MachineRoom()
    arn = room.start(
        machine(Wait={"Type": "Wait", "TimestampPath": "$.at", "End": True}), {"at": "2026-01-02T00:00:00Z"}
    )
    begin = room.clock.now()
    room.run()
    assert room.describe(arn)["stopDate"] - begin == 86_400


def test_an_execution_that_overruns_its_time_ends_as_timed_out() -> None:
    room = MachineRoom()
    arn = room.start({"TimeoutSeconds": 30, **machine(Wait=WAIT)})
    room.run()
    described = room.describe(arn)
    assert (described["status"], described["error"]) == ("TIMED_OUT", "States.Timeout")
    assert room.kinds(arn)[-1] == "ExecutionTimedOut"
    assert described["stopDate"] - described["startDate"] == 30


def test_the_history_ends_the_execution_at_its_maximum() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    room = MachineRoom()
    arn = room.start(machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"}))
    room.run()
    described = room.describe(arn)
    assert described["error"] == "States.Runtime"
    assert described["cause"] == "The execution reached the maximum number of history events (25000)."
    assert room.history(arn)[-1]["id"] == 25_000
    assert room.history(arn)[-1]["type"] == "ExecutionFailed"


def test_an_endless_execution_lets_others_run() -> None:
    room = MachineRoom()
    room.start(machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"}))
    arn = room.start(machine(A=PASS))
    room.engine.run_ready()
    assert room.describe(arn)["status"] == "SUCCEEDED"


def test_stop_ends_an_execution_at_once() -> None:
    room = MachineRoom()
    arn = room.start(machine(Both=parallel(machine(Wait=WAIT), machine(Other=WAIT))))
    room.run(5)
    stopped = room.call("StopExecution", executionArn=arn, error="Mine", cause="enough")
    assert stopped["stopDate"] == room.clock.now()
    room.run(0)
    described = room.describe(arn)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Mine", "enough")
    last = room.history(arn)[-1]
    assert (last["type"], last["previousEventId"], last["executionAbortedEventDetails"]) == (
        "ExecutionAborted",
        0,
        {"error": "Mine", "cause": "enough"},
    )
    assert room.engine.timers.next_deadline() is None
    assert room.call("StopExecution", executionArn=arn) == stopped


def test_an_execution_that_is_stopped_before_it_began_never_begins() -> None:
    room = MachineRoom()
    arn = room.start(machine(A=PASS))
    room.call("StopExecution", executionArn=arn)
    room.run()
    assert room.kinds(arn) == ["ExecutionStarted", "ExecutionAborted"]


# -- determinism and random machines ----------------------------------------------------------------------------------


def flow_of(draw: st.DrawFn, depth: int, names: list[int]) -> dict[str, Any]:
    """A random flow that goes forward only, so that it must end."""
    labels = [f"s{(names.append(0) or len(names))}" for _ in range(draw(st.integers(1, 4)))]  # type: ignore[func-returns-value]
    states: dict[str, Any] = {}
    for position, label in enumerate(labels):
        following: dict[str, Any] = {"Next": labels[position + 1]} if position + 1 < len(labels) else {"End": True}
        kinds = ["Pass", "Wait", "Task", "Choice", "Fail", "Path"] + (["Parallel", "Map"] if depth < 2 else [])
        kind = draw(st.sampled_from(kinds))
        errors: dict[str, Any] = {}
        if draw(st.booleans()):
            retry = {"ErrorEquals": ["States.ALL"], "MaxAttempts": draw(st.integers(0, 2)), "JitterStrategy": "FULL"}
            errors = {"Retry": [retry], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": labels[-1]}]}
            if position + 1 == len(labels):
                errors.pop("Catch")
        if kind == "Pass":
            states[label] = {"Type": "Pass", "ResultPath": "$.r", "Result": draw(FALSY), **following}
        elif kind == "Path":
            states[label] = {"Type": "Pass", "InputPath": draw(st.sampled_from(["$", "$.r", "$.items"])), **following}
        elif kind == "Wait":
            states[label] = {"Type": "Wait", "Seconds": draw(st.integers(0, 90)), **following}
        elif kind == "Task":
            states[label] = {**FUNCTION, "TimeoutSeconds": 30, **errors, **following}
        elif kind == "Fail":
            states[label] = dict(FAIL) if position + 1 == len(labels) else {"Type": "Pass", **following}
        elif kind == "Choice":
            if position + 1 == len(labels):
                states[label] = {"Type": "Succeed"}
            else:
                rule = {"Variable": "$.r", "IsNull": True, "Next": labels[-1]}
                states[label] = {"Type": "Choice", "Choices": [rule], "Default": labels[position + 1]}
        elif kind == "Parallel":
            branches = [flow_of(draw, depth + 1, names) for _ in range(draw(st.integers(1, 3)))]
            states[label] = {"Type": "Parallel", "Branches": branches, **errors, **following}
        else:
            processor = flow_of(draw, depth + 1, names)
            states[label] = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, **errors, **following}
    return {"StartAt": labels[0], "States": states}


FALSY = st.sampled_from([0, "", False, None, [], {}])
MACHINES = st.composite(lambda draw: flow_of(draw, 0, []))()
NAMED = {"Broken", "States.Runtime", "States.ResultPathMatchFailure", "ValueError", "States.DataLimitExceeded"}


def run_machine(definition: dict[str, Any], seed: int) -> tuple[MachineRoom, str]:
    room = MachineRoom(seed)

    def function(event: Any) -> Any:
        if room.account.identifiers.random.random() < 0.3:
            raise ValueError("unlucky")
        return event

    room.functions.functions["f"] = function
    arn = room.start(definition, {"r": 0, "items": [0, None, ""]})
    room.run()
    return room, arn


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MACHINES, st.integers(0, 3))
def test_any_machine_ends_and_the_same_seed_gives_the_same_history(definition: dict[str, Any], seed: int) -> None:
    room, arn = run_machine(definition, seed)
    execution = room.service.executions[arn]
    assert execution.status in ("SUCCEEDED", "FAILED")
    assert execution.status == "SUCCEEDED" or execution.error in NAMED
    again, same_arn = run_machine(definition, seed)
    assert same_arn == arn
    assert again.history(arn) == room.history(arn)
    assert [entry.as_dict() for entry in again.engine.journal] == [entry.as_dict() for entry in room.engine.journal]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MACHINES)
def test_histories_are_well_formed(definition: dict[str, Any]) -> None:
    """Ids count up, causes come before effects, what is entered is left or ended once, and botocore knows every member."""
    room, arn = run_machine(definition, 0)
    events = room.history(arn)
    shape = MODEL.shape_for("HistoryEvent")
    kinds = MODEL.shape_for("HistoryEventType").enum
    for number, event in enumerate(events, 1):
        assert event["id"] == number
        assert 0 <= event["previousEventId"] < number
        assert event["type"] in kinds
        for name, value in event.items():
            member = shape.members[name]
            assert member.type_name != "structure" or set(value) <= set(member.members)
    started = sum(event["type"] == "MapIterationStarted" for event in events)
    assert sum(event["type"].startswith("MapIteration") for event in events) == 2 * started
    assert sum(event["type"].startswith("Execution") for event in events) == 2


MODEL = botocore.session.get_session().get_service_model("stepfunctions")
