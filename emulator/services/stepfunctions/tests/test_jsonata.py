"""JSONata states: Arguments, Output, Assign, conditions, AWS's own functions, and how evaluation fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.services.stepfunctions.asl import parse_definition
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

END = {"End": True}
INVOKE = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}


def jsonata(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **machine(**states)}


def evaluate(expression: str, data: Any = None, room: MachineRoom | None = None) -> dict[str, Any]:
    room = MachineRoom() if room is None else room
    definition = jsonata(Do={"Type": "Pass", "Output": {"value": f"{{% {expression} %}}"}, "End": True})
    return room.execute(definition, data)


EXPRESSIONS: list[tuple[str, Any, Any]] = [
    ("$states.input.a", {"a": None}, None),
    ("$states.input.a", {"a": 0}, 0),
    ("$states.input.a", {"a": ""}, ""),
    ("$states.input.a", {"a": False}, False),
    ("$states.input.a", {"a": []}, []),
    ("$states.input.a = null", {"a": None}, True),
    ("$states.input", [None, {"x": None}], [None, {"x": None}]),
    ("$sum($states.input)", [1, 2.5], 3.5),
    ("$states.context.State.Name", None, "Do"),
    ("$partition([1..5], 2)", None, [[1, 2], [3, 4], [5]]),
    ("$range(1, 7, 3)", None, [1, 4, 7]),
    ("$hash('abc', 'MD5')", None, "900150983cd24fb0d6963f7d28e17f72"),
    ("$parse('{\"a\": [null]}')", None, {"a": [None]}),
    ("$now()", None, "2026-01-01T00:00:00.000Z"),
    ("$now('[Y]')", None, "2026"),
    ("$millis()", None, 1_767_225_600_000),
]


@pytest.mark.parametrize(("expression", "data", "value"), EXPRESSIONS)
def test_expressions(expression: str, data: Any, value: Any) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html"""
    described = evaluate(expression, data)
    assert json.loads(described["output"])["value"] == value, described


def test_random_and_uuid_follow_the_seed() -> None:
    outputs = [evaluate("[$random(), $uuid(), $random(7)]", room=MachineRoom(seed))["output"] for seed in (1, 1, 2)]
    assert outputs[0] == outputs[1] != outputs[2]


FAILURES = [
    ("$states.input.missing", "returned nothing (undefined)."),
    ("$eval('1')", "threw an error during evaluation. T1006"),
    ("1 + 'a'", "threw an error during evaluation. T2002"),
    ("$parse('{')", "threw an error during evaluation. "),
    ("function($x) { $x }", "returned an unexpected result type. Expected JSON, but was a function."),
    ("$error('mine')", "threw an error during evaluation. D3137: mine"),
    ("($f := function($x) { $f($x) + 1 }; $f(0))", "threw an error during evaluation. "),
]


@pytest.mark.parametrize(("expression", "text"), FAILURES)
def test_failing_expressions(expression: str, text: str) -> None:
    described = evaluate(expression, {})
    assert described["error"] == "States.QueryEvaluationError"
    assert f"for the field 'Output/value' {text}" in described["cause"]


def test_task_arguments_result_output_and_assign() -> None:
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: {"got": event}
    arguments = {"FunctionName": "f", "Payload": {"zero": "{% $states.input.zero %}", "x": "{% $x %}"}}
    task = INVOKE | {"Arguments": arguments, "Output": "{% $states.result.Payload %}", "Next": "After"}
    definition = jsonata(
        Set={"Type": "Pass", "Assign": {"x": "{% $states.input.zero %}"}, "Next": "Do"},
        Do=task | {"Assign": {"x": "{% $states.result.Payload.got.zero + 1 %}", "old": "{% $x %}"}},
        After={"Type": "Pass", "Output": ["{% $states.input %}", "{% $x %}", "{% $old %}"], "End": True},
    )
    output = json.loads(room.execute(definition, {"zero": 0})["output"])
    assert output == [{"got": {"zero": 0, "x": 0}}, 1, 0]


def test_a_task_without_output_gives_its_result() -> None:
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: None
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": True}
    assert room.execute(jsonata(Do=task))["output"] == "null"


def test_catch_sees_the_error_output_and_the_input() -> None:
    output = {"error": "{% $states.errorOutput.Error %}", "kept": "{% $states.input.kept %}"}
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught", "Output": output}]
    room = MachineRoom()
    task = INVOKE | {"Arguments": "{% $states.input.missing %}", "Catch": catch, "End": True}
    arn = room.start(jsonata(Do=task, Caught={"Type": "Succeed"}), {"kept": 0})
    room.run()
    assert json.loads(room.describe(arn)["output"]) == {"error": "States.QueryEvaluationError", "kept": 0}
    assert room.kinds(arn)[2:4] == ["EvaluationFailed", "TaskStateExited"]


def test_choice_conditions_assign_and_output() -> None:
    rules = [
        {"Condition": "{% $states.input.n > 5 %}", "Next": "Done", "Output": "big", "Assign": {"size": "big"}},
        {"Condition": "{% $states.input.n > 1 %}", "Next": "Done"},
    ]
    definition = jsonata(
        Choose={"Type": "Choice", "Choices": rules, "Default": "Done", "Output": "small"}, Done={"Type": "Succeed"}
    )
    outputs = [json.loads(MachineRoom().execute(definition, {"n": n})["output"]) for n in (9, 3, 0)]
    assert outputs == ["big", {"n": 3}, "small"]


