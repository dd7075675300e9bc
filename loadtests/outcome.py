"""The judgement of one message: was the promise kept?

An accepted message must be archived byte for byte, named by exactly one item and one object, and announced by a final notice;
every flag that anybody was shown must be true to fact. A message that was refused must have left nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.message import STAGES, Message, Notice

__all__ = ["Outcome", "judge"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message. Several can hold at once; `problems` is empty exactly if the promise was kept."""

    accepted: bool
    refused: bool
    unanswered: bool
    dropped: bool
    archived: bool
    recorded: bool
    announced: bool
    lost: bool
    duplicated: bool
    corrupt: bool
    false_flags: tuple[str, ...]
    problems: tuple[str, ...]


def judge(message: Message) -> Outcome:
    """Return what became of a message, after its time to be persisted is over."""
    dropped = message.started_seconds is None
    unanswered = not dropped and message.status is None
    archived = any(_is_whole(message, index) for index in range(len(message.objects)))
    recorded = any(_names(message, index) for index in range(len(message.items)))
    announced = any(notice.stage == "final" for notice in message.notices)
    corrupt = any(not _is_whole(message, index) for index in range(len(message.objects)))
    duplicated = len(message.objects) > 1 or len(message.items) > 1
    lost = message.accepted and not (message.objects and message.items and announced)
    flags = tuple(_false_flags(message))
    return Outcome(
        accepted=message.accepted,
        refused=not dropped and not unanswered and not message.accepted,
        unanswered=unanswered,
        dropped=dropped,
        archived=archived,
        recorded=recorded,
        announced=announced,
        lost=lost,
        duplicated=duplicated,
        corrupt=corrupt,
        false_flags=flags,
        problems=tuple(_problems(message, archived, recorded, announced, flags)),
    )


def _is_whole(message: Message, index: int) -> bool:
    stored = message.objects[index]
    return stored.sha256 == message.payload_sha256 and stored.size_bytes == message.payload_bytes


def _names(message: Message, index: int) -> bool:
    """Whether the item is the message's, says where the object is, and says that both are there."""
    item = message.items[index]
    keys = {stored.key for stored in message.objects}
    return item.message_id == message.message_id and item.object_key in keys


def _false_flags(message: Message) -> Iterator[str]:
    """A flag that says yes must be backed by what was found; the last word, and each stage's own flag, must not say less either."""
    facts = {"S3": bool(message.objects), "metaData": bool(message.items)}
    for notice in message.notices:
        for name, stated in (("S3", notice.s3), ("metaData", notice.metadata)):
            must_be = facts[name] if _settles(notice, name) else None
            if stated is None:
                yield f"{notice.stage} notice: {name} is not a boolean"
            elif stated and not facts[name]:
                yield f"{notice.stage} notice: {name} is true, but nothing is there"
            elif must_be and not stated:
                yield f"{notice.stage} notice: {name} is false, but it is there"
    for item in message.items if any(notice.stage == "final" for notice in message.notices) else ():
        for name, stated in (("S3", item.s3), ("metaData", item.metadata)):
            if stated is not facts[name]:
                yield f"item: {name} is {stated}, but {'it is' if facts[name] else 'nothing is'} there"


def _settles(notice: Notice, flag: str) -> bool:
    """Whether a notice of this stage must know the flag: an earlier one may be published before the other branch is done."""
    return notice.stage == "final" or (notice.stage, flag) in (("archived", "S3"), ("metadata", "metaData"))


def _problems(
    message: Message, archived: bool, recorded: bool, announced: bool, false_flags: tuple[str, ...]
) -> Iterator[str]:
    if message.accepted:
        if not message.objects:
            yield "accepted, but not archived"
        if not message.items:
            yield "accepted, but no metadata item"
        elif not recorded:
            yield "the metadata item does not name the archived object"
        yield from (f"no {stage} notice" for stage in STAGES if not any(n.stage == stage for n in message.notices))
    elif message.status is not None:
        if message.status == 200:
            yield "answered with 200, but without a messageID"
        elif message.status not in (400, 403, 413, 429, 503):
            yield f"refused with {message.status}, which is no clear error"
        if message.objects or message.items or announced:
            yield f"refused with {message.status}, but stored or announced"
    elif message.started_seconds is not None:
        yield f"no answer: {message.error}"
    if message.objects and not archived:
        yield "the archived object is not the payload that was sent"
    elif any(not _is_whole(message, index) for index in range(len(message.objects))):
        yield "one of the archived objects is not the payload that was sent"
    if len(message.objects) > 1:
        yield f"archived {len(message.objects)} times"
    if len(message.items) > 1:
        yield f"{len(message.items)} metadata items"
    yield from false_flags
