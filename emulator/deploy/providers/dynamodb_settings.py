"""The settings of a DynamoDB table that have API calls of their own: time to live, recovery, tags, policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from emulator.deploy.resource_type import pick
from emulator.effects import Call, Process

__all__ = ["configure", "encryption"]


def encryption(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The API's SSESpecification."""
    return pick(properties, KMSMasterKeyId="KMSMasterKeyId", SSEEnabled="Enabled", SSEType="SSEType")


def configure(name: str, arn: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Process:
    """Bring the settings of a table from the properties `before` to those `after`."""
    yield from _time_to_live(name, before.get("TimeToLiveSpecification"), after.get("TimeToLiveSpecification"))
    yield from _recovery(
        name, before.get("PointInTimeRecoverySpecification"), after.get("PointInTimeRecoverySpecification")
    )
    yield from _tags(arn, before.get("Tags", []), after.get("Tags", []))
    yield from _policy(arn, before.get("ResourcePolicy"), after.get("ResourcePolicy"))


def _time_to_live(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Process:
    old = before["AttributeName"] if before is not None and before.get("Enabled", True) else None
    new = after["AttributeName"] if after is not None and after.get("Enabled", True) else None
    if old == new:
        return
    for attribute, enabled in ((old, False), (new, True)):
        if attribute is not None:
            specification = {"AttributeName": attribute, "Enabled": enabled}
            yield Call("dynamodb", "UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": specification})


def _recovery(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Process:
    if before == after:
        return
    specification = {"PointInTimeRecoveryEnabled": False} if after is None else after
    yield Call(
        "dynamodb", "UpdateContinuousBackups", {"TableName": name, "PointInTimeRecoverySpecification": specification}
    )


def _tags(arn: str, before: list[Mapping[str, str]], after: list[Mapping[str, str]]) -> Process:
    old, new = ({tag["Key"]: tag["Value"] for tag in tags} for tags in (before, after))
    gone = [key for key in old if key not in new]
    if gone:
        yield Call("dynamodb", "UntagResource", {"ResourceArn": arn, "TagKeys": gone})
    changed = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
    if changed:
        yield Call("dynamodb", "TagResource", {"ResourceArn": arn, "Tags": changed})


def _policy(arn: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Process:
    if before == after:
        return
    if after is None:
        yield Call("dynamodb", "DeleteResourcePolicy", {"ResourceArn": arn})
    else:
        policy = orjson.dumps(after["PolicyDocument"]).decode()
        yield Call("dynamodb", "PutResourcePolicy", {"ResourceArn": arn, "Policy": policy})
