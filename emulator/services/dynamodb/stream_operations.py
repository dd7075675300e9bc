"""The operations of DynamoDB Streams: a service of its own with the tables' state.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.errors import (
    ExpiredIteratorException,
    ResourceNotFoundException,
    TrimmedDataAccessException,
    ValidationException,
)
from emulator.services.dynamodb.shard_iterator import ShardIterator
from emulator.services.dynamodb.sizes import size_of_item
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.stream import Shard, Stream, StreamRecord

__all__ = ["StreamOperations"]

TRIMMED = "The operation attempted to read past the oldest stream record in a shard."


class StreamOperations(DynamodbStore):
    """Streams are found by their ARN, also when their table is gone."""

    @operation("ListStreams")
    def list_streams(self, params: Params, context: CallContext) -> Reply:
        """The streams of one table, or of all."""
        _check_limit(params.get("Limit"), self.state.quotas.streams_page)
        self.state.settle(context.now)
        name = params.get("TableName")
        name = None if name is None else self.state.table_name(name)
        after, limit = params.get("ExclusiveStartStreamArn"), params.get("Limit", self.state.quotas.streams_page)
        streams = sorted(
            (stream for stream in self.state.streams.values() if name is None or stream.table_name == name),
            key=lambda stream: stream.arn,
        )
        streams = [stream for stream in streams if after is None or stream.arn > after]
        result: dict[str, Any] = {
            "Streams": [
                {"StreamArn": stream.arn, "TableName": stream.table_name, "StreamLabel": stream.label}
                for stream in streams[:limit]
            ]
        }
        if len(streams) > limit:
            result["LastEvaluatedStreamArn"] = streams[limit - 1].arn
        return Reply(result)

    @operation("DescribeStream")
    def describe_stream(self, params: Params, context: CallContext) -> Reply:
        """A stream and its shards."""
        _check_limit(params.get("Limit"), self.state.quotas.shards_page)
        stream = self._stream(params["StreamArn"], context.now)
        shards, after = stream.shards, params.get("ExclusiveStartShardId")
        narrowed = params.get("ShardFilter")
        if narrowed is not None and narrowed.get("Type") == "CHILD_SHARDS":
            shards = [shard for shard in shards if shard.parent == narrowed.get("ShardId")]
        shards = [shard for shard in shards if after is None or shard.shard_id > after]
        limit = min(params.get("Limit", self.state.quotas.shards_page), self.state.quotas.shards_page)
        shown: dict[str, Any] = {
            "StreamArn": stream.arn,
            "StreamLabel": stream.label,
            "StreamStatus": "ENABLED" if stream.disabled is None else "DISABLED",
            "StreamViewType": stream.view_type,
            "CreationRequestDateTime": stream.created,
            "TableName": stream.table_name,
            "KeySchema": stream.key_schema,
            "Shards": [shard.describe() for shard in shards[:limit]],
        }
        if len(shards) > limit:
            shown["LastEvaluatedShardId"] = shards[limit - 1].shard_id
        return Reply({"StreamDescription": shown})

    @operation("GetShardIterator")
    def get_shard_iterator(self, params: Params, context: CallContext) -> Reply:
        """Where to read a shard from: its oldest record, its end, or a record or the one after it."""
        stream = self._stream(params["StreamArn"], context.now)
        shard = self._shard(stream, params["ShardId"])
        kind, text = params["ShardIteratorType"], params.get("SequenceNumber")
        if kind == "TRIM_HORIZON":
            position = shard.horizon
        elif kind == "LATEST":
            position = shard.next_sequence_number
        else:
            if text is None:
                raise ValidationException(
                    "One or more parameter values were invalid: SequenceNumber must be provided for ShardIteratorType: "
                    f"{kind}"
                )
            position = _position(shard, text) + (1 if kind == "AFTER_SEQUENCE_NUMBER" else 0)
        if kind in ("TRIM_HORIZON", "LATEST") and text is not None:
            raise ValidationException(
                f"One or more parameter values were invalid: SequenceNumber must not be provided for ShardIteratorType: {kind}"
            )
        return Reply({"ShardIterator": ShardIterator(stream.arn, shard.shard_id, position, context.now).encode()})

    @operation("GetRecords")
    def get_records(self, params: Params, context: CallContext) -> Reply:
        """The next records of a shard, at most 1,000 or 1 MB, and the iterator for those after; none at the end of a closed shard."""
        quotas, now = self.state.quotas, context.now
        _check_limit(params.get("Limit"), quotas.stream_records_page)
        iterator = ShardIterator.decode(params["ShardIterator"])
        stream = self._stream(iterator.stream_arn, now)
        shard = self._shard(stream, iterator.shard_id)
        age = now - iterator.issued
        if age > quotas.shard_iterator_seconds:
            raise ExpiredIteratorException(
                f"Iterator expired. The iterator was created at time {iterator.issued} while right now is {now} which is further in "
                f"the future than the tolerated delay of {quotas.shard_iterator_seconds * 1000:.0f} milliseconds."
            )
        if iterator.position < shard.horizon:
            raise TrimmedDataAccessException(TRIMMED)
        limit = params.get("Limit", quotas.stream_records_page)
        records: list[StreamRecord] = []
        total = 0
        for record in shard.read(iterator.position, min(limit, quotas.stream_records_page)):
            total += _size(record)
            if records and total > quotas.stream_page_bytes:
                break
            records.append(record)
        position = records[-1].sequence_number + 1 if records else iterator.position
        result: dict[str, Any] = {"Records": [stream.show(record) for record in records]}
        if shard.closed is None or position < shard.next_sequence_number:
            result["NextShardIterator"] = ShardIterator(stream.arn, shard.shard_id, position, now).encode()
        return Reply(result)

    def _stream(self, arn: str, now: float) -> Stream:
        if not arn.startswith("arn:") or "/stream/" not in arn:
            raise ValidationException(f"Invalid StreamArn: {arn}")
        self.state.settle(now)
        stream = self.state.streams.get(arn)
        if stream is None:
            raise ResourceNotFoundException(f"Requested resource not found: Stream: {arn} not found")
        return stream

    def _shard(self, stream: Stream, shard_id: str) -> Shard:
        shard = stream.shard(shard_id)
        if shard is None:
            raise ResourceNotFoundException(
                f"Requested resource not found: Shard: {shard_id} in Stream: {stream.arn} not found"
            )
        return shard


def _size(record: StreamRecord) -> int:
    return sum(size_of_item(item) for item in (record.keys, record.before, record.after) if item is not None)


def _check_limit(limit: int | None, most: int) -> None:
    if limit is not None and limit > most:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {most}"
        )


def _position(shard: Shard, text: str) -> int:
    """The sequence number that a caller names. Raises where it is none of the shard's, or its record is gone."""
    if not text.isdecimal() or not shard.first <= int(text) <= max(shard.first, shard.next_sequence_number - 1):
        raise ValidationException(f"Invalid SequenceNumber: {text} is not in the range of shard {shard.shard_id}")
    if int(text) < shard.horizon:
        raise TrimmedDataAccessException(TRIMMED)
    return int(text)
