"""Activities: workers take tasks with a long poll and answer with their token.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.operation import CallContext
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine


def room_with_activity() -> tuple[MachineRoom, str]:
    room = MachineRoom()
    return room, str(room.call("CreateActivity", name="work")["activityArn"])


def task(arn: str, **fields: Any) -> dict[str, Any]:
    return machine(Task={"Type": "Task", "Resource": arn, "End": True, **fields})


def poll(room: MachineRoom, arn: str, worker: str = "w") -> list[Any]:
    """Begin a poll; the list holds the answer when there is one."""
    answers: list[Any] = []
    context = CallContext(now=room.clock.now(), request_id="poll")
    params = {"activityArn": arn, "workerName": worker}
    room.engine.call("stepfunctions", "GetActivityTask", params, context, lambda result, error: answers.append(result))
    room.settle()
    return answers


def test_a_worker_takes_the_task_and_ends_it() -> None:
    room, arn = room_with_activity()
    execution = room.start(task(arn), {"falsy": 0})
    room.settle()
    (answer,) = poll(room, arn)
    assert json.loads(answer["input"]) == {"falsy": 0}
    room.call("SendTaskSuccess", taskToken=answer["taskToken"], output='""')
    room.run()
    assert room.describe(execution)["output"] == '""'
    assert room.kinds(execution)[1:7] == [
        "TaskStateEntered",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert room.history(execution)[3]["activityStartedEventDetails"] == {"workerName": "w"}


def test_a_poll_waits_for_work_and_ends_empty_after_a_minute() -> None:
    room, arn = room_with_activity()
    waiting = poll(room, arn)
    assert waiting == []
    room.run(seconds=59)
    room.start(task(arn))
    room.settle()
    assert "taskToken" in waiting[0]
    empty = poll(room, arn)
    room.run(seconds=60)
    assert empty == [{}]


def test_each_task_goes_to_one_worker_in_order() -> None:
    room, arn = room_with_activity()
    first, second = poll(room, arn, "a"), poll(room, arn, "b")
    for number in range(2):
        room.start(task(arn), number)
        room.settle()
    assert [answer[0]["input"] for answer in (first, second)] == ["0", "1"]


def test_heartbeats_count_from_the_start_of_the_work_and_time_limits_from_its_scheduling() -> None:
    room, arn = room_with_activity()
    execution = room.start(task(arn, HeartbeatSeconds=5, TimeoutSeconds=100))
    room.run(seconds=50)
    (answer,) = poll(room, arn)
    room.run(seconds=4)
    room.call("SendTaskHeartbeat", taskToken=answer["taskToken"])
    room.run(seconds=4)
    assert room.describe(execution)["status"] == "RUNNING"
    room.run()
    assert room.describe(execution)["error"] == "States.Timeout"
    assert "ActivityTimedOut" in room.kinds(execution)
    with pytest.raises(AwsError) as caught:
        room.call("SendTaskSuccess", taskToken=answer["taskToken"], output="1")
    assert caught.value.code == "TaskTimedOut"


def test_a_failed_task_has_the_workers_error() -> None:
    room, arn = room_with_activity()
    execution = room.start(task(arn))
    room.settle()
    room.call("SendTaskFailure", taskToken=poll(room, arn)[0]["taskToken"], error="Own", cause="")
    room.run()
    assert (room.describe(execution)["error"], room.describe(execution)["cause"]) == ("Own", "")
    assert "ActivityFailed" in room.kinds(execution)


def test_a_task_that_nobody_waits_for_is_not_handed_out() -> None:
    room, arn = room_with_activity()
    execution = room.start(task(arn, TimeoutSeconds=1))
    room.run()
    assert room.describe(execution)["error"] == "States.Timeout"
    assert poll(room, arn) == []


def test_an_activity_that_does_not_exist_fails_the_task_by_name() -> None:
    room, arn = room_with_activity()
    room.call("DeleteActivity", activityArn=arn)
    execution = room.start(task(arn))
    room.run()
    described = room.describe(execution)
    assert described["error"] == "States.Runtime"
    assert described["cause"].endswith(f"(entered at the event id #2). The activity {arn} does not exist.")
    assert room.kinds(execution) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]


def test_create_describe_list_tag_and_delete() -> None:
    room, arn = room_with_activity()
    assert room.call("CreateActivity", name="work")["activityArn"] == arn
    assert room.call("DescribeActivity", activityArn=arn)["name"] == "work"
    assert [row["activityArn"] for row in room.call("ListActivities")["activities"]] == [arn]
    room.call("TagResource", resourceArn=arn, tags=[{"key": "k", "value": "v"}])
    assert room.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "k", "value": "v"}]
    room.call("DeleteActivity", activityArn=arn)
    with pytest.raises(AwsError) as caught:
        room.call("DescribeActivity", activityArn=arn)
    assert caught.value.code == "ActivityDoesNotExist"
