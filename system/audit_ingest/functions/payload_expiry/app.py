"""Sets how long a payload stays in Redis once its workflow is over. A task of the workflow.

Archived and recorded: it goes after a grace period. Not archived: Redis has the only copy, so it is held for as long
as the dead-letter queue holds the message.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit_message.payload import PayloadMissing
from audit_message.payload_store import PayloadStore


@dataclass(frozen=True, slots=True)
class PayloadExpiry:
    """Takes `{"key": str, "outcome": "persisted" | "failed"}` and returns whether the expiry was changed."""

    payloads: PayloadStore
    grace_seconds: int
    hold_seconds: int

    def __call__(self, request: Mapping[str, Any]) -> bool:
        key, outcome = request["key"], request["outcome"]
        if outcome == "persisted":
            return self.payloads.shorten(key, self.grace_seconds)
        if outcome != "failed":
            raise ValueError(f"outcome must be 'persisted' or 'failed', not {outcome!r}")
        if not self.payloads.prolong(key, self.hold_seconds) and not self.payloads.holds(key):
            raise PayloadMissing(f"the payload {key} is not in Redis any more and cannot be held")
        return True


_expiry = PayloadExpiry(
    payloads=PayloadStore.from_env(os.environ),
    grace_seconds=int(os.environ["PAYLOAD_GRACE_SECONDS"]),
    hold_seconds=int(os.environ["PAYLOAD_HOLD_SECONDS"]),
)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"changed": _expiry(event)}
