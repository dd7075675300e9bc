"""Everything that a DynamoDB holds as plain data: dicts, lists, text, numbers, bytes. And back.

Index entries, orders and sizes are not kept: they follow from the items.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from emulator.account import Account
from emulator.services.dynamodb.backups import Backup
from emulator.services.dynamodb.key_schema import KeySchema
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.secondary_index import SecondaryIndex
from emulator.services.dynamodb.sizes import size_of_item
from emulator.services.dynamodb.state import DynamodbState
from emulator.services.dynamodb.stream import Shard, Stream, StreamRecord
from emulator.services.dynamodb.table import Record, Table
from emulator.services.dynamodb.throughput import Throughput
from emulator.services.dynamodb.time_to_live import TimeToLive
from emulator.services.dynamodb.transactions import TransactionOutcome

__all__ = ["restored_state", "snapshot_of", "table_data", "table_of"]

_AS_IS = (
    "name",
    "arn",
    "table_id",
    "created",
    "attribute_types",
    "on_demand",
    "on_demand_since",
    "maxima",
    "warm",
    "table_class",
    "table_class_updated",
    "encryption",
    "deletion_protected",
    "tags",
    "recovery",
    "policy",
    "restored",
    "creating_until",
    "updating_until",
    "deleting_until",
)
_INDEX_AS_IS = (
    "name",
    "kind",
    "projection_type",
    "non_key_attributes",
    "on_demand",
    "warm",
    "creating_until",
    "backfilling",
    "updating_until",
    "deleting_until",
)
_STREAM_AS_IS = ("arn", "label", "table_name", "key_schema", "view_type", "created", "region", "disabled")
_SHARD_AS_IS = ("shard_id", "parent", "created", "first", "closed", "trimmed")
_RECORD = tuple(field.name for field in fields(StreamRecord))
_BACKUP = tuple(field.name for field in fields(Backup))
_THROUGHPUT = tuple(field.name for field in fields(Throughput))


def _picked(thing: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def snapshot_of(state: DynamodbState) -> dict[str, Any]:
    """Everything as plain data, which shares nothing with the state that either would change."""
    return copy.deepcopy(
        {
            "tables": [table_data(table) for table in state.tables.values()],
            "streams": [_stream_data(stream) for stream in state.streams.values()],
            "backups": [_picked(backup, _BACKUP) for backup in state.backups.values()],
            "tokens": [(token, end, asked, outcome.data()) for token, end, asked, outcome in state.tokens.rows()],
        }
    )


def restored_state(
    account: Account, snapshot: Mapping[str, Any], quotas: DynamodbQuotas | None = None
) -> DynamodbState:
    """The state of a snapshot."""
    state = DynamodbState(account, quotas)
    snapshot = copy.deepcopy(dict(snapshot))
    for row in snapshot["streams"]:
        stream = _stream_of(row, state.quotas)
        state.streams[stream.arn] = stream
    for row in snapshot["tables"]:
        table = table_of(row, state.streams, state.quotas)
        state.tables[table.name] = table
    state.backups = {row["arn"]: Backup(**row) for row in snapshot["backups"]}
    state.tokens.restore(
        [
            (token, end, asked, TransactionOutcome.of_data(outcome, state.tables))
            for token, end, asked, outcome in snapshot["tokens"]
        ]
    )
    return state


def table_data(table: Table) -> dict[str, Any]:
    """A table with its items."""
    return {
        **_picked(table, _AS_IS),
        "schema": table.schema.describe(),
        "throughput": _picked(table.throughput, _THROUGHPUT),
        "indexes": [
            {
                **_picked(index, _INDEX_AS_IS),
                "schema": index.schema.describe(),
                "throughput": _picked(index.throughput, _THROUGHPUT),
            }
            for index in table.indexes.values()
        ],
        "stream": None if table.stream is None else table.stream.arn,
        "latest_stream": None if table.latest_stream is None else table.latest_stream.arn,
        "time_to_live": None if table.time_to_live is None else table.time_to_live.attribute,
        "items": [record.item for _, record in table.records.read(None)],
    }


def table_of(data: dict[str, Any], streams: dict[str, Stream], quotas: DynamodbQuotas) -> Table:
    """The table of a snapshot."""
    schema = KeySchema.of(data["schema"], data["attribute_types"])
    table = Table(
        **{name: data[name] for name in _AS_IS},
        schema=schema,
        throughput=Throughput(**data["throughput"]),
        stream=None if data["stream"] is None else streams[data["stream"]],
        latest_stream=None if data["latest_stream"] is None else streams.get(data["latest_stream"]),
    )
    for row in data["indexes"]:
        index = SecondaryIndex(
            **{name: row[name] for name in _INDEX_AS_IS},
            schema=KeySchema.of(row["schema"], data["attribute_types"]),
            table_schema=schema,
            throughput=Throughput(**row["throughput"]),
        )
        table.indexes[index.name] = index
    if data["time_to_live"] is not None:
        table.time_to_live = TimeToLive(data["time_to_live"], quotas.time_to_live_past_seconds)
    for item in data["items"]:
        place = table.place_of(item)
        table.commit(table.change_to(place, Record(item, size_of_item(item))))
    return table


def _stream_data(stream: Stream) -> dict[str, Any]:
    """A stream with its records."""
    return {
        **_picked(stream, _STREAM_AS_IS),
        "shards": [
            {**_picked(shard, _SHARD_AS_IS), "records": [_picked(record, _RECORD) for record in shard.records]}
            for shard in stream.shards
        ],
    }


def _stream_of(data: dict[str, Any], quotas: DynamodbQuotas) -> Stream:
    """The stream of a snapshot."""
    shards = [
        Shard(
            **{name: row[name] for name in _SHARD_AS_IS},
            records=[StreamRecord(**record) for record in row["records"]],
        )
        for row in data["shards"]
    ]
    return Stream(**{name: data[name] for name in _STREAM_AS_IS}, quotas=quotas, shards=shards)
