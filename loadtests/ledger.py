"""The message log: one NDJSON row for each message, from which every report is made.

While a run lasts, each process appends the rows that it knows (what was sent, heard, found). Afterwards they are put together
by message. Payloads are never kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from loadtests.message import Message, Notice, StoredItem, StoredObject
from loadtests.plan import is_key, key_prefix, probe_prefix

__all__ = ["MESSAGES", "Tail", "Unclaimed", "append_row", "assemble", "read_messages", "read_rows", "write_messages"]

MESSAGES = "messages.ndjson"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """What was found or heard, but belongs to no message of the run and to no probe: object keys, and ids of items and notices."""

    objects: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def append_row(row: Row) -> bytes:
    """Return a row as the bytes to append to a log."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the complete rows of a log; none if it does not exist. A last line without an end was still being written."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield orjson.loads(line)


class Tail:
    """Follows a log that another process appends to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows that were completed since the last call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as stream:
            stream.seek(self._position)
            text = stream.read()
        complete = text.rfind(b"\n") + 1
        self._position += complete
        return [orjson.loads(line) for line in text[:complete].splitlines()]


def write_messages(path: Path, messages: Iterable[Message]) -> None:
    """Write a message log."""
    with path.open("wb") as stream:
        for message in messages:
            stream.write(append_row(message.to_json()))


def read_messages(path: Path) -> list[Message]:
    """Return the rows of a message log."""
    return [Message.from_json(row) for row in read_rows(path)]


def assemble(
    sent: Iterable[Row],
    notices: Iterable[Row],
    objects: Iterable[Row],
    items: Iterable[Row],
    *,
    epoch_seconds: float,
    run_id: str,
    exclusive: bool,
) -> tuple[list[Message], Unclaimed]:
    """Return every message with all that belongs to it, and what belongs to none.

    A row belongs to the message whose id it bears, else to the one whose key it bears: an object that was written twice under
    two ids still has one sender's key in its payload. Probes are not counted. What bears no key of any run is unclaimed only if the
    run had the pipeline to itself (`exclusive`); elsewhere it is somebody else's. `run_id` is what names the run in keys.
    """
    by_key: dict[str, Message] = {}
    key_by_id: dict[str, str] = {}
    for row in sent:
        message = _message(row)
        by_key[message.key] = message
        if message.message_id is not None:
            key_by_id[message.message_id] = message.key

    def owner(row: Row) -> str | None:
        key = key_by_id.get(row["message_id"], row["key"])
        return key if key in by_key else None

    heard: dict[str, list[Notice]] = defaultdict(list)
    stored: dict[str, list[StoredObject]] = defaultdict(list)
    recorded: dict[str, list[StoredItem]] = defaultdict(list)
    strangers: dict[str, list[str]] = {"objects": [], "items": [], "notices": []}
    for kind, rows in (("notices", notices), ("objects", objects), ("items", items)):
        for row in rows:
            key = owner(row)
            if key is None:
                if _is_stray(str(row["key"]), run_id, exclusive):
                    strangers[kind].append(str(row["object_key"] if kind == "objects" else row["message_id"]))
            elif kind == "notices":
                moment = row["at"] - epoch_seconds
                heard[key].append(Notice(row["stage"], moment, row["s3"], row["metadata"]))
            elif kind == "objects":
                stored[key].append(StoredObject(row["object_key"], row["size_bytes"], row["sha256"]))
            else:
                recorded[key].append(StoredItem(row["message_id"], row["object_key"], row["s3"], row["metadata"]))
    messages = [
        replace(message, notices=tuple(heard[key]), objects=tuple(stored[key]), items=tuple(recorded[key]))
        for key, message in by_key.items()
    ]
    messages.sort(key=lambda message: message.index)
    return messages, Unclaimed(**{kind: tuple(found) for kind, found in strangers.items()})


def _is_stray(key: str, key_root: str, exclusive: bool) -> bool:
    """Whether a row that no message of the run claims should not be there."""
    if is_key(key):
        return key.startswith(key_prefix(key_root)) and not key.startswith(probe_prefix(key_root))
    return exclusive


def _message(row: Row) -> Message:
    return Message(
        index=row["index"],
        key=row["key"],
        size=row["size"],
        body_bytes=row["body_bytes"],
        payload_bytes=row["payload_bytes"],
        payload_sha256=row["payload_sha256"],
        intended_seconds=row["intended_seconds"],
        started_seconds=row["started_seconds"],
        ended_seconds=row["ended_seconds"],
        status=row["status"],
        error=row["error"],
        message_id=row["message_id"],
        trace_id=row.get("trace_id"),
        persona=row.get("persona", ""),
    )
