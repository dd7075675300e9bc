"""How many function environments this machine carries. AWS's own limits are in the Lambda service's quotas; these are the machine's."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["Capacity"]

_PER_CORE = 16
_MOST = 64
_MEGABYTES_EACH = 128
"""A Python environment with the AWS SDK loaded takes 60-100 MB; freezing does not give it back. Idle ones cost no processor, and a
pipeline of several functions that evict each other's environments spends its time on cold starts."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Bounds of the pool of environments; times in seconds on the engine's clock."""

    max_environments: int = 8
    concurrent_starts: int = 2
    wait_seconds: float = 60.0
    """How long an invocation waits for an environment before it fails."""
    overtaken_at_most: int = 32
    """How many later invocations of other functions may pass one that waits, before an environment makes room for it."""
    eager_starts: bool = False
    """Start an environment for each invocation that waits, even where the queue would be served sooner. For virtual time, which stands
    still while functions run and so cannot tell how long a queue has stood."""
    idle_seconds: float = 600.0
    """An environment that was idle for longer is not used again; AWS promises no number."""
    idle_timer: bool = True
    """Retire idle environments when their time has come. Not for virtual time that jumps to the next deadline by itself: it would jump to
    this one, and every invocation were a cold start; there they retire when the next invocation finds them too old."""

    @classmethod
    def of_this_machine(cls) -> Capacity:
        """Bounds from the cores and the memory of this machine."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_048_576
        by_memory = max(2, memory_mb // 2 // _MEGABYTES_EACH)
        return cls(max_environments=min(_MOST, max(4, cores * _PER_CORE), by_memory), concurrent_starts=max(1, cores))
