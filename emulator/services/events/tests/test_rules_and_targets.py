"""Buses, rules, targets, permissions and tags, as clients see them. Texts are AWS's, recorded."""

from __future__ import annotations

import json

import pytest

from emulator.errors import AwsError, UnsupportedOperation
from emulator.services.events.tests.event_room import EventRoom

PATTERN = json.dumps({"source": ["orders"]})


def test_a_bus_is_made_listed_described_and_deleted() -> None:
    room = EventRoom()
    arn = room.call("CreateEventBus", Name="b", Tags=[{"Key": "k", "Value": ""}])["EventBusArn"]
    assert arn == "arn:aws:events:us-east-1:000000000000:event-bus/b"
    assert [bus["Name"] for bus in room.call("ListEventBuses")["EventBuses"]] == ["b", "default"]
    assert room.call("DescribeEventBus", Name=arn)["Name"] == "b"
    assert room.call("ListTagsForResource", ResourceARN=arn) == {"Tags": [{"Key": "k", "Value": ""}]}
    room.call("DeleteEventBus", Name="b")
    room.call("DeleteEventBus", Name="b")
    assert room.refused("DescribeEventBus", Name="b") == ("ResourceNotFoundException", "Event bus b does not exist.")


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        ("DeleteEventBus", {"Name": "default"}, "ValidationException", "Cannot delete event bus default."),
        ("CreateEventBus", {"Name": "default"}, "ResourceAlreadyExistsException", "Event bus default already exists."),
        ("DescribeRule", {"Name": "r"}, "ResourceNotFoundException", "Rule r does not exist on EventBus default."),
        (
            "PutRule",
            {"Name": "r", "EventPattern": PATTERN, "EventBusName": "none"},
            "ResourceNotFoundException",
            "Event bus none does not exist.",
        ),
        (
            "PutRule",
            {"Name": "r", "ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            "PutRule",
            {"Name": "r"},
            "ValidationException",
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ),
        (
            "PutRule",
            {"Name": "r", "EventPattern": '{"a": 1}'},
            "InvalidEventPatternException",
            (
                'Event pattern is not valid. Reason: "a" must be an object or an array\n at [Source: (String)"{"a": 1}"; '
                "line: 1, column: 8]"
            ),
        ),
        (
            "TestEventPattern",
            {"EventPattern": PATTERN, "Event": "plain"},
            "ValidationException",
            "Parameter Event is not valid.",
        ),
        (
            "RemovePermission",
            {"StatementId": "s"},
            "ResourceNotFoundException",
            "Statement with the provided id does not exist.",
        ),
        (
            "TagResource",
            {"ResourceARN": "arn:aws:events:us-east-1:000000000000:rule/r", "Tags": []},
            "ResourceNotFoundException",
            "Rule r does not exist on EventBus default.",
        ),
    ],
)
def test_what_aws_refuses(operation: str, params: dict[str, object], code: str, message: str) -> None:
    assert EventRoom().refused(operation, **params) == (code, message)


def test_schedules_are_for_the_default_bus() -> None:
    room = EventRoom()
    room.call("CreateEventBus", Name="b")
    code, message = room.refused("PutRule", Name="r", EventBusName="b", ScheduleExpression="rate(1 minute)")
    assert (code, message) == (
        "ValidationException",
        "ScheduleExpression is supported only on the default event bus.",
    )


def test_a_rule_of_a_custom_bus_has_the_bus_in_its_arn() -> None:
    room = EventRoom()
    room.call("CreateEventBus", Name="b")
    arn = room.call("PutRule", Name="r", EventBusName="b", EventPattern=PATTERN)["RuleArn"]
    assert arn == "arn:aws:events:us-east-1:000000000000:rule/b/r"
    described = room.call("DescribeRule", Name="r", EventBusName="b")
    assert described == {
        "Arn": arn,
        "CreatedBy": "000000000000",
        "EventBusName": "b",
        "EventPattern": PATTERN,
        "Name": "r",
        "State": "ENABLED",
    }
    assert room.refused("DeleteEventBus", Name="b")[0] == "ValidationException"


