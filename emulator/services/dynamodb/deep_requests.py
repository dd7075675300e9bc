"""Requests with values so deeply nested that DynamoDB's older layer reads them, and words other defects before their depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["is_read_by_older_layer"]

NEWER_LAYER_LEVELS = 63
"""Levels of documents that the newer layer still reads; a value that holds no other is the first."""
_VALUES = ("Item", "Key", "ExpressionAttributeValues")


def is_read_by_older_layer(params: Mapping[str, Any]) -> bool:
    """Whether a value of a PutItem, UpdateItem or DeleteItem is nested beyond what the newer layer reads."""
    values = [value for name in _VALUES for value in (params.get(name) or {}).values()]
    values += [
        row.get("Value") for name in ("Expected", "AttributeUpdates") for row in (params.get(name) or {}).values()
    ]
    return any(value is not None and _is_deeper(value, NEWER_LAYER_LEVELS) for value in values)


def _is_deeper(value: Mapping[str, Any], levels: int) -> bool:
    if levels == 0:
        return True
    members = (*(value.get("M") or {}).values(), *(value.get("L") or ()))
    return any(member is not None and _is_deeper(member, levels - 1) for member in members)
