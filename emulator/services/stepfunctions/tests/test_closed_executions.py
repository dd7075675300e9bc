"""What stays of executions that have ended: their number, their age and their memory have a bound."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.stepfunctions.history import History
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

DAY = 86_400.0
PASS = machine(P={"Type": "Pass", "End": True})
FAILING = machine(F={"Type": "Fail", "Error": "Mine"})
MAP_ITEMS = {
    "Type": "Map",
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "I",
        "States": {"I": {"Type": "Pass", "End": True}},
    },
}


def is_readable(room: MachineRoom, arn: str) -> bool:
    try:
        room.describe(arn)
    except AwsError as error:
        assert error.code == "ExecutionDoesNotExist"
        return False
    return True


def test_an_execution_can_be_read_for_ninety_days_after_its_end() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    room = MachineRoom()
    arn = room.start(PASS)
    room.run()
    room.run(89 * DAY)
    assert room.history(arn) == room.call("GetExecutionHistory", executionArn=arn)["events"]
    room.run(2 * DAY)
    assert not is_readable(room, arn)
    with pytest.raises(AwsError, match="Execution Does Not Exist"):
        room.call("GetExecutionHistory", executionArn=arn)


def test_a_redriven_execution_is_kept_from_its_last_end_on() -> None:
    room = MachineRoom()
    arn = room.start(FAILING)
    room.run()
    room.run(10 * DAY)
    room.call("RedriveExecution", executionArn=arn)
    room.run()
    room.run(85 * DAY)
    assert room.describe(arn)["redriveCount"] == 1
    room.run(6 * DAY)
    assert not is_readable(room, arn)


def test_nothing_is_left_of_forgotten_executions_and_their_map_runs() -> None:
    room = MachineRoom(retained_executions=4)
    arn = room.create({"StartAt": "M", "States": {"M": {**MAP_ITEMS, "End": True}}})
    for _ in range(12):
        room.call("StartExecution", stateMachineArn=arn, input="[1,2]")
        room.run()
    assert len(room.service.executions) <= 4
    assert len(room.service.map_runs) <= 2
    assert room.service.open_executions == 0


def test_the_children_of_a_map_run_count_from_their_own_end() -> None:
    room = MachineRoom(retained_executions=3)
    waiting = {**MAP_ITEMS["ItemProcessor"], "States": {"I": {"Type": "Wait", "Seconds": 60, "End": True}}}
    arn = room.create({"StartAt": "M", "States": {"M": {**MAP_ITEMS, "ItemProcessor": waiting, "End": True}}})
    parent = room.call("StartExecution", stateMachineArn=arn, input=json.dumps(list(range(8))))["executionArn"]
    room.settle()
    assert len(room.service.executions) == 9
    room.run()
    assert room.describe(parent)["status"] == "SUCCEEDED"
    assert len(room.service.executions) == 3


def written(events: int, text: str) -> History:
    history = History(1_000)
    for number in range(1, events):
        history.add("PassStateEntered", number - 1, 1_800_000_000.25, "stateEnteredEventDetails", {"input": text})
    history.close("ExecutionSucceeded", events - 1, 1_800_000_001.5, "executionSucceededEventDetails", {"output": text})
    return history


def test_a_packed_history_is_the_same_and_small() -> None:
    history = written(30, json.dumps({"payload": "x1 " * 300}))
    before = list(history.events)
    history.pack()
    assert history.events == before
    packed: Any = history._packed
    assert len(packed) < len(json.dumps(before)) / 10
    assert history.reopen(1_800_000_002.0, {"redriveCount": 1}) == 31
    assert history.events[:30] == before
    assert history.events[30]["type"] == "ExecutionRedriven"


def test_a_history_that_has_no_encoding_stays_as_it_is() -> None:
    history = written(3, "\ud800")
    before = list(history.events)
    history.pack()
    assert history.events == before
