"""Which variables states refer to. The JSONPath cases are as recorded from DescribeStateMachine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.services.stepfunctions.asl import variable_references
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine


def states(**given: Any) -> dict[str, Any]:
    return {name: {"Type": "Pass", "End": True, **state} for name, state in given.items()}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (states(A={"Parameters": {"r": "$result"}}, B={"Parameters": {"r.$": "$result"}}), {"B": ["result"]}),
        (
            states(C={"Choices": [{"Variable": "$guess", "StringEqualsPath": "$answer", "Next": "D"}]}),
            {"C": ["answer", "guess"]},
        ),
        (states(F={"CausePath": "$causeVar", "ErrorPath": "$errorVar"}), {"F": ["causeVar", "errorVar"]}),
        (states(P={"InputPath": "$answer", "ResultPath": "$.theAnswer", "OutputPath": "$answer"}), {"P": ["answer"]}),
        (states(P={"Assign": {"x.$": "$.input", "y": "$z"}}), {}),
        (
            states(S={"Assign": {"Sum.$": "States.MathAdd(States.MathAdd($y, $x), $bias)"}}),
            {"S": ["bias", "x", "y"]},
        ),
        (
            states(M={"ItemSelector": {"a.$": "States.Format($Template, $$.Map.Item.Value)"}}),
            {"M": ["Template"]},
        ),
        (states(M={"Parameters": {"a.$": "States.Format('$no {}', $yes)"}}), {"M": ["yes"]}),
        (
            states(
                M={
                    "ItemsPath": "$list",
                    "ItemProcessor": {"StartAt": "I", "States": states(I={"Parameters": {"q.$": "$Question.text[0]"}})},
                }
            ),
            {"M": ["list"], "I": ["Question"]},
        ),
        (
            states(W={"SecondsPath": "$waitTime"}, V={"TimestampPath": "$startAt"}),
            {"W": ["waitTime"], "V": ["startAt"]},
        ),
        (states(R={"Result": {"a.$": "$never"}, "Comment": "$never"}), {}),
        (
            states(J={"QueryLanguage": "JSONata", "Output": "{% $states.input.a + $b * $count($c) & '$no' %}"}),
            {"J": ["b", "c"]},
        ),
        (
            states(
                J={"QueryLanguage": "JSONata", "Output": "{% ($x := $y; $map([1], function($v, $i) { $v + $x })) %}"}
            ),
            {"J": ["y"]},
        ),
    ],
)
def test_references(given: dict[str, Any], expected: dict[str, list[str]]) -> None:
    assert variable_references(json.dumps({"StartAt": next(iter(given)), "States": given})) == expected


def test_descriptions_have_them_where_there_are_any() -> None:
    room = MachineRoom()
    arn = room.start(
        machine(A={"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}, B={"Type": "Pass", "InputPath": "$x", "End": True})
    )
    room.run()
    machine_arn = room.describe(arn)["stateMachineArn"]
    expected = {"B": ["x"]}
    assert room.call("DescribeStateMachine", stateMachineArn=machine_arn)["variableReferences"] == expected
    assert room.call("DescribeStateMachineForExecution", executionArn=arn)["variableReferences"] == expected
    plain = room.create(machine(A={"Type": "Pass", "End": True}), "plain")
    assert "variableReferences" not in room.call("DescribeStateMachine", stateMachineArn=plain)
