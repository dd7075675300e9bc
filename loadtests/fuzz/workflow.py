"""Internal messages: what the workflow is started with, made past the API, up to what Step Functions takes and beyond.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import json

from fixtures.formats import internal

__all__ = ["INPUT_BYTES", "internal_message"]

INPUT_BYTES = 262_144


def internal_message(message_id: str, size: int, seed: int = 0) -> str:
    """An internal message whose payload is in no Redis, padded to exactly `size` bytes where that is more than it has."""
    value = internal(message_id, seed=seed)
    value["messageMetaData"]["padding"] = ""
    short = json.dumps(value, separators=(",", ":"))
    value["messageMetaData"]["padding"] = "x" * max(0, size - len(short))
    return json.dumps(value, separators=(",", ":"))
