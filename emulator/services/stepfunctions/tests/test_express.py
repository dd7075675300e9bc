"""Express workflows: synchronous and asynchronous starts, what they cannot do, five minutes, history in CloudWatch Logs only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.stepfunctions import StepFunctionsQuotas
from emulator.services.stepfunctions.tests.machine_room import ROLE_ARN, MachineRoom, machine

PASS = {"Type": "Pass", "End": True}
THREE = machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "C"}, C=PASS)
FAIL = machine(F={"Type": "Fail", "Error": "Broken", "Cause": "it is"})


def create(room: MachineRoom, definition: dict[str, Any], name: str = "express", **params: Any) -> str:
    text = json.dumps(definition)
    created = room.call("CreateStateMachine", name=name, definition=text, roleArn=ROLE_ARN, type="EXPRESS", **params)
    return str(created["stateMachineArn"])


def code(room: MachineRoom, operation: str, **params: Any) -> str:
    with pytest.raises(AwsError) as caught:
        room.call(operation, **params)
    return caught.value.code


def test_a_synchronous_execution_answers_with_its_output() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html"""
    room = MachineRoom()
    arn = create(room, THREE)
    answer = room.call("StartSyncExecution", stateMachineArn=arn, input='{"zero": 0}', name="mine")
    assert (answer["status"], answer["output"], answer["name"]) == ("SUCCEEDED", '{"zero": 0}', "mine")
    assert answer["executionArn"].startswith("arn:aws:states:us-east-1:000000000000:express:express:mine:")
    assert answer["billingDetails"] == {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100}
    assert room.service.open_express == {}


def test_a_failed_synchronous_execution_is_an_answer_and_no_error() -> None:
    room = MachineRoom()
    answer = room.call("StartSyncExecution", stateMachineArn=create(room, FAIL))
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "Broken", "it is")
    assert "output" not in answer


def test_metadata_only_leaves_the_data_out() -> None:
    room = MachineRoom()
    arn = create(room, THREE)
    answer = room.call("StartSyncExecution", stateMachineArn=arn, input="{}", includedData="METADATA_ONLY")
    assert "input" not in answer
    assert answer["outputDetails"] == {"included": False}


def test_an_express_execution_ends_after_five_minutes() -> None:
    room = MachineRoom()
    arn = create(room, machine(W={"Type": "Wait", "Seconds": 301, "End": True}))
    answer = room.call("StartSyncExecution", stateMachineArn=arn)
    assert answer["status"] == "TIMED_OUT"
    assert answer["stopDate"] - answer["startDate"] == 300


def test_a_loop_that_never_waits_is_ended() -> None:
    room = MachineRoom(quotas=StepFunctionsQuotas(maximum_express_events=1_000))
    arn = create(
        room, machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Choice", "Default": "A", "Choices": [RULE]})
    )
    assert room.call("StartSyncExecution", stateMachineArn=arn)["status"] == "TIMED_OUT"


RULE = {"Variable": "$.stop", "IsPresent": True, "Next": "A"}


def test_an_asynchronous_execution_runs_and_cannot_be_read() -> None:
    room = MachineRoom()
    room.functions.functions["f"] = lambda event: event
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": True}
    arn = create(room, machine(T=task))
    started = [room.call("StartExecution", stateMachineArn=arn, input="7", name="same")["executionArn"] for _ in "12"]
    assert started[0] != started[1]  # a name may be used again at once
    room.run()
    assert room.functions.payloads == [7, 7]
    assert code(room, "DescribeExecution", executionArn=started[0]) == "InvalidArn"
    assert code(room, "StopExecution", executionArn=started[0]) == "InvalidArn"
    assert code(room, "GetExecutionHistory", executionArn=started[0]) == "InvalidArn"
    assert code(room, "ListExecutions", stateMachineArn=arn) == "StateMachineTypeNotSupported"


def test_a_standard_workflow_cannot_be_started_synchronously() -> None:
    room = MachineRoom()
    assert code(room, "StartSyncExecution", stateMachineArn=room.create(THREE)) == "StateMachineTypeNotSupported"


DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **machine(A=PASS)}


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync"}, "'.sync'"),
        ({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}, "'.waitForTaskToken'"),
        ({"Type": "Task", "Resource": "arn:aws:states:us-east-1:000000000000:activity:a"}, "Activity"),
        ({"Type": "Map", "ItemProcessor": DISTRIBUTED}, "Distributed Map"),
    ],
)
def test_what_express_workflows_cannot_do_is_refused_at_creation(state: dict[str, Any], text: str) -> None:
    room = MachineRoom()
    with pytest.raises(AwsError, match=text) as caught:
        create(room, machine(S=state | {"End": True}))
    assert caught.value.code == "InvalidDefinition"


def test_an_express_and_a_standard_machine_are_not_the_same() -> None:
    room = MachineRoom()
    room.create(THREE, "express")
    with pytest.raises(AwsError, match="Already Exists"):
        create(room, THREE)


def test_deleting_a_machine_ends_its_express_executions() -> None:
    room = MachineRoom()
    arn = create(room, machine(W={"Type": "Wait", "Seconds": 100, "End": True}))
    room.call("StartExecution", stateMachineArn=arn)
    room.settle()
    (execution,) = room.service.open_express.values()
    room.call("DeleteStateMachine", stateMachineArn=arn)
    room.settle()
    assert execution.status == "ABORTED"
    assert room.service.open_express == {}


def test_starts_are_throttled_at_the_published_rate_and_come_back() -> None:
    room = MachineRoom(quotas=StepFunctionsQuotas(start_execution_bucket=2, start_execution_per_second=1.0))
    arn = room.create(THREE)
    for _ in range(2):
        room.call("StartExecution", stateMachineArn=arn)
    assert code(room, "StartExecution", stateMachineArn=arn) == "ThrottlingException"
    room.run(seconds=1.0)
    room.call("StartExecution", stateMachineArn=arn)
