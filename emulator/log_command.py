"""The command `windtunnel logs FUNCTION`: what a function has written, and with `--follow` what it writes.

It asks the API as anyone would (GetFunctionConfiguration, FilterLogEvents), so that it shows AWS's logs as well as the emulator's.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html is the syntax of `--filter`.
"""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer

from emulator.api_client import ApiClient, Aws, EndpointUrl, NotFound, api_client, endpoint_of
from emulator.clock import WallClock
from emulator.errors import EmulatorError

__all__ = ["LogTail", "logs", "seconds_of"]

_POLL_SECONDS = 0.5
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_OVERLAP_MILLISECONDS = 60_000
"""Following looks back so far: lines reach the log a moment after their timestamps."""


def logs(
    function: Annotated[str, typer.Argument(help="Name or ARN of a function; or the name of a log group.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    since: Annotated[
        str | None, typer.Option(help="How far back: 30s, 5m, 2h, 1d. Default: from the beginning.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option("--filter", help="Filter pattern: ERROR, '{ $.level = \"WARN\" }', ...")
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: timestamp, stream, message.")
    ] = False,
    endpoint_url: EndpointUrl = None,
    aws: Aws = False,
) -> None:
    """Show what a function has logged: time and line, oldest first.

    Example: windtunnel logs IngestMessageFunction --since 5m --filter ERROR --follow
    """
    endpoint = endpoint_of(endpoint_url, aws)
    tail = LogTail(lambda service: api_client(service, endpoint), function, pattern)
    start = None if since is None else int((_now(endpoint) - seconds_of(since)) * 1000)
    shown = tail.json_lines if json_output else tail.lines
    for line in shown(start):
        typer.echo(line)
    while follow:
        threading.Event().wait(_POLL_SECONDS)
        for line in shown():
            typer.echo(line)


def seconds_of(text: str) -> int:
    """`5m` is 300. Raises EmulatorError."""
    match = re.fullmatch(r"(\d+)([smhdw])", text.strip())
    if match is None:
        raise EmulatorError(f"--since {text!r} is no span of time: write 30s, 5m, 2h or 1d")
    return int(match[1]) * _UNITS[match[2]]


@dataclass(slots=True)
class LogTail:
    """A function's events, each shown once."""

    client: Callable[[str], ApiClient]
    """Makes a client of a service."""
    function: str
    pattern: str | None = None
    _where: tuple[str, str] | None = None
    _seen: dict[str, int] = field(default_factory=dict)
    _from: int | None = None
    _logs: ApiClient | None = None

    def lines(self, start: int | None = None) -> Iterator[str]:
        """What is new, oldest first, as time and line; the first time from `start`, epoch milliseconds. Raises EmulatorError."""
        for event in self.events(start):
            yield f"{_moment(event['timestamp'])}  {event['message'].rstrip()}"

    def json_lines(self, start: int | None = None) -> Iterator[str]:
        """The same as JSON."""
        for event in self.events(start):
            row = {"timestamp": event["timestamp"], "stream": event["logStreamName"], "message": event["message"]}
            yield orjson.dumps(row).decode()

    def events(self, start: int | None = None) -> Iterator[Any]:
        """What is new, oldest first, as the API has it. Raises EmulatorError."""
        if self._logs is None:
            self._logs, self._from = self.client("logs"), start
        if self._where is None:
            self._where = self._place()
        group, infix = self._where
        for event in self._events(self._logs, group):
            if event["eventId"] in self._seen or infix not in event["logStreamName"]:
                continue
            self._seen[event["eventId"]] = event["timestamp"]
            yield event
        if self._seen:
            self._from = max(self._from or 0, max(self._seen.values()) - _OVERLAP_MILLISECONDS)
            self._seen = {name: timestamp for name, timestamp in self._seen.items() if timestamp >= self._from}

    def _place(self) -> tuple[str, str]:
        """The log group, and what the function's streams have in their names where others may write to the same group."""
        if self.function.startswith("/"):
            return self.function, ""
        found = self.client("lambda").ask("get_function_configuration", FunctionName=self.function)
        name = found["FunctionName"]
        group = found.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
        return group, "" if group == f"/aws/lambda/{name}" else f"/{name}["

    def _events(self, logs: ApiClient, group: str) -> Iterator[Any]:
        params: dict[str, Any] = {"logGroupName": group}
        if self._from is not None:
            params["startTime"] = self._from
        if self.pattern is not None:
            params["filterPattern"] = self.pattern
        try:
            yield from logs.pages("filter_log_events", "events", **params)
        except NotFound:
            return  # the function has not run yet: its group comes with its first line


def _now(endpoint: str | None) -> float:
    """The time of what is asked: an emulator's clock may be virtual."""
    if endpoint is not None:
        try:
            with urllib.request.urlopen(f"{endpoint}/_windtunnel/clock", timeout=5.0) as answer:  # noqa: S310  # the user's own endpoint
                return float(orjson.loads(answer.read())["now"])
        except (urllib.error.URLError, KeyError, ValueError):
            return WallClock().now()  # not an emulator of ours: its clock is the wall's
    return WallClock().now()


def _moment(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
