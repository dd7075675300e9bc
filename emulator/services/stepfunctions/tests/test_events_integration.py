"""`events:putEvents`. https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html"""

from __future__ import annotations

import json
from typing import Any

from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

ACCEPTED = {"Entries": [{"EventId": "1"}], "FailedEntryCount": 0}
REFUSED = {"Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}], "FailedEntryCount": 1}


def put(entry: dict[str, Any], suffix: str = "", **more: Any) -> dict[str, Any]:
    resource = f"arn:aws:states:::events:putEvents{suffix}"
    return machine(Put={"Type": "Task", "Resource": resource, "Parameters": {"Entries": [entry]}, "End": True, **more})


def test_details_become_json_and_the_workflow_is_a_resource() -> None:
    """As recorded from AWS."""
    room = MachineRoom()
    bus = room.record("events", PutEvents=lambda _: ACCEPTED)
    arn = room.start(put({"Source": "s", "DetailType": "t", "Detail": {"n": 0, "none": None}, "Resources": ["mine"]}))
    room.run()
    described = room.describe(arn)
    assert json.loads(described["output"]) == ACCEPTED
    [(_, params, context)] = bus.calls
    assert json.loads(params["Entries"][0]["Detail"]) == {"n": 0, "none": None}
    assert params["Entries"][0]["Resources"] == ["mine", described["stateMachineArn"], arn]
    assert context.principal == "arn:aws:iam::000000000000:role/workflow"
    scheduled = room.history(arn)[2]["taskScheduledEventDetails"]
    assert json.loads(scheduled["parameters"])["Entries"][0]["Resources"] == ["mine"]


def test_a_failed_entry_fails_the_task() -> None:
    room = MachineRoom()
    room.record("events", PutEvents=lambda _: REFUSED)
    described = room.execute(put({"Source": "s", "DetailType": "t", "Detail": '"text"'}))
    assert described["error"] == "EventBridge.FailedEntry"
    assert json.loads(described["cause"]) == REFUSED


def test_a_task_token_in_an_event_resumes_the_workflow() -> None:
    room = MachineRoom()
    bus = room.record("events", PutEvents=lambda _: ACCEPTED)
    detail = {"token.$": "$$.Task.Token"}
    arn = room.start(put({"Source": "s", "DetailType": "t", "Detail": detail}, ".waitForTaskToken"))
    room.settle()
    token = json.loads(bus.calls[0][1]["Entries"][0]["Detail"])["token"]
    room.call("SendTaskSuccess", taskToken=token, output="0")
    room.run()
    assert room.describe(arn)["output"] == "0"
