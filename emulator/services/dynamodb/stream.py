"""The stream of one table: its shards and the records of its changes, in order.

Rules. One shard at a time takes records; after some hours it is closed and another follows, which has it as parent. So the records of one
item are in order. A record is kept for a day. A write that changes nothing makes none. A stream outlives its table, disabled, for a day.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.sizes import size_of_item
from emulator.services.dynamodb.values import Item

__all__ = ["FIRST_SEQUENCE_NUMBER", "Shard", "Stream", "StreamRecord", "sequence_text"]

FIRST_SEQUENCE_NUMBER = 10**20
TIME_TO_LIVE_IDENTITY = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


def sequence_text(number: int) -> str:
    """A sequence number on the wire: 21 digits at least."""
    return f"{number:021d}"


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One change. `before` and `after` are the whole items; the view decides what is shown of them."""

    event_id: str
    sequence_number: int
    time: float
    keys: Item
    before: Item | None
    after: Item | None
    expired: bool

    @property
    def event_name(self) -> str:
        """INSERT, MODIFY or REMOVE."""
        if self.before is None:
            return "INSERT"
        return "REMOVE" if self.after is None else "MODIFY"


@dataclass(slots=True)
class Shard:
    """A part of a stream. Its records have consecutive sequence numbers from `first` on, of which `trimmed` are gone."""

    shard_id: str
    parent: str | None
    created: float
    first: int
    closed: float | None = None
    records: list[StreamRecord] = field(default_factory=list)
    trimmed: int = 0

    @property
    def next_sequence_number(self) -> int:
        """What the next record gets, or would have got."""
        return self.first + self.trimmed + len(self.records)

    @property
    def horizon(self) -> int:
        """The oldest sequence number that can be read."""
        return self.first + self.trimmed

    def trim(self, before: float) -> None:
        """Forget the records that are older than `before`."""
        count = 0
        for record in self.records:
            if record.time >= before:
                break
            count += 1
        if count:
            del self.records[:count]
            self.trimmed += count

    def read(self, position: int, limit: int) -> list[StreamRecord]:
        """At most `limit` records from a sequence number on."""
        start = max(0, position - self.horizon)
        return self.records[start : start + limit]

    def describe(self) -> dict[str, Any]:
        """The wire's Shard."""
        numbers = {"StartingSequenceNumber": sequence_text(self.first)}
        if self.closed is not None:
            numbers["EndingSequenceNumber"] = sequence_text(max(self.first, self.next_sequence_number - 1))
        shown: dict[str, Any] = {"ShardId": self.shard_id, "SequenceNumberRange": numbers}
        if self.parent is not None:
            shown["ParentShardId"] = self.parent
        return shown


@dataclass(slots=True)
class Stream:
    """A stream. `label` is the time of its creation, as in its ARN."""

    arn: str
    label: str
    table_name: str
    key_schema: list[dict[str, Any]]
    view_type: str
    created: float
    region: str
    quotas: DynamodbQuotas
    disabled: float | None = None
    shards: list[Shard] = field(default_factory=list)

    @property
    def topic(self) -> tuple[str, str]:
        """What is notified when the stream has a new record."""
        return ("dynamodbstreams", self.arn)

    def append(
        self, event_id: str, now: float, keys: Item, before: Item | None, after: Item | None, *, expired: bool
    ) -> None:
        """Add a record."""
        shard = self._open_shard(now, event_id[:8])
        shard.records.append(StreamRecord(event_id, shard.next_sequence_number, now, keys, before, after, expired))

    def _open_shard(self, now: float, suffix: str) -> Shard:
        last = self.shards[-1] if self.shards else None
        if last is not None and last.closed is None and now < last.created + self.quotas.shard_seconds:
            return last
        if last is not None and last.closed is None:
            last.closed = now
        return self.add_shard(now, suffix)

    def add_shard(self, now: float, suffix: str) -> Shard:
        """Open another shard, whose parent is the last one."""
        last = self.shards[-1] if self.shards else None
        shard = Shard(
            f"shardId-{int(now * 1000):020d}-{suffix}",
            None if last is None else last.shard_id,
            now,
            FIRST_SEQUENCE_NUMBER if last is None else last.next_sequence_number,
        )
        self.shards.append(shard)
        return shard

    def disable(self, now: float) -> None:
        """Take no more records."""
        self.disabled = now
        for shard in self.shards:
            if shard.closed is None:
                shard.closed = now

    def settle(self, now: float) -> None:
        """Forget what is older than a day."""
        before = now - self.quotas.stream_retention_seconds
        for shard in self.shards:
            shard.trim(before)
        while self.shards and self.shards[0].closed is not None and self.shards[0].closed < before:
            self.shards.pop(0)

    def shard(self, shard_id: str) -> Shard | None:
        """The shard of that id, or None."""
        for shard in self.shards:
            if shard.shard_id == shard_id:
                return shard
        return None

    def is_gone(self, now: float) -> bool:
        """Whether it was disabled more than a day ago."""
        return self.disabled is not None and self.disabled + self.quotas.stream_retention_seconds < now

    def specification(self) -> Mapping[str, Any]:
        """The wire's StreamSpecification."""
        return {"StreamEnabled": True, "StreamViewType": self.view_type}

    def show(self, record: StreamRecord) -> dict[str, Any]:
        """The wire's Record, as the view shows it."""
        content: dict[str, Any] = {
            "ApproximateCreationDateTime": float(int(record.time)),
            "Keys": record.keys,
            "SequenceNumber": sequence_text(record.sequence_number),
            "StreamViewType": self.view_type,
        }
        size = size_of_item(record.keys)
        if record.after is not None and self.view_type in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
            content["NewImage"] = record.after
            size += size_of_item(record.after)
        if record.before is not None and self.view_type in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
            content["OldImage"] = record.before
            size += size_of_item(record.before)
        content["SizeBytes"] = size
        shown: dict[str, Any] = {
            "eventID": record.event_id,
            "eventName": record.event_name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.region,
            "dynamodb": content,
        }
        if record.expired:
            shown["userIdentity"] = TIME_TO_LIVE_IDENTITY
        return shown
