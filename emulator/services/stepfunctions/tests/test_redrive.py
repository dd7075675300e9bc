"""Redrive: executions go on where they failed. https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine


def call(name: str, **fields: Any) -> dict[str, Any]:
    resource = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    return {"Type": "Task", "Resource": resource, **({} if "Next" in fields else {"End": True}), **fields}


def flaky(room: MachineRoom, name: str, failures: int) -> list[Any]:
    """A function that fails so often, and then gives its event back; the events it saw."""
    seen: list[Any] = []

    def function(event: Any) -> Any:
        seen.append(event)
        if len(seen) <= failures:
            raise ValueError(f"{name} fails")
        return event

    room.functions.functions[name] = function
    return seen


def redrive(room: MachineRoom, arn: str) -> dict[str, Any]:
    room.call("RedriveExecution", executionArn=arn)
    room.run()
    return room.describe(arn)


def test_it_goes_on_with_the_failed_state_its_input_and_its_variables() -> None:
    room = MachineRoom()
    first, second = flaky(room, "first", 0), flaky(room, "second", 1)
    definition = machine(
        A=call("first", Assign={"kept.$": "$"}, ResultPath="$.a", Next="B"),
        B=call("second", Parameters={"v.$": "$kept", "count.$": "$$.Execution.RedriveCount"}),
    )
    arn = room.start(definition, {"n": 0})
    room.run()
    assert room.describe(arn)["status"] == "FAILED"
    assert room.describe(arn)["redriveStatus"] == "REDRIVABLE"
    before = room.kinds(arn)
    described = redrive(room, arn)
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 1)
    assert json.loads(described["output"]) == {"v": {"n": 0}, "count": 1}
    assert (len(first), len(second)) == (1, 2)
    after = room.kinds(arn)
    assert after[: len(before)] == before
    assert after[len(before) :] == [
        "ExecutionRedriven",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    ids = [event["id"] for event in room.history(arn)]
    assert ids == list(range(1, len(ids) + 1))


def test_only_the_branches_that_failed_or_were_stopped_run_again() -> None:
    room = MachineRoom()
    good, bad = flaky(room, "good", 0), flaky(room, "bad", 1)
    branches = [
        machine(G=call("good")),
        machine(B=call("bad")),
        machine(W={"Type": "Wait", "Seconds": 5, "Next": "After"}, After={"Type": "Pass", "End": True}),
    ]
    arn = room.start(machine(Both={"Type": "Parallel", "Branches": branches, "End": True}), 7)
    room.run()
    described = redrive(room, arn)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", [7, 7, 7])
    assert (len(good), len(bad)) == (1, 2)


def test_only_the_iterations_that_did_not_succeed_run_again() -> None:
    room = MachineRoom()
    seen: list[int] = []

    def function(event: int) -> int:
        seen.append(event)
        if event == 2 and seen.count(2) == 1:
            raise ValueError("the first time")
        return event * 10

    room.functions.functions["f"] = function
    definition = machine(M={"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": machine(E=call("f")), "End": True})
    arn = room.start(definition, [0, 1, 2, 3])
    room.run()
    assert seen == [0, 1, 2]
    assert json.loads(redrive(room, arn)["output"]) == [0, 10, 20, 30]
    assert seen == [0, 1, 2, 2, 3]


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_map_run_is_redriven_with_its_parent(kind: str) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html"""
    room = MachineRoom()
    first, _ = flaky(room, "first", 0), flaky(room, "second", 1)
    processor = machine(A=call("first", Next="B"), B=call("second"))
    processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    arn = room.start(machine(M={"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}), [1, 2])
    room.run()
    run_arn = room.call("ListMapRuns", executionArn=arn)["mapRuns"][0]["mapRunArn"]
    assert room.call("DescribeMapRun", mapRunArn=run_arn)["status"] == "FAILED"
    described = redrive(room, arn)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", [1, 2])
    assert len(first) == (2 if kind == "STANDARD" else 3)  # a Standard child goes on, an Express one starts anew
    run = room.call("DescribeMapRun", mapRunArn=run_arn)
    assert (run["status"], run["redriveCount"], run["itemCounts"]["succeeded"]) == ("SUCCEEDED", 1, 2)
    assert run["itemCounts"]["failed"] == 0
    assert "MapRunRedriven" in room.kinds(arn)


def test_a_stopped_and_a_timed_out_execution_go_on_too() -> None:
    room = MachineRoom()
    seen = flaky(room, "f", 0)
    states = machine(W={"Type": "Wait", "Seconds": 50, "Next": "T"}, T=call("f"))
    arn = room.start(states | {"TimeoutSeconds": 40})
    room.run()
    assert room.describe(arn)["status"] == "TIMED_OUT"
    room.call("RedriveExecution", executionArn=arn)
    room.run(seconds=10)
    room.call("StopExecution", executionArn=arn)
    room.run()
    assert room.describe(arn)["status"] == "ABORTED"
    assert redrive(room, arn)["status"] == "TIMED_OUT"  # the wait begins again, and so does the time limit
    assert seen == []
    assert room.describe(arn)["redriveCount"] == 2


def test_retries_count_anew_and_a_second_failure_can_be_redriven() -> None:
    room = MachineRoom()
    seen = flaky(room, "f", 5)
    arn = room.start(machine(T=call("f", Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}])))
    room.run()
    assert len(seen) == 3
    assert redrive(room, arn)["status"] == "SUCCEEDED"
    assert len(seen) == 6


def test_what_cannot_be_redriven_says_why() -> None:
    room = MachineRoom()
    flaky(room, "f", 99)
    done = room.start(machine(P={"Type": "Pass", "End": True}))
    failed = room.start(machine(T=call("f")))
    running = room.start(machine(W={"Type": "Wait", "Seconds": 10**7, "End": True}))
    room.run(seconds=1)
    for arn, reason in ((done, "SUCCEEDED and cannot"), (running, "RUNNING and cannot")):
        assert reason in room.describe(arn)["redriveStatusReason"]
        with pytest.raises(AwsError, match=reason) as caught:
            room.call("RedriveExecution", executionArn=arn)
        assert caught.value.code == "ExecutionNotRedrivable"
    room.run(seconds=14 * 86_400 + 1)
    assert room.describe(failed)["redriveStatusReason"] == "Execution redrivable period exceeded"


def test_the_same_client_token_redrives_once_and_the_list_can_be_filtered() -> None:
    room = MachineRoom()
    flaky(room, "f", 2)
    arn = room.start(machine(T=call("f")))
    room.run()
    dates = {room.call("RedriveExecution", executionArn=arn, clientToken="t")["redriveDate"] for _ in range(2)}
    room.run()
    assert len(dates) == 1
    assert room.describe(arn)["redriveCount"] == 1
    machine_arn = room.describe(arn)["stateMachineArn"]
    filters = {"REDRIVEN": 1, "NOT_REDRIVEN": 0}
    for name, count in filters.items():
        listed = room.call("ListExecutions", stateMachineArn=machine_arn, redriveFilter=name)["executions"]
        assert len(listed) == count
