"""The state of S3 as plain data: dictionaries, lists, strings, numbers, and the content of objects as bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from emulator.body import Body
from emulator.services.s3.key_index import KeyIndex
from emulator.services.s3.state import (
    Bucket,
    Checksum,
    DeleteMarker,
    Encryption,
    ObjectVersion,
    Part,
    PartSummary,
    Restore,
    Retention,
    Upload,
    Version,
)
from emulator.services.s3.store import S3Store

__all__ = ["Snapshots"]

_PARTS_OF_OTHERS: Mapping[str, type] = {
    "checksum": Checksum,
    "encryption": Encryption,
    "restore": Restore,
    "retention": Retention,
}
"""Members that are records themselves, by the name that they have wherever they stand."""
_WRITTEN_APART = frozenset({"content", "keys", "uploads", "parts", "completed", "deleted"})


class Snapshots(S3Store):
    """Takes the state out of the service, and puts it back."""

    def snapshot(self, keep: Callable[[Body], Any] = bytes) -> dict[str, Any]:
        """All buckets with what is in them. `keep` says what stands for the content of an object."""
        return {
            "buckets": [_bucket_written(bucket, keep) for bucket in self.buckets.values()],
            "aws_managed_key_arn": self.aws_managed_key_arn,
        }

    def restore_snapshot(self, data: Mapping[str, Any], give: Callable[[Any], Body] = Body.of) -> None:
        """Replace all buckets by those of a snapshot. `give` undoes the snapshot's `keep`."""
        self.buckets = {row["name"]: _bucket_read(row, give) for row in data["buckets"]}
        self.aws_managed_key_arn = data["aws_managed_key_arn"]


def _record(value: Any) -> dict[str, Any]:
    """A record's members, without those that are written apart."""
    row: dict[str, Any] = {}
    for field in fields(value):
        if field.name in _WRITTEN_APART:
            continue
        member = getattr(value, field.name)
        row[field.name] = _record(member) if field.name in _PARTS_OF_OTHERS and member is not None else _copied(member)
    return row


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in value]
    return value


def _members(row: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """The members of a record, records inside it made again."""
    members: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in row and field.name not in _WRITTEN_APART:
            value = _copied(row[field.name])
            inner = _PARTS_OF_OTHERS.get(field.name)
            members[field.name] = value if inner is None or value is None else inner(**value)
    return members


# -- versions ------------------------------------------------------------------------------------------------------------------------


def _version_written(version: Version, keep: Callable[[Body], Any]) -> dict[str, Any]:
    if isinstance(version, DeleteMarker):
        return {"is_delete_marker": True, **_record(version)}
    parts = [_record(part) | {"checksum": part.checksum} for part in version.parts]
    content = keep(version.content)
    return {"is_delete_marker": False, **_record(version), "parts": parts, "content": content}


def _version_read(row: Mapping[str, Any], give: Callable[[Any], Body]) -> Version:
    if row["is_delete_marker"]:
        return DeleteMarker(**_members(row, DeleteMarker))
    parts = tuple(PartSummary(**part) for part in row["parts"])
    return ObjectVersion(**_members(row, ObjectVersion), parts=parts, content=give(row["content"]))


def _upload_written(upload: Upload, keep: Callable[[Body], Any]) -> dict[str, Any]:
    parts = [_record(part) | {"content": keep(part.content)} for part in upload.parts.values()]
    return {**_record(upload), "parts": parts}


def _upload_read(row: Mapping[str, Any], give: Callable[[Any], Body]) -> Upload:
    parts = [Part(**_members(part, Part), content=give(part["content"])) for part in row["parts"]]
    return Upload(**_members(row, Upload), parts={part.number: part for part in parts})


# -- buckets -------------------------------------------------------------------------------------------------------------------------


def _bucket_written(bucket: Bucket, keep: Callable[[Body], Any]) -> dict[str, Any]:
    return {
        **_record(bucket),
        "versions": [
            _version_written(version, keep) for _, history in bucket.keys.histories() for version in history[::-1]
        ],
        "uploads": [_upload_written(upload, keep) for upload in bucket.uploads.values()],
        "deleted": dict(bucket.deleted),
        "completed": {
            upload_id: {"parts": [list(part) for part in parts], "result": _copied(result)}
            for upload_id, (parts, result) in bucket.completed.items()
        },
    }


def _bucket_read(row: Mapping[str, Any], give: Callable[[Any], Body]) -> Bucket:
    keys: KeyIndex[Version] = KeyIndex()
    for version in row["versions"]:
        keys.add(_version_read(version, give))
    uploads = [_upload_read(upload, give) for upload in row["uploads"]]
    completed = {
        upload_id: (tuple((number, etag) for number, etag in done["parts"]), _copied(done["result"]))
        for upload_id, done in row["completed"].items()
    }
    return Bucket(
        **_members(row, Bucket),
        keys=keys,
        uploads={upload.upload_id: upload for upload in uploads},
        deleted=dict(row["deleted"]),
        completed=completed,
    )
