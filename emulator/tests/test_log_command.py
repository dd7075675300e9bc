"""`windtunnel logs`: which events of which group are shown, each once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.api_client import ApiClient
from emulator.errors import EmulatorError
from emulator.log_command import LogTail, seconds_of


class FakeApi:
    """Lambda and Logs as far as the command asks them; pages of two events."""

    def __init__(self, group: str = "/aws/lambda/f") -> None:
        self.group = group
        self.events: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []

    def __call__(self, service: str) -> ApiClient:
        return ApiClient(self)

    def write(self, timestamp: int, message: str, stream: str = "2026/01/01/[$LATEST]a") -> None:
        number = str(len(self.events))
        self.events.append(
            {"eventId": number, "timestamp": timestamp, "message": message + "\n", "logStreamName": stream}
        )

    def get_function_configuration(self, FunctionName: str) -> Any:
        if FunctionName != "f":
            raise ClientError(
                {"Error": {"Code": "ResourceNotFoundException", "Message": "Function not found: x"}}, "Get"
            )
        return {"FunctionName": "f", "LoggingConfig": {"LogGroup": self.group}}

    def filter_log_events(self, **params: Any) -> Any:
        self.asked.append(params)
        if params["logGroupName"] != self.group or not self.events:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no group"}}, "Filter")
        found = [event for event in self.events if event["timestamp"] >= params.get("startTime", 0)]
        at = int(params.get("nextToken", "0"))
        more = {"nextToken": str(at + 2)} if at + 2 < len(found) else {}
        return {"events": found[at : at + 2], **more}


def shown(tail: LogTail, start: int | None = None) -> list[str]:
    return [line.split("  ", 1)[1] for line in tail.lines(start)]


def test_events_of_all_pages_are_shown_with_their_time() -> None:
    api = FakeApi()
    for number in range(5):
        api.write(1_767_225_600_000 + number, f"line {number}")
    lines = list(LogTail(api, "f").lines())
    assert lines[0] == "2026-01-01 00:00:00.000  line 0"
    assert [line[-1] for line in lines] == ["0", "1", "2", "3", "4"]


def test_following_shows_each_event_once_also_where_it_comes_late() -> None:
    api = FakeApi()
    tail = LogTail(api, "f")
    assert shown(tail) == [], "no group before the first line"
    api.write(100_000, "one")
    assert shown(tail) == ["one"]
    api.write(99_000, "late")
    api.write(200_000, "two")
    assert shown(tail) == ["late", "two"]
    assert shown(tail) == []
    assert api.asked[-1]["startTime"] == 140_000, "looks back a minute, not to the beginning"


def test_start_and_pattern_are_the_apis_own() -> None:
    api = FakeApi()
    api.write(1_000, "old")
    api.write(9_000, "new")
    assert shown(LogTail(api, "f", "ERROR"), 5_000) == ["new"]
    assert api.asked[-1]["filterPattern"] == "ERROR"


def test_group_that_functions_share_shows_this_functions_streams() -> None:
    api = FakeApi("shared")
    api.write(1, "mine", "2026/01/01/f[$LATEST][a]")
    api.write(2, "other", "2026/01/01/g[$LATEST][b]")
    assert shown(LogTail(api, "f")) == ["mine"]


def test_log_group_may_be_named_itself() -> None:
    api = FakeApi("/my/group")
    api.write(1, "x", "any")
    assert shown(LogTail(api, "/my/group")) == ["x"]


def test_function_that_is_not_there_is_told() -> None:
    with pytest.raises(EmulatorError, match="Function not found"):
        shown(LogTail(FakeApi(), "no"))


def test_spans_of_time() -> None:
    assert [seconds_of(text) for text in ("30s", "5m", "2h", "1d")] == [30, 300, 7_200, 86_400]
    with pytest.raises(EmulatorError, match="5 minutes"):
        seconds_of("5 minutes")


def test_as_json_each_line_says_when_and_from_which_stream() -> None:
    api = FakeApi()
    api.write(1_000, 'said "so"', "stream")
    rows = [json.loads(line) for line in LogTail(api, "f").json_lines()]
    assert rows == [{"timestamp": 1_000, "stream": "stream", "message": 'said "so"\n'}]
