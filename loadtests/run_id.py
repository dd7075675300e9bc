"""Names and seeds of runs."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from loadtests.clock import wall

__all__ = ["new_run_id", "new_seed"]


def new_run_id() -> str:
    """Return a name that sorts by time and differs between runs of the same second."""
    suffix = random.SystemRandom().randbytes(2).hex()
    return f"{datetime.fromtimestamp(wall(), UTC):%Y%m%d-%H%M%S}-{suffix}"


def new_seed(seed: int | None = None) -> int:
    """Return a seed, a new one unless it is given."""
    return random.SystemRandom().randrange(2**31) if seed is None else seed
