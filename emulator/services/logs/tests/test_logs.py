"""CloudWatch Logs. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import AwsError
from emulator.services.logs import LogsQuotas, LogsService
from emulator.services.logs.errors import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    TooManyTagsException,
)
from emulator.services.logs.filter_pattern import matcher
from emulator.services.logs.tests.logs_harness import MILLIS, MODEL, Logs


@pytest.mark.parametrize("name", sorted(LogsService.operations))
def test_operations_are_botocores(name: str) -> None:
    assert name in MODEL.operation_names


def test_events_come_back_in_time_order_from_either_end() -> None:
    logs = Logs()
    logs.stream()
    logs.put("c", "d", at=MILLIS + 100)
    logs.put("a", "b")
    get = {"logGroupName": "g", "logStreamName": "s"}
    first = logs.call("GetLogEvents", **get, startFromHead=True, limit=3)
    assert [event["message"] for event in first["events"]] == ["a", "b", "c"]
    second = logs.call("GetLogEvents", **get, nextToken=first["nextForwardToken"])
    assert [event["message"] for event in second["events"]] == ["d"]
    end = logs.call("GetLogEvents", **get, nextToken=second["nextForwardToken"])
    assert (end["events"], end["nextForwardToken"]) == ([], second["nextForwardToken"])
    last = logs.call("GetLogEvents", **get, limit=2)
    assert [event["message"] for event in last["events"]] == ["c", "d"]
    back = logs.call("GetLogEvents", **get, nextToken=last["nextBackwardToken"])
    assert [event["message"] for event in back["events"]] == ["a", "b"]


def test_start_is_included_and_end_is_not_for_get_but_is_for_filter() -> None:
    logs = Logs()
    logs.stream()
    logs.put("a", "b", "c")
    span = {"startTime": MILLIS + 1, "endTime": MILLIS + 2}
    got = logs.call("GetLogEvents", logGroupName="g", logStreamName="s", startFromHead=True, **span)
    assert [event["message"] for event in got["events"]] == ["b"]
    assert logs.messages(**span) == ["b", "c"]


def test_filter_merges_streams_by_time_and_names_them() -> None:
    logs = Logs()
    logs.stream()
    logs.stream(stream="t")
    logs.put("one", "three")
    logs.put("two", stream="t")
    found = logs.call("FilterLogEvents", logGroupName="g")["events"]
    assert [(event["logStreamName"], event["message"]) for event in found] == [
        ("s", "one"),
        ("t", "two"),
        ("s", "three"),
    ]
    assert logs.messages(logStreamNames=["t"]) == ["two"]
    assert len({event["eventId"] for event in found}) == 3


PATTERNS = [
    ("", "anything", True),
    ("ERROR", "an ERROR here", True),
    ("ERROR", "an error here", False),
    ("ERROR Timeout", "Timeout then ERROR", True),
    ("ERROR Timeout", "ERROR only", False),
    ('"timed out"', "Task timed out", True),
    ('"timed out"', "out timed", False),
    ("?ERROR ?WARN", "WARN", True),
    ("?ERROR ?WARN", "INFO", False),
    ("ERROR -Retry", "ERROR", True),
    ("ERROR -Retry", "ERROR Retry", False),
    ('"a \\"quoted\\" word"', 'a "quoted" word', True),
    ("REPORT RequestId:", "REPORT RequestId: 1", True),
    ("%ERROR.*[0-9]{3}%", "an ERROR of 500", True),
    ("%ERROR.*[0-9]{3}%", "an ERROR of 50", False),
    ("-%x%", "axb", False),
    ('{ $.level = "ERROR" }', '{"level":"ERROR"}', True),
    ('{ $.level = "ERROR" }', "level ERROR", False),
    ('{ $.level = "ERR*" }', '{"level":"ERROR"}', True),
    ("{ $.level = %^W% }", '{"level":"WARN"}', True),
    ('{ $.level != "INFO" }', '{"level":"ERROR"}', True),
    ("{ $.status >= 500 && $.status < 600 }", '{"status":503}', True),
    ("{ $.status >= 500 && $.status < 600 }", '{"status":404}', False),
    ('{ ($.a = 1 || $.a = 2) && $.b.c = "x" }', '{"a":2,"b":{"c":"x"}}', True),
    ('{ $.a = 1 || $.a = 2 && $.b = "x" }', '{"a":1}', True),
    ("{ $.items[0].id = 7 }", '{"items":[{"id":7}]}', True),
    ("{ $.items[*].id = 7 }", '{"items":[{"id":1},{"id":7}]}', True),
    ("{ $['a b'] = 1 }", '{"a b":1}', True),
    ("{ $.gone NOT EXISTS }", '{"a":1}', True),
    ("{ $.gone IS NULL }", '{"gone":null}', True),
    ("{ $.gone IS NULL }", '{"a":null}', False),
    ("{ $.yes IS TRUE }", '{"yes":true}', True),
    ("{ $.yes IS FALSE }", '{"yes":true}', False),
    ("[ip, user, status = 4*, bytes > 1000]", "10.0.0.1 ada 404 2000", True),
    ("[ip, user, status = 4*, bytes > 1000]", "10.0.0.1 ada 404 20", False),
    ("[ip, user, status = 4*, bytes > 1000]", "10.0.0.1 ada 404", False),
    ("[ip, ..., status = 4* || status = 5*, bytes]", '10.0.0.1 - [10/Oct 13:55] "GET / HTTP" 500 12', True),
    ("[first != ERROR]", "WARN", True),
]


@pytest.mark.parametrize(("pattern", "message", "expected"), PATTERNS)
def test_filter_pattern(pattern: str, message: str, expected: bool) -> None:
    assert matcher(pattern)(message) is expected


@pytest.mark.parametrize(
    "pattern", ['"open', "a,b", "(x)", "{ $.a }", "{ $.a = 1", "{ ($.a = 1 }", "[a b]", "%(%", "{ $.a > x }"]
)
def test_malformed_pattern_is_invalid(pattern: str) -> None:
    with pytest.raises(InvalidParameterException):
        matcher(pattern)


def test_events_out_of_their_time_are_rejected_one_by_one() -> None:
    logs = Logs()
    logs.stream()
    day = 86_400_000
    old = logs.put("old", at=MILLIS - 14 * day - 1)
    assert old["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    new = logs.call(
        "PutLogEvents",
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": MILLIS, "message": "fine"}, {"timestamp": MILLIS + 7_200_001, "message": "new"}],
    )
    assert new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert logs.messages() == ["fine"]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([{"timestamp": 2, "message": "a"}, {"timestamp": 1, "message": "b"}], "chronological"),
        ([{"timestamp": 0, "message": "a"}, {"timestamp": 86_400_001, "message": "b"}], "24 hours"),
        ([{"timestamp": 0, "message": "x" * 1_048_576}], "Log event too large: 1048602"),
        ([{"timestamp": 0, "message": "x" * 600_000}] * 2, "Upload too large: 1200052"),
    ],
    ids=["order", "span", "event", "batch"],
)
def test_batch_that_breaks_a_limit_is_refused_whole(events: list[dict[str, Any]], words: str) -> None:
    logs = Logs()
    logs.stream()
    with pytest.raises(InvalidParameterException, match=words):
        logs.call("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=events)


def test_groups_and_streams_are_unique_and_missing_ones_named() -> None:
    logs = Logs()
    logs.stream()
    cases: list[tuple[str, dict[str, str], type[AwsError], str]] = [
        ("CreateLogGroup", {"logGroupName": "g"}, ResourceAlreadyExistsException, "log group already exists"),
        ("CreateLogStream", {"logGroupName": "g", "logStreamName": "s"}, ResourceAlreadyExistsException, "log stream"),
        ("GetLogEvents", {"logGroupName": "no", "logStreamName": "s"}, ResourceNotFoundException, "log group does not"),
        (
            "GetLogEvents",
            {"logGroupName": "g", "logStreamName": "no"},
            ResourceNotFoundException,
            "log stream does not",
        ),
    ]
    for name, params, kind, words in cases:
        with pytest.raises(kind, match=words):
            logs.call(name, **params)


def test_describe_finds_by_prefix_pattern_and_time() -> None:
    logs = Logs()
    for name in ("/aws/lambda/a", "/aws/lambda/b", "/other"):
        logs.call("CreateLogGroup", logGroupName=name)
    found = logs.call("DescribeLogGroups", logGroupNamePrefix="/aws/", limit=1)
    assert [group["logGroupName"] for group in found["logGroups"]] == ["/aws/lambda/a"]
    rest = logs.call("DescribeLogGroups", logGroupNamePrefix="/aws/", limit=1, nextToken=found["nextToken"])
    assert [group["logGroupName"] for group in rest["logGroups"]] == ["/aws/lambda/b"]
    assert len(logs.call("DescribeLogGroups", logGroupNamePattern="LAMBDA")["logGroups"]) == 2
    logs.stream()
    logs.stream(stream="a")
    logs.put("x")
    order = logs.call("DescribeLogStreams", logGroupName="g", orderBy="LastEventTime", descending=True)["logStreams"]
    assert [stream["logStreamName"] for stream in order] == ["s", "a"]


def test_retention_follows_the_engines_clock() -> None:
    logs = Logs()
    logs.stream()
    logs.put("old")
    logs.call("PutRetentionPolicy", logGroupName="g", retentionInDays=1)
    with pytest.raises(InvalidParameterException, match="retentionInDays"):
        logs.call("PutRetentionPolicy", logGroupName="g", retentionInDays=2)
    logs.now += 86_401.0
    logs.put("new", at=int(logs.now * 1000))
    assert logs.messages() == ["new"]
    logs.call("DeleteRetentionPolicy", logGroupName="g")
    assert "retentionInDays" not in logs.call("DescribeLogGroups")["logGroups"][0]


def test_tags_are_reachable_by_name_and_by_arn() -> None:
    logs = Logs()
    logs.call("CreateLogGroup", logGroupName="g", tags={"a": "1"})
    arn = logs.call("DescribeLogGroups")["logGroups"][0]["logGroupArn"]
    logs.call("TagResource", resourceArn=arn, tags={"b": "2"})
    logs.call("UntagLogGroup", logGroupName="g", tags=["a"])
    assert logs.call("ListTagsForResource", resourceArn=arn)["tags"] == {"b": "2"}
    with pytest.raises(TooManyTagsException):
        logs.call("TagLogGroup", logGroupName="g", tags={str(number): "" for number in range(50)})


@given(sizes=st.lists(st.integers(0, 40), max_size=60), deleted=st.sets(st.sampled_from("ab")))
def test_memory_is_bounded_and_the_newest_events_stay(sizes: list[int], deleted: set[str]) -> None:
    logs = Logs(replace(LogsQuotas(), kept_bytes_per_group=3_000))
    logs.stream(stream="a")
    logs.stream(stream="b")
    for number, size in enumerate(sizes):
        logs.put("x" * size, stream="ab"[number % 2])
    group = logs.service.groups["g"]
    kept = [event for stream in group.streams.values() for event in stream.events]
    assert group.stored_bytes == sum(event.size for event in kept)
    assert group.kept_bytes <= 3_000
    assert len(kept) == len(sizes) or group.kept_bytes > 2_600
    assert sorted(event.number for event in kept) == list(range(len(sizes) - len(kept), len(sizes)))
    for name in deleted:
        logs.call("DeleteLogStream", logGroupName="g", logStreamName=name)
    logs.put("y", stream="a") if "a" not in deleted else None
    assert group.stored_bytes == sum(event.size for stream in group.streams.values() for event in stream.events)
    logs.put(*"z" * 20, stream="b") if "b" not in deleted else None
    assert group.kept_bytes <= 3_000


def test_retention_ends_by_the_clock_also_where_nothing_is_written() -> None:
    logs = Logs()
    logs.stream()
    logs.call("PutRetentionPolicy", logGroupName="g", retentionInDays=1)
    logs.put("old")
    logs.now += 86_000
    assert logs.messages() == ["old"]
    logs.now += 1_000
    assert logs.messages() == []
    assert logs.call("GetLogEvents", logGroupName="g", logStreamName="s")["events"] == []
    assert logs.call("DescribeLogGroups")["logGroups"][0]["storedBytes"] == 0


def test_names_have_a_limit_and_are_given_once() -> None:
    logs = Logs()
    logs.stream()
    for operation, params in (
        ("CreateLogGroup", {"logGroupName": "g" * 513}),
        ("CreateLogStream", {"logGroupName": "g", "logStreamName": "s" * 513}),
    ):
        with pytest.raises(InvalidParameterException, match="both must have length less than or equal to 512"):
            logs.call(operation, **params)
    with pytest.raises(AwsError, match="mutually exclusive") as caught:
        logs.call("DescribeLogStreams", logGroupName="g", logGroupIdentifier="g")
    assert caught.value.code == "ValidationException"
    (stream,) = logs.call("DescribeLogStreams", logGroupIdentifier="g")["logStreams"]
    assert "uploadSequenceToken" not in stream
