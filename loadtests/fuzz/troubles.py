"""What can go wrong on purpose: fault rules by name, so that an event file reads as a story and a strategy draws a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["TROUBLES", "fault_rule"]

Rule = Mapping[str, Any]

_S3 = {"service": "s3", "code": "SlowDown", "status": 503}
_ARCHIVE = {"service": "s3", "operation": "PutObject", "resource": "{ArchiveBucketName}"}
_SALVAGE = {"service": "s3", "operation": "PutObject", "resource": "{FailedMessagesBucketName}"}
_ITEM = {"service": "dynamodb", "operation": "PutItem"}
_FINAL = {"service": "dynamodb", "operation": "UpdateItem"}
_START = {"service": "stepfunctions", "operation": "StartExecution"}
_LOST = {"kind": "lost_reply", "code": "InternalFailure", "status": 500}
_THROTTLED = {"code": "ProvisionedThroughputExceededException", "status": 400}

TROUBLES: dict[str, Rule] = {
    "archive slowed down": {**_S3, "operation": "PutObject", "resource": "{ArchiveBucketName}"},
    "s3 outage": {**_S3, "code": "ServiceUnavailable"},
    "archive loses replies": {**_ARCHIVE, **_LOST},
    "archive crashes before the write": {**_ARCHIVE, "kind": "crash"},
    "archive crashes after the write": {**_ARCHIVE, "kind": "crash_after"},
    "metadata throttled": {**_ITEM, **_THROTTLED},
    "dynamodb outage": {"service": "dynamodb", "code": "InternalServerError", "status": 500},
    "metadata loses replies": {**_ITEM, **_LOST},
    "metadata crashes before the write": {**_ITEM, "kind": "crash"},
    "metadata crashes after the write": {**_ITEM, "kind": "crash_after"},
    "final state throttled": {**_FINAL, **_THROTTLED},
    "final state crashes before the write": {**_FINAL, "kind": "crash"},
    "final state crashes after the write": {**_FINAL, "kind": "crash_after"},
    "workflow throttled": {**_START, "code": "ThrottlingException", "status": 400},
    "workflow service down": {**_START, "code": "ServiceUnavailable", "status": 503},
    "workflow start loses replies": {**_START, **_LOST},
    "ingest crashes before the start": {**_START, "kind": "crash"},
    "ingest crashes after the start": {**_START, "kind": "crash_after"},
    "salvage slowed down": {**_S3, "operation": "PutObject", "resource": "{FailedMessagesBucketName}"},
    "salvage crashes before the write": {**_SALVAGE, "kind": "crash"},
    "salvage crashes after the write": {**_SALVAGE, "kind": "crash_after"},
    "functions throttled": {
        "service": "lambda",
        "operation": "Invoke",
        "code": "TooManyRequestsException",
        "status": 429,
    },
    "notices throttled": {"service": "sns", "operation": "Publish", "code": "ThrottlingException", "status": 400},
    "notices lose replies": {"service": "sns", "operation": "Publish", **_LOST},
}
"""Simplest first: a failing example shrinks towards the first one. `{...}` is an output of the stack."""


def fault_rule(name: str, times: int | None, outputs: Mapping[str, str]) -> dict[str, Any]:
    """The rule of a trouble for one stack, at most `times` times (None: until it is lifted). Raises KeyError for an unknown one."""
    rule = {
        key: value.format_map(outputs) if isinstance(value, str) else value for key, value in TROUBLES[name].items()
    }
    return {**rule, "times": times}
