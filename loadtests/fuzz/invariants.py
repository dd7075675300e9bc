"""What must hold after a fuzzed run, whatever happened in it. Pure: evidence in, violations out.

- Accepted: archived exactly once, byte for byte, and indexed; or dead-lettered, with its payload still held in Redis.
- Salvaged: its record is there and holds the request.
- Refused: nothing of it is anywhere.
- No answer that promises anything (500, 502, 504): at most one execution of it, which is then judged as if it had been accepted.
- No notice claims what is not there, nor is a final notice modest without need; references are filled exactly with their flag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from emulator.targets.subscriber import Notification
from fixtures.incoming import Incoming
from fixtures.oracle import same_json
from loadtests.fuzz.evidence import Evidence

__all__ = ["Excuses", "Fate", "Sent", "lies", "violations"]

Fate = Literal["accepted", "salvaged", "refused", "unknown"]
_ARCHIVE_FAILED = "The payload could not be archived"
_RECORD_FAILED = "The metadata could not be recorded"
_FINAL_FAILED = "The final state could not be recorded"
_UNTOLD = "Subscribers could not be told: Final state"


@dataclass(slots=True)
class Sent:
    """A message that was sent, the answer to it, and under which id it is known (None: it is not)."""

    number: int
    transaction_id: str
    incoming: Incoming
    fate: Fate
    status: int
    message_id: str | None = None
    payload_lost: bool = False
    """Redis lost its data while this message may have been there alone."""
    redriven: bool = False
    """It was given to the ingest function again, with or without success."""

    def __str__(self) -> str:
        return f"message {self.number} ({self.fate}, {self.status}, {self.message_id or 'no id'})"


@dataclass(frozen=True, slots=True)
class Excuses:
    """What may have kept the pipeline from knowing. `archive_unseen`: a look into the archive failed. `started_unheard`: a call of
    StartExecution failed, so that a message may be both salvaged and started.
    """

    archive_unseen: bool = False
    started_unheard: bool = False


def violations(sent: Sequence[Sent], evidence: Evidence, excuses: Excuses) -> list[str]:
    """Everything that does not hold, in words; empty where all is well."""
    return [*_of_messages(sent, evidence, excuses), *_of_strangers(sent, evidence, excuses)]


def lies(notice: Notification, archived: bool, recorded: bool) -> list[str]:
    """What a notice claims that is not so, or says in two ways."""
    content = notice.content
    try:
        state, storage = content["state"], content["storageContext"]
        said = {"S3": state["S3"], "metaData": state["metaData"]}
        repeated = storage["persistence"]
        references = {"S3": storage["S3Reference"]["key"], "metaData": storage["metaDataReference"]["primaryKey"]}
    except (KeyError, TypeError) as error:
        return [f"the {notice.stage} notice is not of the form that subscribers know: {error!r}"]
    found = []
    for flag, there in (("S3", archived), ("metaData", recorded)):
        if type(said[flag]) is not bool:
            found.append(f"the {notice.stage} notice has {said[flag]!r} for flag {flag}")
        elif said[flag] and not there:
            found.append(f"the {notice.stage} notice says {flag}: true, and it is not there")
        if repeated.get(flag) != said[flag] or (references[flag] is not None) != said[flag]:
            found.append(f"the {notice.stage} notice contradicts itself about {flag}")
    return found


def _of_messages(sent: Sequence[Sent], evidence: Evidence, excuses: Excuses) -> Iterable[str]:
    for one in sent:
        if one.fate == "accepted":
            if one.message_id not in evidence.executions:
                yield f"{one}: no execution has its id"
            for what in _of_started(one, evidence, excuses):
                yield f"{one}: {what}"
        elif one.fate == "salvaged" and one.message_id is not None:
            record = evidence.salvaged.get(one.message_id)
            if record is None:
                yield f"{one}: there is no record of it in the failed-messages bucket"
            elif record["event"]["body"] != one.incoming.body.decode():
                yield f"{one}: its record holds another body"
            if one.message_id in evidence.executions:
                if not (excuses.started_unheard or one.redriven):
                    yield f"{one}: it was started, and the caller was told that it was only kept"
                yield from (f"{one}: {what}" for what in _of_started(one, evidence, excuses))


def _of_started(one: Sent, evidence: Evidence, excuses: Excuses) -> Iterable[str]:
    """What is wrong with a message whose workflow ran."""
    name = str(one.message_id)
    objects, items = evidence.objects.get(name, []), evidence.items.get(name, [])
    archived, recorded = len(objects) == 1, len(items) == 1
    status = evidence.executions.get(name)
    if status == "RUNNING":
        yield "its workflow does not end"
    yield from _of_object(one, objects, evidence)
    yield from _of_item(one, items, archived, evidence)
    notices = evidence.notices.get(name, [])
    for notice in notices:
        yield from lies(notice, archived, recorded)
        if not same_json(notice.content.get("messageMetaData"), dict(one.incoming.meta)):
            yield f"the {notice.stage} notice carries other metadata than was sent"
    finals = [notice for notice in notices if notice.stage == "final"]
    if not finals and not _dead(evidence, "FinalStateDeadLetterQueueUrl", name, _UNTOLD):
        yield f"no final notice has come (come have: {', '.join(str(notice.stage) for notice in notices) or 'none'})"
    unrecorded = _dead(evidence, "FinalStateDeadLetterQueueUrl", name, _FINAL_FAILED)
    for notice in finals:
        state = notice.content["state"]
        if archived and not state["S3"] and not (excuses.archive_unseen or unrecorded):
            yield "the final notice says S3: false, and the object is there"
        if recorded and not state["metaData"] and not unrecorded:
            yield "the final notice says metaData: false, and the item is there"


def _of_object(one: Sent, objects: list[tuple[str, bytes]], evidence: Evidence) -> Iterable[str]:
    name = str(one.message_id)
    if len(objects) > 1:
        yield f"it is archived {len(objects)} times: {', '.join(key for key, _ in objects)}"
    for key, body in objects:
        if key != one.incoming.key_prefix + name:
            yield f"it is archived under {key}, not {one.incoming.key_prefix}{name}"
        expected = one.incoming.payload.expected
        if body != expected:
            digests = [hashlib.sha256(data).hexdigest()[:12] for data in (body, expected)]
            yield f"archived are {len(body)} bytes ({digests[0]}), sent were {len(expected)} ({digests[1]})"
    if objects:
        return
    if not _dead(evidence, "ArchiveDeadLetterQueueUrl", name, _ARCHIVE_FAILED):
        yield "it is lost: neither archived nor in the dead-letter queue of the archive"
    elif not one.payload_lost and evidence.payloads.get(name) != _received(one):
        yield "it is in the dead-letter queue of the archive, and Redis does not hold its payload"


def _received(one: Sent) -> bytes:
    """The bytes that Redis holds of a message: a string's own text, any other value as it was written."""
    sent = one.incoming.payload.sent
    return one.incoming.payload.received if sent.startswith(b'"') else sent


