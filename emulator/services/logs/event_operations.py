"""Streams and events. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.logs.errors import InvalidParameterException, ResourceAlreadyExistsException
from emulator.services.logs.filter_pattern import matcher
from emulator.services.logs.metric_filter_operations import MetricFilterOperations
from emulator.services.logs.state import LogEvent, LogGroup, LogStream
from emulator.services.logs.subscription_filter_operations import SubscriptionFilterOperations

__all__ = ["EventOperations"]


class EventOperations(SubscriptionFilterOperations, MetricFilterOperations):
    """The data plane."""

    @operation("CreateLogStream")
    def create_log_stream(self, params: Params, context: CallContext) -> Reply:
        """Create a stream."""
        group = self.group(params)
        name = params["logStreamName"]
        if name in group.streams:
            raise ResourceAlreadyExistsException("The specified log stream already exists")
        group.streams[name] = LogStream(name, int(context.now * 1000))
        self.expire(group, context.now)
        return Reply()

    @operation("DeleteLogStream")
    def delete_log_stream(self, params: Params, context: CallContext) -> Reply:
        """Delete a stream with its events."""
        group = self.group(params)
        group.delete_stream(self.stream(group, params["logStreamName"]).name)
        return Reply()

    @operation("DescribeLogStreams")
    def describe_log_streams(self, params: Params, context: CallContext) -> Reply:
        """Streams by name or by their last event."""
        group = self.group(params)
        prefix = params.get("logStreamNamePrefix", "")
        by_time = params.get("orderBy", "LogStreamName") == "LastEventTime"
        if by_time and prefix:
            raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
        streams = [stream for stream in group.streams.values() if stream.name.startswith(prefix)]
        streams.sort(
            key=lambda stream: ((stream.last_timestamp or 0) if by_time else 0, stream.name),
            reverse=params.get("descending", False),
        )
        return Reply(self.page(params, "logStreams", [self._stream_shape(group, stream) for stream in streams]))

    @operation("PutLogEvents", unsupported=("entity",))
    def put_log_events(self, params: Params, context: CallContext) -> Reply:
        """Append events; those that are too old or too new are rejected one by one, the others are taken."""
        group = self.group(params)
        stream = self.stream(group, params["logStreamName"])
        events, sizes = params["logEvents"], self._sizes(params["logEvents"])
        self._check_batch(events, sizes)
        now = int(context.now * 1000)
        retention = group.retention_days
        expired_before = None if retention is None else now - retention * 86_400_000
        newest, oldest = now + self.quotas.newest_seconds * 1000, now - self.quotas.oldest_seconds * 1000
        rejected: dict[str, int] = {}
        taken: list[LogEvent] = []
        for index, (event, size) in enumerate(zip(events, sizes, strict=True)):
            timestamp = event["timestamp"]
            if timestamp > newest:
                rejected.setdefault("tooNewLogEventStartIndex", index)
            elif timestamp < oldest:
                rejected["tooOldLogEventEndIndex"] = index + 1
            elif expired_before is not None and timestamp < expired_before:
                rejected["expiredLogEventEndIndex"] = index + 1
            else:
                taken.append(group.append(stream, timestamp, now, event["message"], size))
        self.expire(group, context.now)
        result: dict[str, Any] = {"nextSequenceToken": "0"}
        if rejected:
            result["rejectedLogEventsInfo"] = rejected
        effects = (*self.forwarded(group, stream, taken), *self.measured(group, taken))
        return Reply(result, effects, {"billed_bytes": sum(sizes)})

    @operation("GetLogEvents", unsupported=("unmask",))
    def get_log_events(self, params: Params, context: CallContext) -> Reply:
        """One stream's events. Tokens are `f/<number>` and `b/<number>`; at the end the same token comes back."""
        group = self.current(params, context.now)
        stream = self.stream(group, params["logStreamName"])
        events = [event for event in stream.ordered() if _within(event, params)]
        limit = params.get("limit", self.quotas.events_page)
        token = params.get("nextToken")
        if token is None:
            start = 0 if params.get("startFromHead", False) else max(0, len(events) - limit)
            end = start + limit
        else:
            direction, at = _token(token)
            start, end = (at, at + limit) if direction == "f" else (max(0, at - limit), at)
        chosen = events[start:end]
        return Reply(
            {
                "events": [
                    {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested}
                    for event in chosen
                ],
                "nextForwardToken": f"f/{start + len(chosen)}",
                "nextBackwardToken": f"b/{start}",
            }
        )

    @operation("FilterLogEvents", unsupported=("unmask",))
    def filter_log_events(self, params: Params, context: CallContext) -> Reply:
        """Events of a group that match a pattern, by time."""
        group = self.current(params, context.now)
        names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
        if names is not None and prefix is not None:
            raise InvalidParameterException("logStreamNames and logStreamNamePrefix are mutually exclusive.")
        matches = matcher(params.get("filterPattern", ""))
        streams = (
            [stream for name, stream in group.streams.items() if name.startswith(prefix or "")]
            if names is None
            else [self.stream(group, name) for name in names]
        )
        found = [
            (event, stream)
            for stream in streams
            for event in stream.events
            if _within(event, params, end_included=True) and matches(event.message)
        ]
        newest_first = not params.get("startFromHead", True)
        found.sort(key=lambda item: (item[0].timestamp, item[0].number), reverse=newest_first)
        shown = [
            {
                "logStreamName": stream.name,
                "timestamp": event.timestamp,
                "message": event.message,
                "ingestionTime": event.ingested,
                "eventId": f"{event.timestamp:020d}{event.number:036d}",
            }
            for event, stream in found
        ]
        limited = {"limit": self.quotas.events_page, **params}
        return Reply({**self.page(limited, "events", shown), "searchedLogStreams": []})

    def _sizes(self, events: list[dict[str, Any]]) -> list[int]:
        return [len(event["message"].encode()) + self.quotas.event_overhead_bytes for event in events]

    def _check_batch(self, events: list[dict[str, Any]], sizes: list[int]) -> None:
        quotas = self.quotas
        for size in sizes:
            if size > quotas.event_bytes:
                raise InvalidParameterException(
                    f"Log event too large: {size} bytes exceeds limit of {quotas.event_bytes}"
                )
        if sum(sizes) > quotas.batch_bytes:
            raise InvalidParameterException(
                f"Upload too large: {sum(sizes)} bytes exceeds limit of {quotas.batch_bytes}"
            )
        if len(events) > quotas.batch_events:
            raise InvalidParameterException(f"The batch has more than {quotas.batch_events} log events.")
        times = [event["timestamp"] for event in events]
        if times != sorted(times):
            raise InvalidParameterException(
                "Log events in a single PutLogEvents request must be in chronological order."
            )
        if times and times[-1] - times[0] > quotas.batch_span_seconds * 1000:
            raise InvalidParameterException(
                "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
            )

    def _stream_shape(self, group: LogGroup, stream: LogStream) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "logStreamName": stream.name,
            "creationTime": stream.created,
            "arn": f"{self.arn(group)}:log-stream:{stream.name}",
            "storedBytes": 0,
        }
        if stream.last_ingestion is not None:
            shown["uploadSequenceToken"] = "0"
        for member, value in (
            ("firstEventTimestamp", stream.first_timestamp),
            ("lastEventTimestamp", stream.last_timestamp),
            ("lastIngestionTime", stream.last_ingestion),
        ):
            if value is not None:
                shown[member] = value
        return shown


def _within(event: LogEvent, params: Params, *, end_included: bool = False) -> bool:
    start, end = params.get("startTime", 0), params.get("endTime")
    if event.timestamp < start:
        return False
    return end is None or event.timestamp < end or (end_included and event.timestamp == end)


def _token(token: str) -> tuple[str, int]:
    direction, _, at = token.partition("/")
    if direction not in ("f", "b") or not at.isdecimal():
        raise InvalidParameterException("The specified nextToken is invalid.")
    return direction, int(at)
