"""What AWS bills an execution for: https://aws.amazon.com/step-functions/pricing/"""

from __future__ import annotations

import math
from typing import Any

from emulator.services.stepfunctions.state import Execution

__all__ = ["EXPRESS_MEGABYTES", "express_milliseconds", "usage"]

EXPRESS_MEGABYTES = 64
"""Express workflows are billed in such chunks of memory; how many of them AWS takes for one is not published, so it is the least."""
_STEP_MILLISECONDS = 100


def express_milliseconds(execution: Execution) -> int:
    """How long an Express workflow is billed for, in steps of 100 ms."""
    stopped = execution.start_date if execution.stop_date is None else execution.stop_date
    return max(1, math.ceil((stopped - execution.start_date) * 1000 / _STEP_MILLISECONDS)) * _STEP_MILLISECONDS


def usage(execution: Execution, transitions_before: int) -> dict[str, Any]:
    """What the journal says of an execution that has ended: its events, and transitions since `transitions_before` or billed time."""
    if execution.is_express:
        return {
            "events": execution.history.last_id,
            "billed_ms": express_milliseconds(execution),
            "memory_mb": EXPRESS_MEGABYTES,
        }
    return {
        "events": execution.history.last_id,
        "transitions": execution.history.transitions - transitions_before,
    }
