"""Archives and replays. Texts are AWS's, recorded. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.events.tests.event_room import EventRoom

BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default"
ARCHIVE = "arn:aws:events:us-east-1:000000000000:archive/a"


def archived(**more: Any) -> EventRoom:
    room = EventRoom()
    room.call("CreateArchive", ArchiveName="a", EventSourceArn=BUS, **more)
    return room


def start(room: EventRoom, name: str = "r", **more: Any) -> Any:
    given = {
        "EventSourceArn": ARCHIVE,
        "EventStartTime": 0.0,
        "EventEndTime": room.clock.now() + 1,
        "Destination": {"Arn": BUS},
        **more,
    }
    return room.call("StartReplay", ReplayName=name, **given)


def test_an_archive_keeps_what_matches_and_forgets_what_is_old() -> None:
    room = archived(EventPattern=json.dumps({"detail": {"keep": [True]}}), RetentionDays=1)
    room.put({"keep": True})
    room.put({"keep": False})
    described = room.call("DescribeArchive", ArchiveName="a")
    assert (described["EventCount"], described["RetentionDays"], described["State"]) == (1, 1, "ENABLED")
    assert described["SizeBytes"] > 0
    room.run(86_401.0)
    assert room.call("ListArchives")["Archives"][0]["EventCount"] == 0


def test_a_replay_sends_events_again_to_the_rules_that_it_is_for() -> None:
    room = archived()
    first, second = room.queue("first"), room.queue("second")
    wanted = room.rule({"source": ["orders"]}, {"Arn": first}, "first")
    room.rule({"source": ["orders"]}, {"Arn": second}, "second")
    for number in range(3):
        room.put({"n": number})
    room.messages("first"), room.messages("second")
    answer = start(room, Destination={"Arn": BUS, "FilterArns": [wanted]})
    assert answer["State"] == "STARTING"
    room.run(10.0)
    bodies = room.bodies("first")
    assert [(body["detail"]["n"], body["replay-name"]) for body in bodies] == [(0, "r"), (1, "r"), (2, "r")]
    assert room.bodies("second") == []
    described = room.call("DescribeReplay", ReplayName="r")
    assert described["State"] == "COMPLETED"
    assert {"EventLastReplayedTime", "ReplayEndTime"} <= described.keys()
    assert room.call("DescribeArchive", ArchiveName="a")["EventCount"] == 3  # what is replayed is not kept again


def test_a_replay_can_be_cancelled_once() -> None:
    room = archived()
    room.rule({"source": ["orders"]}, {"Arn": room.queue()})
    room.put({})
    room.messages()
    start(room)
    assert room.call("CancelReplay", ReplayName="r")["State"] == "CANCELLING"
    room.run(10.0)
    assert room.call("DescribeReplay", ReplayName="r")["State"] == "CANCELLED"
    assert room.bodies() == []
    assert room.refused("CancelReplay", ReplayName="r")[0] == "IllegalStatusException"


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        (
            "CreateArchive",
            {"ArchiveName": "a", "EventSourceArn": BUS},
            "ResourceAlreadyExistsException",
            "Archive a already exists.",
        ),
        (
            "CreateArchive",
            {"ArchiveName": "b", "EventSourceArn": BUS.replace("default", "none")},
            "ResourceNotFoundException",
            "Event bus none does not exist.",
        ),
        ("DescribeArchive", {"ArchiveName": "b"}, "ResourceNotFoundException", "Archive b does not exist."),
        ("DescribeReplay", {"ReplayName": "b"}, "ResourceNotFoundException", "Replay b does not exist."),
        (
            "StartReplay",
            {
                "ReplayName": "r",
                "EventSourceArn": ARCHIVE + "x",
                "EventStartTime": 0.0,
                "EventEndTime": 1.0,
                "Destination": {"Arn": BUS},
            },
            "ValidationException",
            "Parameter EventSourceArn is not valid. Reason: Archive ax does not exist.",
        ),
        (
            "StartReplay",
            {
                "ReplayName": "r",
                "EventSourceArn": ARCHIVE,
                "EventStartTime": 1.0,
                "EventEndTime": 1.0,
                "Destination": {"Arn": BUS},
            },
            "ValidationException",
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
        ),
    ],
)
def test_what_aws_refuses(operation: str, params: dict[str, Any], code: str, message: str) -> None:
    assert archived().refused(operation, **params) == (code, message)


def test_a_replay_stays_on_its_bus_and_ten_are_enough() -> None:
    room = archived()
    other = room.call("CreateEventBus", Name="other")["EventBusArn"]
    given = {"EventSourceArn": ARCHIVE, "EventStartTime": 0.0, "EventEndTime": 1.0}
    assert room.refused("StartReplay", ReplayName="r", Destination={"Arn": other}, **given) == (
        "ValidationException",
        "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
    )
    for number in range(10):
        start(room, f"r{number}")
    assert room.refused("StartReplay", ReplayName="r0", Destination={"Arn": BUS}, **given)[0] == (
        "ResourceAlreadyExistsException"
    )
    assert room.refused("StartReplay", ReplayName="eleventh", Destination={"Arn": BUS}, **given) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )


def test_an_archive_counts_time_source_detail_type_and_detail() -> None:
    room = archived()
    room.call("PutEvents", Entries=[{"Source": "abc", "DetailType": "de", "Detail": '{"a":  1}'}])
    assert room.call("DescribeArchive", ArchiveName="a")["SizeBytes"] == len("2026-01-01T00:00:00Z") + 3 + 2 + 9


def test_an_archive_that_does_not_exist_cannot_be_updated() -> None:
    with pytest.raises(AwsError) as caught:
        archived().call("UpdateArchive", ArchiveName="other")
    assert (caught.value.code, caught.value.status) == ("InternalException", 500)
