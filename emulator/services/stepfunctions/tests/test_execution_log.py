"""Execution logs: levels, data, the shape of a line, where they go. https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.stepfunctions.tests.machine_room import ROLE_ARN, MachineRoom, Recorder, machine

GROUP_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/mine:*"
CAUGHT = machine(
    Try={
        "Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:missing",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Give up"}],
        "End": True,
    },
    **{"Give up": {"Type": "Fail", "Error": "Stop"}},
)


def logs(room: MachineRoom) -> Recorder:
    return room.record(
        "logs",
        DescribeLogGroups=lambda params: {"logGroups": [{"logGroupName": "/aws/vendedlogs/states/mine"}]},
        CreateLogStream=lambda params: {},
        PutLogEvents=lambda params: {},
    )


def configuration(level: str, *, data: bool = True, arn: str = GROUP_ARN) -> dict[str, Any]:
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]
    return {"level": level, "includeExecutionData": data, "destinations": destinations}


def lines(recorder: Recorder) -> list[dict[str, Any]]:
    return [
        json.loads(event["message"])
        for operation, params, _ in recorder.calls
        if operation == "PutLogEvents"
        for event in params["logEvents"]
    ]


def run(level: str, kind: str = "STANDARD", *, data: bool = True) -> tuple[MachineRoom, Recorder]:
    room = MachineRoom()
    recorder = logs(room)
    arn = room.call(
        "CreateStateMachine",
        name="logged",
        definition=json.dumps(CAUGHT),
        roleArn=ROLE_ARN,
        type=kind,
        loggingConfiguration=configuration(level, data=data),
    )["stateMachineArn"]
    room.call("StartExecution", stateMachineArn=arn, input='{"secret": 1}', name="e")
    room.run()
    return room, recorder


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_level_all_writes_every_event_in_order(kind: str) -> None:
    _, recorder = run("ALL", kind)
    written = lines(recorder)
    assert [line["id"] for line in written] == [str(number) for number in range(1, len(written) + 1)]
    assert [written[0]["type"], written[-1]["type"]] == ["ExecutionStarted", "ExecutionFailed"]
    assert written[0]["details"]["input"] == '{"secret": 1}'
    assert written[1]["previous_event_id"] == "0"
    assert written[0]["execution_arn"].split(":")[5] == ("execution" if kind == "STANDARD" else "express")
    (stream,) = [params["logStreamName"] for operation, params, _ in recorder.calls if operation == "CreateLogStream"]
    assert stream.startswith("states/logged/2026-01-01-00-00/")


def test_level_error_writes_failures_and_fatal_only_the_end() -> None:
    _, recorder = run("ERROR")
    assert [line["type"] for line in lines(recorder)] == ["LambdaFunctionFailed", "FailStateEntered", "ExecutionFailed"]
    _, recorder = run("FATAL")
    assert [line["type"] for line in lines(recorder)] == ["ExecutionFailed"]
    _, recorder = run("OFF")
    assert lines(recorder) == []


def test_without_execution_data_no_input_is_written() -> None:
    _, recorder = run("ALL", data=False)
    assert "secret" not in json.dumps(lines(recorder))
    assert lines(recorder)[0]["details"] == {"roleArn": ROLE_ARN}


def test_a_payload_too_large_for_a_line_is_left_out_and_marked() -> None:
    room = MachineRoom()
    recorder = logs(room)
    text = json.dumps(machine(A={"Type": "Pass", "End": True}))
    params = {"name": "m", "definition": text, "roleArn": ROLE_ARN, "loggingConfiguration": configuration("ALL")}
    arn = room.call("CreateStateMachine", **params)["stateMachineArn"]
    room.call("StartExecution", stateMachineArn=arn, input=json.dumps("x" * 255_000))
    room.run()
    started = lines(recorder)[0]
    assert "input" not in started["details"]
    assert started["details"]["inputDetails"] == {"truncated": True}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"level": "ALL"}, "exactly one Log Destination"),
        (configuration("ALL", arn="arn:aws:s3:::bucket"), "not a log group"),
        (
            configuration("ALL", arn="arn:aws:logs:us-east-1:000000000000:log-group:other:*"),
            "Log Destination not found",
        ),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(given: dict[str, Any], text: str) -> None:
    room = MachineRoom()
    logs(room)
    definition = json.dumps(CAUGHT)
    with pytest.raises(AwsError, match=text) as caught:
        room.call("CreateStateMachine", name="m", definition=definition, roleArn=ROLE_ARN, loggingConfiguration=given)
    assert caught.value.code == "InvalidLoggingConfiguration"


def test_status_changes_go_to_the_event_bus_where_there_is_one() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"""
    room = MachineRoom(status_events=lambda: True)
    bus = room.record("events", PutEvents=lambda params: {"FailedEntryCount": 0, "Entries": []})
    arn = room.start(machine(A={"Type": "Pass", "End": True}), {"n": 0})
    room.run()
    entries = [params["Entries"][0] for _, params, _ in bus.calls]
    assert [json.loads(entry["Detail"])["status"] for entry in entries] == ["RUNNING", "SUCCEEDED"]
    assert entries[0]["Source"] == "aws.states"
    assert entries[0]["DetailType"] == "Step Functions Execution Status Change"
    detail = json.loads(entries[1]["Detail"])
    assert (detail["executionArn"], detail["input"], detail["output"]) == (arn, '{"n": 0}', '{"n": 0}')
    assert bus.calls[0][2].principal == "states.amazonaws.com"
