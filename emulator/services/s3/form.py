"""Browsers' uploads by form: the fields, the file, and the policy that its maker signed.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator.body import Body
from emulator.services.s3.configuration_errors import InvalidPolicyDocument, MalformedPOSTRequest
from emulator.services.s3.errors import AccessDenied, EntityTooLarge, EntityTooSmall, InvalidArgument

__all__ = ["Form", "check_policy", "read_form"]

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?')
_PARAMETER = re.compile(r'(name|filename)="((?:[^"\\]|\\.)*)"')
_FIELDS_BYTES = 20_480
"""What all fields before the file may have."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_UNCHECKED = frozenset({"x-amz-signature", "file", "policy", "signature", "awsaccesskeyid"})


@dataclass(frozen=True, slots=True)
class Form:
    """The fields by name in lower case, and the file."""

    fields: Mapping[str, str]
    file: Body
    file_name: str


def read_form(content_type: str, content: Body) -> Form:
    """Raises MalformedPOSTRequest, InvalidArgument."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise MalformedPOSTRequest
    boundary = b"--" + match[1].encode("latin-1")
    head = bytes(content.slice(0, min(content.size, 4 * _FIELDS_BYTES)))
    position = head.find(boundary)
    fields: dict[str, str] = {}
    while position >= 0:
        position += len(boundary)
        if head.startswith(b"--", position):
            break
        end_of_headers = head.find(b"\r\n\r\n", position)
        if end_of_headers < 0:
            raise MalformedPOSTRequest
        headers = head[position:end_of_headers].decode("utf-8", "replace")
        names = dict(_PARAMETER.findall(headers))
        start = end_of_headers + 4
        name = names.get("name", "").lower()
        if name == "file":
            stop = _find(content, b"\r\n" + boundary, start)
            if stop < 0:
                raise MalformedPOSTRequest
            return Form(fields, content.slice(start, stop), names.get("filename", ""))
        stop = head.find(b"\r\n" + boundary, start)
        if stop < 0:
            raise MalformedPOSTRequest
        fields[name] = head[start:stop].decode("utf-8", "replace")
        position = stop + 2
    raise InvalidArgument.of("POST requires exactly one file upload per request.", "file", "0")


def _find(content: Body, wanted: bytes, start: int) -> int:
    """Where `wanted` begins, at `start` or behind it; -1 where it is not there."""
    kept = b""
    position = start
    for piece in content.slice(start, content.size).pieces():
        window = kept + bytes(piece)
        found = window.find(wanted)
        if found >= 0:
            return position - len(kept) + found
        position += len(piece)
        kept = window[-len(wanted) + 1 :]
    return -1


# -- the policy ------------------------------------------------------------


def check_policy(form: Form, bucket: str, now: float) -> None:
    """Raises InvalidPolicyDocument, AccessDenied, EntityTooSmall, EntityTooLarge."""
    document = _document(form.fields["policy"])
    try:
        expires = _moment(str(document["expiration"]))
    except KeyError:
        raise InvalidPolicyDocument("Invalid Policy: Policy missing expiration.") from None
    except ValueError:
        raise InvalidPolicyDocument(f"Invalid Policy: Invalid 'expiration' value: '{document['expiration']}'") from None
    if now > expires:
        raise AccessDenied("Invalid according to Policy: Policy expired.")
    conditions = document.get("conditions")
    if not isinstance(conditions, list):
        raise InvalidPolicyDocument("Invalid Policy: Policy missing conditions.")
    values = {**form.fields, "bucket": bucket}
    named: set[str] = set()
    for condition in conditions:
        named |= _check_condition(condition, values, form.file.size)
    for name in values:
        if name not in named and name not in _UNCHECKED and not name.startswith("x-ignore-"):
            raise AccessDenied(f"Invalid according to Policy: Extra input fields: {name}")


def _moment(text: str) -> float:
    """An ISO 8601 moment in UTC, as the policy has to give it. Raises ValueError."""
    if _MOMENT.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _document(encoded: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.b64decode(encoded, validate=False))
    except (binascii.Error, ValueError):
        raise InvalidPolicyDocument("Invalid Policy: Invalid JSON.") from None
    if not isinstance(found, dict):
        raise InvalidPolicyDocument("Invalid Policy: Invalid JSON.")
    return found


def _check_condition(condition: Any, values: Mapping[str, str], size: int) -> set[str]:
    """Check one condition: the names of the fields that it is about."""
    if isinstance(condition, dict):
        if len(condition) != 1:
            raise InvalidPolicyDocument(
                "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
            )
        for name, wanted in condition.items():
            if values.get(name.lower()) != str(wanted):
                raise _failed(condition)
        return {name.lower() for name in condition}
    if not isinstance(condition, list) or len(condition) != 3:
        raise InvalidPolicyDocument("Invalid Policy: Invalid Simple-Condition: value must be a string.")
    kind = str(condition[0]).lower()
    if kind == "content-length-range":
        least, most = int(condition[1]), int(condition[2])
        if size < least:
            raise EntityTooSmall(
                "Your proposed upload is smaller than the minimum allowed size",
                fields={"ProposedSize": size, "MinSizeAllowed": least},
            )
        if size > most:
            raise EntityTooLarge(fields={"ProposedSize": size, "MaxSizeAllowed": most})
        return set()
    name = str(condition[1]).removeprefix("$").lower()
    value, wanted = values.get(name, ""), str(condition[2])
    if kind == "eq":
        good = value == wanted
    elif kind == "starts-with":
        good = all(
            part.strip().startswith(wanted) for part in (value.split(",") if name == "content-type" else [value])
        )
    else:
        raise InvalidPolicyDocument(f"Invalid Policy: Invalid Simple-Condition: unknown operation: {condition[0]}")
    if not good:
        raise _failed(condition)
    return {name}


def _failed(condition: Any) -> AccessDenied:
    if isinstance(condition, dict):
        (name, value), *_ = condition.items()
        condition = ["eq", f"${name}", value]
    text = json.dumps(condition, separators=(", ", ": "))
    return AccessDenied(f"Invalid according to Policy: Policy Condition failed: {text}")
