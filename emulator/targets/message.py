"""One message that was sent, and the evidence of what came of it: its object, its item, its notifications, its path."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.errors import EmulatorError
from emulator.targets.eventually import eventually
from emulator.targets.http_exchange import Answer
from emulator.targets.subscriber import Notification
from emulator.targets.waterfall import waterfall

if TYPE_CHECKING:
    from emulator.targets.pipeline import Pipeline

__all__ = ["Message", "MessageIncomplete"]


class MessageIncomplete(AssertionError):
    """A message did not come as far as a test asked; the text names what is missing and draws the message's path."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """The API's answer to one message. `expected` are the bytes that must be archived."""

    pipeline: Pipeline = field(repr=False)
    status: int
    message_id: str | None
    trace_id: str
    answer: Any
    """The body of the answer, parsed where it is JSON."""
    expected: bytes = field(repr=False)

    @classmethod
    def from_answer(cls, pipeline: Pipeline, answer: Answer, *, expected: bytes) -> Message:
        """The message that an answer is about."""
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = answer.body
        message_id = body.get("messageID") if isinstance(body, dict) else None
        return cls(pipeline, answer.status, message_id, _trace_root(answer.headers), body, expected)

    def wait_for(
        self,
        *,
        archived: bool | None = None,
        indexed: bool | None = None,
        notified: str | None = None,
        within: str | float = "10s",
    ) -> Message:
        """Wait, in real time, until all that is asked for is so; the message itself.

        `archived`: one object holds exactly the payload. `indexed`: one item names the message. `notified`: a
        notification of that stage has arrived (`started`, `archived`, `metadata`, `final`). False asks that it is not
        so once the rest is. Raises MessageIncomplete, which names what is missing and shows the message's waterfall.
        """
        if self.message_id is None:
            raise MessageIncomplete(f"the message was not accepted: {self.status} {self.answer}")
        wanted = [
            *([("notified", notified)] if notified is not None else []),
            *([("archived", archived)] if archived is not None else []),
            *([("indexed", indexed)] if indexed is not None else []),
        ]
        missing: list[str] = []

        def complete() -> bool:
            missing[:] = [reason for name, value in wanted if (reason := self._missing(name, value)) is not None]
            return not missing

        if not eventually(complete, within):
            raise MessageIncomplete(f"message {self.message_id} after {within}: {'; '.join(missing)}\n{self.explain()}")
        return self

    def notifications(self, stage: str | None = None) -> list[Notification]:
        """The notifications that have arrived about this message, of one stage or all."""
        found = self.pipeline.subscriber.notifications(self._id())
        return [one for one in found if stage is None or one.stage == stage]

    def objects(self) -> dict[str, bytes]:
        """Every object of the archive whose key ends with the message's id, with its bytes."""
        s3, bucket = self.pipeline.target.client("s3"), self.pipeline.target.output("ArchiveBucketName")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [row["Key"] for page in pages for row in page.get("Contents", ()) if row["Key"].endswith(self._id())]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def items(self) -> list[dict[str, Any]]:
        """Every item of the metadata table under the message's id, as DynamoDB's attribute values."""
        answer = self.pipeline.target.client("dynamodb").query(
            TableName=self.pipeline.target.output("MetadataTableName"),
            KeyConditionExpression="messageID = :id",
            ExpressionAttributeValues={":id": {"S": self._id()}},
            ConsistentRead=True,
        )
        items: list[dict[str, Any]] = answer["Items"]
        return items

    def explain(self) -> str:
        """The message's waterfall, where the target keeps a journal."""
        if "journal" not in self.pipeline.target.capabilities:
            return f"target {self.pipeline.target.name} keeps no journal"
        if self.trace_id == "":
            return "the answer named no trace"
        return waterfall(self.pipeline.journal(trace_id=self.trace_id))

    def _id(self) -> str:
        if self.message_id is None:
            raise EmulatorError(f"the message was not accepted: {self.status} {self.answer}")
        return self.message_id

    def _missing(self, name: str, value: Any) -> str | None:
        """Why a wish is not fulfilled, or None."""
        if name == "notified":
            stages = [one.stage for one in self.notifications()]
            return (
                None
                if value in stages
                else f"no {value} notification (arrived: {', '.join(map(str, stages)) or 'none'})"
            )
        fault = self._archive_fault() if name == "archived" else self._index_fault()
        if value:
            return None if fault is None else f"not {name}: {fault}"
        return f"{name}, which it should not be" if fault is None else None

    def _archive_fault(self) -> str | None:
        objects = self.objects()
        if len(objects) != 1:
            return f"{len(objects)} objects"
        ((key, body),) = objects.items()
        if body == self.expected:
            return None
        digests = [hashlib.sha256(data).hexdigest()[:16] for data in (body, self.expected)]
        return f"{key} has {len(body)} bytes, SHA-256 {digests[0]}..., sent were {len(self.expected)}, {digests[1]}..."

    def _index_fault(self) -> str | None:
        count = len(self.items())
        return None if count == 1 else f"{count} items"


def _trace_root(headers: Any) -> str:
    """The trace id in `X-Amzn-Trace-Id: Root=1-...;...`; empty without one."""
    for part in headers.get("x-amzn-trace-id", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "Root":
            return str(value)
    return ""