def _of_item(one: Sent, items: Sequence[Mapping[str, Any]], archived: bool, evidence: Evidence) -> Iterable[str]:
    name = str(one.message_id)
    if len(items) > 1:
        yield f"it is indexed {len(items)} times"
    for item in items:
        if not same_json(item["messageMetaData"], dict(one.incoming.meta)):
            yield f"its item holds other metadata: {item['messageMetaData']!r}"
        if item["storageContext"]["persistence"]["S3"] and not archived:
            yield "its item says that the payload is archived, and it is not"
    if not items and not _dead(evidence, "MetadataDeadLetterQueueUrl", name, _RECORD_FAILED):
        yield "it is neither indexed nor in the dead-letter queue of the metadata"


def _of_strangers(sent: Sequence[Sent], evidence: Evidence, excuses: Excuses) -> Iterable[str]:
    """Everything in the stores must be of a message that may be there."""
    known = {one.message_id for one in sent if one.message_id is not None}
    open_ends = [one for one in sent if one.fate == "unknown" and one.message_id is None]
    for name in sorted({*evidence.executions, *evidence.objects, *evidence.items, *evidence.salvaged} - known):
        owner = next((one for one in open_ends if _is_of(one, name, evidence)), None)
        if owner is None:
            places = [
                place for place in ("executions", "objects", "items", "salvaged") if name in getattr(evidence, place)
            ]
            yield f"{name}, which was never accepted, is in: {', '.join(places)}"
            continue
        open_ends.remove(owner)
        claimed = Sent(owner.number, owner.transaction_id, owner.incoming, "unknown", owner.status, name)
        claimed.payload_lost = owner.payload_lost
        if name in evidence.executions:
            yield from (f"{claimed}: {what}" for what in _of_started(claimed, evidence, excuses))


def _is_of(one: Sent, name: str, evidence: Evidence) -> bool:
    """Whether an id that nobody was told is that of a message that got no answer."""
    record = evidence.salvaged.get(name)
    if record is not None:
        return bool(record["event"]["body"] == one.incoming.body.decode())
    started = evidence.inputs.get(name)
    if started is None:
        return False
    digest = hashlib.sha256(_received(one)).hexdigest()
    return bool(
        started["messageMetaData"]["sourceTransactionID"] == one.transaction_id
        and started["messageSecurityContext"]["payload"]["sha256"] == digest
    )


def _dead(evidence: Evidence, output: str, name: str, message: str) -> bool:
    return any(body.get("message") == message for body in evidence.dead.get(output, {}).get(name, ()))