def test_a_rule_with_targets_is_not_deleted() -> None:
    room = EventRoom()
    room.rule({"source": ["orders"]}, {"Arn": room.queue()})
    assert room.refused("DeleteRule", Name="rule") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    room.call("RemoveTargets", Rule="rule", Ids=["1"])
    room.call("DeleteRule", Name="rule")
    assert room.call("ListRules")["Rules"] == []


def test_lists_come_in_pages() -> None:
    room = EventRoom()
    for number in range(5):
        room.call("PutRule", Name=f"r{number}", EventPattern=PATTERN)
    first = room.call("ListRules", Limit=3)
    rest = room.call("ListRules", Limit=3, NextToken=first["NextToken"])
    assert [rule["Name"] for rule in first["Rules"] + rest["Rules"]] == ["r0", "r1", "r2", "r3", "r4"]
    assert "NextToken" not in rest


def test_a_sixth_target_is_refused_and_none_of_the_call_is_kept() -> None:
    room = EventRoom()
    room.call("PutRule", Name="r", EventPattern=PATTERN)
    arn = room.queue()
    targets = [{"Id": str(number), "Arn": arn} for number in range(6)]
    assert room.refused("PutTargets", Rule="r", Targets=targets) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
    assert room.call("ListTargetsByRule", Rule="r")["Targets"] == []


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"InputPath": "$.detail", "Input": "{}"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"a": "$.a"}, "InputTemplate": '"<b>"'}},
            "InputTemplate for target t contains invalid placeholder b.",
        ),
        ({"Input": "{"}, "JSON syntax error in input for target t."),
    ],
)
def test_inputs_are_checked_when_the_target_is_put(target: dict[str, object], message: str) -> None:
    room = EventRoom()
    room.call("PutRule", Name="r", EventPattern=PATTERN)
    refused = room.refused("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": room.queue(), **target}])
    assert refused == ("ValidationException", message)


@pytest.mark.parametrize(
    ("arn", "named"),
    [
        ("arn:aws:kinesis:us-east-1:000000000000:stream/s", "kinesis:stream"),
        ("arn:aws:firehose:us-east-1:000000000000:deliverystream/s", "firehose:deliverystream"),
        ("arn:aws:ecs:us-east-1:000000000000:cluster/c", "ecs:cluster"),
    ],
)
def test_targets_of_services_that_do_not_exist_here_are_refused_by_name(arn: str, named: str) -> None:
    room = EventRoom()
    room.call("PutRule", Name="r", EventPattern=PATTERN)
    with pytest.raises(UnsupportedOperation, match=named):
        room.call("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": arn, "RoleArn": "arn:aws:iam::0:role/r"}])


def test_parameters_of_other_targets_are_refused_by_name() -> None:
    room = EventRoom()
    room.call("PutRule", Name="r", EventPattern=PATTERN)
    target = {"Id": "t", "Arn": room.queue(), "KinesisParameters": {"PartitionKeyPath": "$.id"}}
    with pytest.raises(UnsupportedOperation, match="KinesisParameters"):
        room.call("PutTargets", Rule="r", Targets=[target])


def test_permissions_make_the_policy_of_a_bus() -> None:
    room = EventRoom()
    room.call("PutPermission", StatementId="s", Action="events:PutEvents", Principal="111111111111")
    room.call("PutPermission", StatementId="all", Action="events:PutEvents", Principal="*")
    policy = json.loads(room.call("DescribeEventBus")["Policy"])
    assert [statement["Principal"] for statement in policy["Statement"]] == [
        {"AWS": "arn:aws:iam::111111111111:root"},
        "*",
    ]
    room.call("RemovePermission", StatementId="s")
    room.call("RemovePermission", RemoveAllPermissions=True)
    assert "Policy" not in room.call("DescribeEventBus")


def test_the_names_of_rules_by_target() -> None:
    room = EventRoom()
    arn = room.queue()
    room.rule({"source": ["a"]}, {"Arn": arn}, "one")
    room.rule({"source": ["b"]}, {"Arn": arn}, "two")
    assert room.call("ListRuleNamesByTarget", TargetArn=arn)["RuleNames"] == ["one", "two"]


def test_an_operation_that_is_not_there_is_named() -> None:
    with pytest.raises(AwsError, match="events:CreateEndpoint is not supported"):
        EventRoom().call("CreateEndpoint", Name="e")
