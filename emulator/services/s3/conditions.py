"""Conditional requests: on reads, on the source of a copy, on writes and deletes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
https://www.rfc-editor.org/rfc/rfc9110#name-precedence-of-preconditions
"""

from __future__ import annotations

from email.utils import formatdate

from emulator.operation import Params
from emulator.services.s3.errors import (
    ConditionalRequestConflict,
    NoSuchKey,
    NotImplementedHeader,
    NotModified,
    PreconditionFailed,
)
from emulator.services.s3.state import Bucket, ObjectVersion, Upload

__all__ = ["check_delete", "check_read", "check_source", "check_write", "matches"]


def matches(condition: str, etag: str) -> bool:
    """Whether one of the entity tags of a condition is `etag`; quotes may be missing."""
    if condition.strip() == "*":
        return True
    return any(
        tag.strip().removeprefix("W/").strip('"') == etag or tag.strip() == f'"{etag}"' for tag in condition.split(",")
    )


def check_read(params: Params, version: ObjectVersion, now: float) -> None:
    """Raises PreconditionFailed or NotModified where the conditions of a GetObject or HeadObject do not hold."""
    modified = int(version.last_modified)
    if_match = params.get("IfMatch")
    if if_match is not None:
        if not matches(if_match, version.etag):
            raise PreconditionFailed(fields={"Condition": "If-Match"})
    elif (limit := params.get("IfUnmodifiedSince")) is not None and modified > int(limit):
        raise PreconditionFailed(fields={"Condition": "If-Unmodified-Since"})
    if_none_match = params.get("IfNoneMatch")
    since = params.get("IfModifiedSince")
    if if_none_match is not None:
        unchanged = matches(if_none_match, version.etag)
    else:
        unchanged = since is not None and since <= now and modified <= int(since)
    if unchanged:
        headers = {"ETag": f'"{version.etag}"', "Last-Modified": formatdate(version.last_modified, usegmt=True)}
        raise NotModified(headers=headers)


def check_source(params: Params, version: ObjectVersion, now: float) -> None:
    """Raises PreconditionFailed where the conditions on the source of a copy do not hold."""
    modified = int(version.last_modified)
    if_match = params.get("CopySourceIfMatch")
    failed = ""
    if if_match is not None:
        if not matches(if_match, version.etag):
            failed = "If-Match"
    elif (limit := params.get("CopySourceIfUnmodifiedSince")) is not None and modified > int(limit):
        failed = "If-Unmodified-Since"
    if not failed:
        if_none_match = params.get("CopySourceIfNoneMatch")
        since = params.get("CopySourceIfModifiedSince")
        if if_none_match is not None:
            if matches(if_none_match, version.etag):
                failed = "If-None-Match"
        elif since is not None and since <= now and modified <= int(since):
            failed = "If-Modified-Since"
    if failed:
        raise PreconditionFailed(fields={"Condition": f"x-amz-copy-source-{failed}"})


def check_write(params: Params, bucket: Bucket, key: str, upload: Upload | None = None) -> None:
    """The conditions of a write. For the completion of an upload, what others wrote since it began is a conflict.

    Raises PreconditionFailed, ConditionalRequestConflict, NoSuchKey, NotImplementedHeader.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    if_match, if_none_match = params.get("IfMatch"), params.get("IfNoneMatch")
    if if_match is None and if_none_match is None:
        return
    if if_match is not None and if_none_match is not None:
        raise NotImplementedHeader(
            fields={
                "Header": "If-Match,If-None-Match",
                "additionalMessage": "Multiple conditional request headers present in the request",
            }
        )
    if if_match == "*" or if_none_match not in (None, "*"):
        name = "If-None-Match" if if_match is None else "If-Match"
        raise NotImplementedHeader(
            fields={
                "Header": name,
                "additionalMessage": f"We don't accept the provided value of {name} header for this API",
            }
        )
    current = bucket.keys.live(key)
    if if_none_match is not None:
        if current is not None:
            raise PreconditionFailed(fields={"Condition": "If-None-Match"})
        if upload is not None and bucket.deleted.get(key, 0) > upload.sequence:
            raise ConditionalRequestConflict(fields={"Condition": "If-None-Match", "Key": key})
        return
    if not isinstance(current, ObjectVersion):
        raise NoSuchKey(fields={"Key": key})
    if not matches(str(if_match), current.etag):
        raise PreconditionFailed(fields={"Condition": "If-Match"})
    if upload is not None and current.sequence > upload.sequence:
        raise ConditionalRequestConflict(fields={"Condition": "If-Match", "Key": key})


def check_delete(if_match: str | None, bucket: Bucket, key: str) -> None:
    """The condition of a delete, on the newest version. Raises PreconditionFailed, NoSuchKey.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    """
    if if_match is None:
        return
    current = bucket.keys.live(key)
    if not isinstance(current, ObjectVersion):
        if if_match.strip() == "*":
            raise PreconditionFailed(fields={"Condition": "If-Match"})
        raise NoSuchKey(fields={"Key": key})
    if not matches(if_match, current.etag):
        raise PreconditionFailed(fields={"Condition": "If-Match"})
