"""From PutEvents and schedules to targets: payloads, retries, dead letters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.operation import Params
from emulator.services.events import EventsQuotas
from emulator.services.events.tests.event_room import EventRoom

ANY_ORDER = {"source": ["orders"]}


def test_an_event_comes_to_the_queue_as_aws_writes_it() -> None:
    room = EventRoom()
    room.rule(ANY_ORDER, {"Arn": room.queue()})
    answer = room.put({"n": 0, "flag": False, "none": None, "text": ""}, Resources=["arn:x"])
    assert answer["FailedEntryCount"] == 0
    assert room.bodies() == [
        {
            "version": "0",
            "id": answer["Entries"][0]["EventId"],
            "detail-type": "placed",
            "source": "orders",
            "account": "000000000000",
            "time": "2026-01-01T00:00:00Z",
            "region": "us-east-1",
            "resources": ["arn:x"],
            "detail": {"n": 0, "flag": False, "none": None, "text": ""},
        }
    ]


@pytest.mark.parametrize(
    ("entry", "code", "message"),
    [
        (
            {"DetailType": "t", "Detail": "{}"},
            "InvalidArgument",
            "Parameter Source is not valid. Reason: Source is a required argument.",
        ),
        (
            {"Source": "s", "Detail": "{}"},
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ),
        (
            {"Source": "s", "DetailType": "t"},
            "InvalidArgument",
            "Parameter Detail is not valid. Reason: Detail is a required argument.",
        ),
        ({"Source": "s", "DetailType": "t", "Detail": "[1]"}, "MalformedDetail", "Detail is malformed."),
        ({"Source": "s", "DetailType": "t", "Detail": '"text"'}, "MalformedDetail", "Detail is malformed."),
        ({"Source": "s", "DetailType": "t", "Detail": "{"}, "MalformedDetail", "Detail is malformed."),
        (
            {"Source": "aws.ec2", "DetailType": "t", "Detail": "{}"},
            "NotAuthorizedForSourceException",
            "Not authorized for the source.",
        ),
    ],
)
def test_an_entry_fails_by_itself(entry: dict[str, str], code: str, message: str) -> None:
    room = EventRoom()
    good = {"Source": "s", "DetailType": "t", "Detail": "{}"}
    answer = room.call("PutEvents", Entries=[entry, good])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0] == {"ErrorCode": code, "ErrorMessage": message}
    assert "EventId" in answer["Entries"][1]


def test_the_size_of_all_entries_together_is_limited() -> None:
    """Measured on AWS: 1,048,576 bytes are taken, one more is not."""
    room = EventRoom()
    room.rule(ANY_ORDER, {"Arn": room.queue()})
    frame = len("orders" + "placed" + '{"a": ""}')
    room.put({"a": "x" * (EventsQuotas().entries_bytes - frame)})
    with pytest.raises(AwsError) as caught:
        room.put({"a": "x" * (EventsQuotas().entries_bytes - frame + 1)})
    assert caught.value.code == "ValidationException"
    assert caught.value.message == "Total size of the entries in the request is over the limit."


def test_an_event_for_a_bus_that_does_not_exist_is_accepted_dropped_and_journaled() -> None:
    room = EventRoom()
    answer = room.put({}, EventBusName="none")
    assert answer["FailedEntryCount"] == 0
    assert [entry.resource for entry in room.engine.journal if entry.operation == "event_dropped"] or [
        entry for entry in room.engine.journal if entry.kind == "event_dropped"
    ]


def test_a_disabled_rule_matches_nothing() -> None:
    room = EventRoom()
    room.rule(ANY_ORDER, {"Arn": room.queue()})
    room.call("DisableRule", Name="rule")
    room.put({})
    room.call("EnableRule", Name="rule")
    room.put({"n": 2})
    assert [body["detail"] for body in room.bodies()] == [{"n": 2}]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"InputPath": "$.detail"}, '{"command":"go","items":[{"id":1},{"id":2}]}'),
        ({"InputPath": "$.detail.command"}, '"go"'),
        ({"InputPath": "$.detail.items[1].id"}, "2"),
        ({"InputPath": "$.detail.items[*].id"}, "[1,2]"),
        ({"InputPath": "$['detail-type']"}, '"placed"'),
        ({"Input": '{"constant": true}'}, '{"constant": true}'),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"t": "$.detail-type", "c": "$.detail.command", "m": "$.detail.missing"},
                    "InputTemplate": '"Event of <t> with <c>, not <m>"',
                }
            },
            '"Event of placed with go, not "',
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"c": "$.detail.command", "m": "$.detail.missing", "i": "$.detail.items"},
                    "InputTemplate": '{"c": <c>, "m": <m>, "i": <i>, "text": "<c>!"}',
                }
            },
            '{"c": "go", "m": "", "i": [{"id":1},{"id":2}], "text": "go!"}',
        ),
        (
            {
                "InputTransformer": {
                    "InputTemplate": '"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"'
                }
            },
            '"arn:aws:events:us-east-1:000000000000:rule/rule rule 2026-01-01T00:00:00Z"',
        ),
    ],
)
def test_what_the_target_receives(target: dict[str, Any], expected: str) -> None:
    room = EventRoom()
    room.rule(ANY_ORDER, {"Arn": room.queue(), **target})
    room.put({"command": "go", "items": [{"id": 1}, {"id": 2}]})
    assert [message["Body"] for message in room.messages()] == [expected]


def test_the_whole_event_in_a_template() -> None:
    """The shape of `aws.events.event` is as recorded from AWS."""
    room = EventRoom()
    template = '{"event": <aws.events.event>, "json": <aws.events.event.json>}'
    room.rule(ANY_ORDER, {"Arn": room.queue(), "InputTransformer": {"InputTemplate": template}})
    room.put({"n": 1})
    body = room.bodies()[0]
    assert list(body["event"]) == ["id", "account", "detailType", "time", "source", "region", "resources", "version"]
    assert body["json"]["detail"] == {"n": 1}


def test_every_kind_of_target_gets_its_call() -> None:
    room = EventRoom()
    services = {
        name: room.record(name, CreateLogStream=lambda _: {}) for name in ("lambda", "sns", "stepfunctions", "logs")
    }
    account = "us-east-1:000000000000"
    role = "arn:aws:iam::000000000000:role/r"
    targets: list[dict[str, str]] = [
        {"Arn": f"arn:aws:lambda:{account}:function:f"},
        {"Arn": f"arn:aws:sns:{account}:t"},
        {"Arn": f"arn:aws:states:{account}:stateMachine:m", "RoleArn": role},
        {"Arn": f"arn:aws:logs:{account}:log-group:/g"},
    ]
    for number, target in enumerate(targets):
        room.rule(ANY_ORDER, target, f"rule{number}")
    room.put({"n": 1})
    event = json.loads(services["lambda"].calls[0][1]["Payload"])
    name, invoked, context = services["lambda"].calls[0]
    assert (name, invoked["InvocationType"]) == ("Invoke", "Event")
    assert (context.principal, context.source_arn) == ("events.amazonaws.com", f"arn:aws:events:{account}:rule/rule0")
    assert json.loads(services["sns"].calls[0][1]["Message"]) == event
    name, started, context = services["stepfunctions"].calls[0]
    assert (name, json.loads(started["input"]), context.principal) == ("StartExecution", event, role)
    assert [name for name, _, _ in services["logs"].calls] == ["CreateLogStream", "PutLogEvents"]
    assert json.loads(services["logs"].calls[1][1]["logEvents"][0]["message"]) == event


def test_a_bus_is_a_target_and_a_loop_of_buses_ends() -> None:
    room = EventRoom(EventsQuotas(bus_hops=3))
    other = room.call("CreateEventBus", Name="other")["EventBusArn"]
    default = room.call("DescribeEventBus")["Arn"]
    room.rule(ANY_ORDER, {"Arn": other})
    room.rule(ANY_ORDER, {"Arn": default}, "back", EventBusName="other")
    room.rule(ANY_ORDER, {"Arn": room.queue()}, "keep", EventBusName="other")
    room.put({"n": 1})
    assert [body["detail"] for body in room.bodies()] == [{"n": 1}, {"n": 1}]
    assert [entry.outcome for entry in room.engine.journal if entry.operation == "delivery_failed"] or [
        entry for entry in room.engine.journal if entry.kind == "delivery_failed"
    ]


def throttled(_: Params) -> dict[str, Any]:
    raise AwsError.named("TooManyRequestsException", "Rate Exceeded.", status=429)


def denied(_: Params) -> dict[str, Any]:
    raise AwsError.named("AccessDeniedException", "not allowed", status=403)


def test_a_throttled_delivery_is_retried_and_then_goes_to_the_dead_letter_queue() -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    room = EventRoom()
    functions = room.record("lambda", Invoke=throttled)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    policy = {"RetryPolicy": {"MaximumRetryAttempts": 3}, "DeadLetterConfig": {"Arn": room.queue("dead")}}
    rule_arn = room.rule(ANY_ORDER, {"Arn": arn, **policy})
    room.put({"n": 1})
    assert len(functions.calls) == 1
    room.run(3600.0)
    assert len(functions.calls) == 4
    [letter] = room.messages("dead")
    assert json.loads(letter["Body"])["detail"] == {"n": 1}
    assert {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()} == {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": arn,
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "Rate Exceeded.",
        "RETRY_ATTEMPTS": "3",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }


def test_retries_end_with_the_age_of_the_event() -> None:
    room = EventRoom()
    functions = room.record("lambda", Invoke=throttled)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    policy = {"RetryPolicy": {"MaximumEventAgeInSeconds": 60}, "DeadLetterConfig": {"Arn": room.queue("dead")}}
    room.rule(ANY_ORDER, {"Arn": arn, **policy})
    room.put({})
    room.run(86_400.0)
    [letter] = room.messages("dead")
    assert letter["MessageAttributes"]["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumEventAgeInSeconds"
    assert 2 < len(functions.calls) < 20


def test_by_default_retries_go_on_for_a_day() -> None:
    room = EventRoom()
    functions = room.record("lambda", Invoke=throttled)
    room.rule(ANY_ORDER, {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f"})
    room.put({})
    room.run(90_000.0)
    assert 150 < len(functions.calls) <= 186


def test_an_error_that_no_retry_can_mend_goes_to_the_dead_letter_queue_at_once() -> None:
    room = EventRoom()
    functions = room.record("lambda", Invoke=denied)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    room.rule(ANY_ORDER, {"Arn": arn, "DeadLetterConfig": {"Arn": room.queue("dead")}})
    room.put({})
    assert len(functions.calls) == 1
    [letter] = room.messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert "EXHAUSTED_RETRY_CONDITION" not in letter["MessageAttributes"]


def test_a_queue_without_a_policy_for_eventbridge_gets_nothing() -> None:
    room = EventRoom()
    room.call("CreateQueue", service="sqs", QueueName="closed")
    room.rule(ANY_ORDER, {"Arn": room.account.arn("sqs", "closed"), "DeadLetterConfig": {"Arn": room.queue("dead")}})
    room.put({})
    assert room.messages("closed") == []
    assert room.messages("dead")[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_a_rate_fires_on_the_engines_clock_until_it_is_disabled() -> None:
    room = EventRoom()
    arn = room.queue()
    rule_arn = room.call("PutRule", Name="tick", ScheduleExpression="rate(1 minute)")["RuleArn"]
    room.run(120.0)  # nothing happens without a target
    room.call("PutTargets", Rule="tick", Targets=[{"Id": "1", "Arn": arn}])
    room.run(180.0)
    bodies = room.bodies()
    assert [body["time"] for body in bodies] == [f"2026-01-01T00:0{minute}:00Z" for minute in (3, 4, 5)]
    assert {(body["source"], body["detail-type"]) for body in bodies} == {("aws.events", "Scheduled Event")}
    assert bodies[0]["resources"] == [rule_arn]
    assert bodies[0]["detail"] == {}
    room.call("DisableRule", Name="tick")
    room.run(600.0)
    assert room.bodies() == []
    assert room.engine.timers.next_deadline() is None


def test_a_changed_schedule_takes_the_place_of_the_old_one() -> None:
    room = EventRoom()
    arn = room.queue()
    room.call("PutRule", Name="tick", ScheduleExpression="rate(1 minute)")
    room.call("PutTargets", Rule="tick", Targets=[{"Id": "1", "Arn": arn}])
    room.run(30.0)
    room.call("PutRule", Name="tick", ScheduleExpression="cron(0 12 * * ? *)")
    room.run(86_400.0)
    assert [body["time"] for body in room.bodies()] == ["2026-01-01T12:00:00Z"]