def test_a_condition_that_is_no_boolean_fails() -> None:
    rule = {"Condition": "{% 'yes' %}", "Next": "Done"}
    described = MachineRoom().execute(jsonata(Choose={"Type": "Choice", "Choices": [rule]}, Done={"Type": "Succeed"}))
    assert "Expected 'boolean', but was 'string' for value: \"yes\"" in described["cause"]


def test_wait_fail_and_timeouts_take_expressions() -> None:
    room = MachineRoom()
    wait = {"Type": "Wait", "Seconds": "{% $states.input.n * 2 %}", "Next": "Fail"}
    arn = room.start(
        jsonata(Wait=wait, Fail={"Type": "Fail", "Error": "{% 'E' & $string($states.input.n) %}"}), {"n": 3}
    )
    begin = room.clock.now()
    room.run()
    assert room.describe(arn)["stopDate"] - begin == 6
    assert room.describe(arn)["error"] == "E3"


def test_parallel_arguments_and_map_selectors() -> None:
    branch = machine(A={"Type": "Pass", "End": True})
    each = {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemProcessor": machine(B={"Type": "Pass", "End": True}),
    }
    each |= {
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}", "s": "{% $states.input.s %}"},
        "Next": "Both",
    }
    both = {"Type": "Parallel", "Branches": [branch], "Arguments": "{% $reverse($states.input) %}", "End": True}
    output = MachineRoom().execute(jsonata(Each=each, Both=both), {"items": [0, None], "s": ""})["output"]
    assert json.loads(output) == [[{"v": None, "s": ""}, {"v": 0, "s": ""}]]


PASS = {"Type": "Pass", "End": True}


@pytest.mark.parametrize(
    ("definition", "text"),
    [
        (jsonata(A=PASS | {"InputPath": "$"}), "Field is not supported at /States/A/InputPath"),
        (machine(A=PASS | {"Output": 1}), "Field is not supported at /States/A/Output"),
        (jsonata(A=PASS | {"Output": "{% 1 + %}"}), "The JSONata expression is not valid"),
        (jsonata(A=PASS | {"Output": "{% 1"}), "must begin with '{%' and end with '%}'"),
        (
            jsonata(A=PASS | {"QueryLanguage": "JSONPath"}),
            "can not be 'JSONPath' if set to 'JSONata' for whole state machine",
        ),
        (jsonata(A={"Type": "Wait", "SecondsPath": "$.a", "End": True}), "[Seconds, Timestamp]"),
    ],
)
def test_definitions_are_checked(definition: Any, text: str) -> None:
    tree, problems = parse_definition(json.dumps(definition))
    assert tree is None
    assert any(text in str(problem) for problem in problems), [str(problem) for problem in problems]


def test_one_state_may_be_jsonata_in_a_jsonpath_machine() -> None:
    definition = machine(
        A={"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"n": "{% $states.input.n + 1 %}"}, "Next": "B"},
        B={"Type": "Pass", "OutputPath": "$.n", "End": True},
    )
    assert MachineRoom().execute(definition, {"n": 1})["output"] == "2"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_no_value_is_lost_on_the_way(value: Any) -> None:
    described = evaluate("$states.input.it", {"it": value})
    assert json.loads(described["output"])["value"] == value


# -- Distributed Map --------------------------------------------------------------------------------------------------


def distributed(processor: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return {"Type": "Map", "ItemProcessor": {**config, **processor}, "End": True, **fields}


CHECK = machine(
    Check={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "Bad"}], "Default": "Good"},
    Bad={"Type": "Fail", "Error": "Null"},
    Good={"Type": "Succeed"},
)


def test_every_item_of_a_distributed_map_is_an_execution_of_its_own() -> None:
    room = MachineRoom()
    arn = room.start(machine(Each=distributed(CHECK, Label="mine")), [0, "", False])
    room.run()
    assert room.describe(arn)["output"] == '[0,"",false]'
    run_arn = room.history(arn)[3]["mapRunStartedEventDetails"]["mapRunArn"]
    assert ":mapRun:machine-0/mine:" in run_arn
    children = room.call("ListExecutions", mapRunArn=run_arn)["executions"]
    assert [child["status"] for child in children] == ["SUCCEEDED"] * 3
    assert room.kinds(children[0]["executionArn"])[-2:] == ["SucceedStateExited", "ExecutionSucceeded"]


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49}, "FAILED"),
        ({"ToleratedFailureCount": 2, "ToleratedFailurePercentage": 10}, "FAILED"),
    ],
)
def test_a_map_run_tolerates_so_many_failures(tolerance: dict[str, Any], status: str) -> None:
    room = MachineRoom()
    arn = room.start(machine(Each=distributed(CHECK, **tolerance)), [None, 1, None, 2])
    room.run()
    described = room.describe(arn)
    assert described["status"] == status
    if status == "FAILED":
        assert described["error"] == "States.ExceedToleratedFailureThreshold"
        assert room.kinds(arn)[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_items_that_still_run_are_aborted_when_the_run_fails() -> None:
    room = MachineRoom()
    slow = machine(
        Check={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "Soon"}], "Default": "Late"},
        Soon={"Type": "Wait", "Seconds": 5, "Next": "Bad"},
        Bad={"Type": "Fail", "Error": "Null"},
        Late={"Type": "Wait", "Seconds": 500, "End": True},
    )
    arn = room.start(machine(Each=distributed(slow)), [1, None])
    room.run()
    run_arn = room.history(arn)[3]["mapRunStartedEventDetails"]["mapRunArn"]
    children = room.call("ListExecutions", mapRunArn=run_arn)["executions"]
    assert sorted(child["status"] for child in children) == ["ABORTED", "FAILED"]
    assert room.engine.timers.next_deadline() is None
