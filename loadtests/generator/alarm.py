"""Waiting for a moment, exactly: gevent's own timers are rounded up to the next millisecond, which is a tenth of a fast ingest.

The kernel's timer wakes the loop through a file instead (https://man7.org/linux/man-pages/man2/timerfd_create.2.html); Python has
it from 3.13 on.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

import gevent

from loadtests.clock import monotonic

__all__ = ["Alarm"]

_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_NANOSECONDS = 1_000_000_000
_READABLE = 1


class _Time(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Setting(ctypes.Structure):
    _fields_ = (("interval", _Time), ("value", _Time))


class Alarm:
    """Wakes one greenlet. Where the kernel has no such timer, gevent's is used."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        self._file = -1
        self._watcher: Any = None
        if self._library is not None:
            self._file = self._library.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file >= 0:
            self._watcher = gevent.get_hub().loop.io(self._file, _READABLE)

    def wait_until(self, moment: float) -> None:
        """Let others run until a moment of the monotonic clock, and at least once."""
        seconds = moment - monotonic()
        if seconds <= 0 or self._library is None or self._watcher is None:
            gevent.sleep(max(0.0, seconds))
            return
        whole = int(moment)
        setting = _Setting(_Time(0, 0), _Time(whole, int((moment - whole) * _NANOSECONDS)))
        if self._library.timerfd_settime(self._file, _ABSOLUTE, ctypes.byref(setting), None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")
        gevent.get_hub().wait(self._watcher)
        os.read(self._file, 8)

    def close(self) -> None:
        """Give the timer back."""
        if self._file >= 0:
            self._watcher.close()
            os.close(self._file)
            self._file = -1
            self._watcher = None
