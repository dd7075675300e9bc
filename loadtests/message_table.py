"""The message log as a table, one row for each message: for tools that read Parquet (https://parquet.apache.org/)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from loadtests.failures import UsageError
from loadtests.message import STAGES, Message
from loadtests.outcome import judge

__all__ = ["columns", "message_rows", "write_parquet"]


def columns(messages: Sequence[Message]) -> dict[str, list[Any]]:
    """Return a column for each figure of a message and of what became of it; times in seconds."""
    rows = list(message_rows(messages))
    names = list(rows[0]) if rows else []
    return {name: [row[name] for row in rows] for name in names}


def message_rows(messages: Sequence[Message]) -> Iterator[dict[str, Any]]:
    """Yield a row for each message, all with the same names in the same order."""
    return map(_row, messages)


def _row(message: Message) -> dict[str, Any]:
    outcome = judge(message)
    return {
        "index": message.index,
        "key": message.key,
        "message_id": message.message_id,
        "trace_id": message.trace_id,
        "persona": message.persona,
        "size": message.size,
        "body_bytes": message.body_bytes,
        "status": message.status,
        "intended_seconds": message.intended_seconds,
        "started_seconds": message.started_seconds,
        "ended_seconds": message.ended_seconds,
        "ingest_seconds": message.ingest_seconds,
        "service_seconds": message.service_seconds,
        **{f"{stage}_seconds": message.stage_seconds(stage) for stage in STAGES},
        "persisted_seconds": message.persisted_seconds,
        "objects": len(message.objects),
        "items": len(message.items),
        "lost": outcome.lost,
        "duplicated": outcome.duplicated,
        "corrupt": outcome.corrupt,
        "problems": "; ".join(outcome.problems),
    }


def write_parquet(path: Path, messages: Sequence[Message]) -> None:
    """Write the table. Raises `UsageError` where the package that writes Parquet is not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UsageError("Parquet needs another package: pip install 'windtunnel[parquet]'") from None
    parquet.write_table(pyarrow.table(columns(messages)), path)
