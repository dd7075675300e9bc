"""CPU time of a process tree, to the nanosecond where the system tells it.

psutil's `cpu_times` counts in ticks of 10 ms, which for a few messages in a dozen processes is a tenth of what is measured. Linux has a
CPU clock for each process, which another process may read: https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html
"""

from __future__ import annotations

import sys
import time

import psutil

__all__ = ["function_of", "seconds_of", "tree"]

_FUNCTION_NAME = "AWS_LAMBDA_FUNCTION_NAME"
# CPUCLOCK_SCHED, the clock that counts what the scheduler counted: include/linux/posix-timers.h
_SCHEDULER_CLOCK = 2


def tree(root: psutil.Process) -> list[psutil.Process]:
    """Return a process and everything that it started and that still runs."""
    return [root, *root.children(recursive=True)]


def seconds_of(process: psutil.Process) -> float:
    """Return the CPU time that a process has used so far; 0 for one that has ended."""
    if sys.platform == "linux":
        try:
            return time.clock_gettime((~process.pid << 3) | _SCHEDULER_CLOCK)
        except OSError:
            # It has ended, or this system hides the clocks of other processes.
            pass
    try:
        times = process.cpu_times()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0
    return float(times.user + times.system)


def function_of(process: psutil.Process) -> str | None:
    """Return the name of the Lambda function that a process runs; None for any other process, or where it may not be asked."""
    try:
        name = process.environ().get(_FUNCTION_NAME)
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return None
    return None if name is None else str(name)
