"""Getting a processor in time: the generator sleeps most of the time, and must run the moment that a message is due.

On a machine whose processors the pipeline keeps busy it would wait for a turn, and measure its own waiting. It asks for short
turns, which come sooner (Linux 6.12 and later, no right needed: https://docs.kernel.org/scheduler/sched-eevdf.html), and for a higher
priority, which only a privileged process gets. It uses a small part of one core; where it gets neither, the start lag shows it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

__all__ = ["ask_for_promptness"]

_SLICE_NANOSECONDS = 100_000
_NICE = -10
# https://man7.org/linux/man-pages/man2/sched_setattr.2.html: size, policy, flags, nice, priority, runtime, deadline, period
_ATTRIBUTES = struct.Struct("IIQiIQQQ")
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
# https://man7.org/linux/man-pages/man7/sched.7.html: a session is scheduled as a group, with a nice value of its own.
_GROUP = Path("/proc/self/autogroup")


def ask_for_promptness() -> tuple[str, ...]:
    """Ask for all that there is, and return what was granted: `short turns`, `priority`."""
    granted = []
    if _prefer():
        granted.append("priority")
    if _shorten_turns():
        granted.append("short turns")
    return tuple(granted)


def _prefer() -> bool:
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        if _GROUP.exists():
            _GROUP.write_text(str(_NICE))
    except OSError:
        return False
    return True


def _shorten_turns() -> bool:
    number = _SCHED_SETATTR.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, nice, 0, _SLICE_NANOSECONDS, 0, 0)
    return bool(ctypes.CDLL(None, use_errno=True).syscall(number, 0, ctypes.c_char_p(attributes), 0) == 0)
