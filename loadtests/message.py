"""One message of a run as facts: what was sent, what was heard of it, and what was found of it. No judgement here.

Times are seconds since the start of the load, from one monotonic clock that all processes of a machine share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from sys import intern
from typing import Any

__all__ = ["STAGES", "Message", "Notice", "StoredItem", "StoredObject"]

# In the order in which a message that does well passes them.
STAGES = ("started", "archived", "metadata", "final")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification that the subscriber received, and the two flags as it stated them (None: no boolean)."""

    stage: str
    at_seconds: float
    s3: bool | None
    metadata: bool | None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in the archive, read back whole."""

    key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item in the metadata table: the message that it names, where it says the payload is, and its two flags."""

    message_id: str
    object_key: str | None
    s3: bool | None
    metadata: bool | None


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the message log.

    `started_seconds` is None for a message that the generator dropped, `status` for one that got no answer. The digest and
    `payload_bytes` are those of the decoded payload, which is what the archive must hold.
    """

    index: int
    key: str
    size: str
    body_bytes: int
    payload_bytes: int
    payload_sha256: str
    intended_seconds: float
    started_seconds: float | None
    ended_seconds: float | None
    status: int | None
    error: str | None
    message_id: str | None
    trace_id: str | None = None
    persona: str = ""
    notices: tuple[Notice, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    items: tuple[StoredItem, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the sender was told that the message is safe."""
        return self.status == 200 and self.message_id is not None

    @property
    def ingest_seconds(self) -> float | None:
        """From the intended start to the answer: what a sender waits, the generator's own lateness included."""
        return None if self.ended_seconds is None else self.ended_seconds - self.intended_seconds

    @property
    def service_seconds(self) -> float | None:
        """From the actual start to the answer."""
        if self.started_seconds is None or self.ended_seconds is None:
            return None
        return self.ended_seconds - self.started_seconds

    @property
    def start_lag_seconds(self) -> float | None:
        """How late the generator was."""
        return None if self.started_seconds is None else self.started_seconds - self.intended_seconds

    def stage_seconds(self, stage: str) -> float | None:
        """From the intended start to the first notice of `stage` at the subscriber."""
        moments = [notice.at_seconds for notice in self.notices if notice.stage == stage]
        return min(moments) - self.intended_seconds if moments else None

    @property
    def persisted_seconds(self) -> float | None:
        """From the intended start to the first final notice that states both flags as true."""
        moments = [
            notice.at_seconds
            for notice in self.notices
            if notice.stage == "final" and notice.s3 is True and notice.metadata is True
        ]
        return min(moments) - self.intended_seconds if moments else None

    def to_json(self) -> dict[str, Any]:
        """Return this row as JSON."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Message:
        """Return the row that `to_json` wrote. What many rows say, or one says twice, is kept once: a log may be long."""
        own = {value[name]: value[name] for name in ("payload_sha256", "message_id")}
        objects = tuple(
            StoredObject(**{**stored, "sha256": own.get(stored["sha256"], stored["sha256"])})
            for stored in value["objects"]
        )
        own |= {stored.key: stored.key for stored in objects}
        return Message(
            **{
                **value,
                "size": intern(value["size"]),
                "persona": intern(value.get("persona", "")),
                "notices": tuple(Notice(**{**notice, "stage": intern(notice["stage"])}) for notice in value["notices"]),
                "objects": objects,
                "items": tuple(
                    StoredItem(
                        own.get(item["message_id"], item["message_id"]),
                        own.get(item["object_key"], item["object_key"]),
                        item["s3"],
                        item["metadata"],
                    )
                    for item in value["items"]
                ),
            }
        )
