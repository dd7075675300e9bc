"""Rules for tags, on buckets and on objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from emulator.services.s3.errors import BadRequest, InvalidArgument, InvalidTag
from emulator.services.s3.quotas import S3Quotas

__all__ = ["bucket_tags", "header_tags", "object_tags", "tag_set"]

_SIGNS = frozenset("_.:/=+-@")


def object_tags(rows: Iterable[Mapping[str, Any]], quotas: S3Quotas) -> dict[str, str]:
    """The tags of a TagSet for an object. Raises InvalidTag, BadRequest."""
    rows = tuple(rows)
    if len(rows) > quotas.object_tags:
        raise BadRequest(f"Object tags cannot be greater than {quotas.object_tags}")
    return _tags(rows, quotas, "Your TagKey cannot be prefixed with aws:")


def bucket_tags(rows: Iterable[Mapping[str, Any]], quotas: S3Quotas) -> dict[str, str]:
    """The tags of a TagSet for a bucket. Raises InvalidTag, BadRequest."""
    rows = tuple(rows)
    if len(rows) > quotas.bucket_tags:
        raise BadRequest(f"Bucket tag count cannot be greater than {quotas.bucket_tags}")
    return _tags(rows, quotas, "System tags cannot be added/updated by requester")


def header_tags(value: str | None, quotas: S3Quotas) -> dict[str, str]:
    """The tags of a header `x-amz-tagging`. Raises InvalidArgument, InvalidTag, BadRequest."""
    if value is None or value == "":
        return {}
    parts = [part.split("=") for part in value.split("&") if part]
    good = all(len(part) <= 2 for part in parts)
    pairs: list[tuple[str, str]] = []
    try:
        pairs = [
            (unquote_plus(part[0], errors="strict"), unquote_plus("".join(part[1:]), errors="strict")) for part in parts
        ]
    except UnicodeDecodeError:
        good = False
    if not good or len({key for key, _ in pairs}) < len(pairs):
        message = (
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
            "duplicates."
        )
        raise InvalidArgument.of(message, "x-amz-tagging", value)
    return object_tags([{"Key": key, "Value": value} for key, value in pairs], quotas)


def tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as S3 shows them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _tags(rows: tuple[Mapping[str, Any], ...], quotas: S3Quotas, reserved: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for row in rows:
        key, value = row.get("Key"), row.get("Value")
        if key is None or not 0 < len(key) <= quotas.tag_key_characters or not _is_valid(key):
            raise InvalidTag("The TagKey you have provided is invalid", fields={"TagKey": key or ""})
        if value is None or len(value) > quotas.tag_value_characters or not _is_valid(value):
            fields = {"TagKey": key, "TagValue": value or ""}
            raise InvalidTag("The TagValue you have provided is invalid", fields=fields)
        if re.match("aws:", key, re.IGNORECASE):
            raise InvalidTag(reserved, fields={"TagKey": key})
        if key in tags:
            raise InvalidTag("Cannot provide multiple Tags with the same key", fields={"TagKey": key})
        tags[key] = value
    return tags


def _is_valid(text: str) -> bool:
    return all(sign in _SIGNS or unicodedata.category(sign)[0] in "LZN" for sign in text)
