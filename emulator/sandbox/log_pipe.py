"""The one pipe into which an environment writes: plain text lines, and the frames in which AWS's runtimes wrap a log record.

AWS's runtimes write each log record as a frame when `_LAMBDA_TELEMETRY_LOG_FD` names a file descriptor, so that a record of many lines
stays one log event. Text and frames share one pipe here: they keep their order, and reading it dry when a response arrives yields
exactly what was written before the response, without waiting. Frame: type (4 bytes), length (4), microseconds (8), message; big-endian.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable

from emulator.sandbox.effects import LogLine

__all__ = ["LogPipe"]

_MAGIC = b"\xa5\x5a\x00"
_HEADER_BYTES = 16
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)
_PIPE_BYTES = 1_048_576
_LONGEST_LINE = 262_144
"""Bytes; Lambda cuts longer lines into several log events."""
_MOST_BYTES = 8_388_608
"""Kept between two collections; what is beyond is dropped and counted."""


class LogPipe:
    """Reads, splits, bounds. The caller registers `read_end` with its loop and closes the write end after starting the process."""

    def __init__(self, stopwatch: Callable[[], float]) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        if _SET_PIPE_SIZE is not None:
            with contextlib.suppress(OSError):  # an unprivileged user's pipes may be capped; a smaller pipe works too
                fcntl.fcntl(self.read_end, _SET_PIPE_SIZE, _PIPE_BYTES)
        self._stopwatch = stopwatch
        self._started = stopwatch()
        self._rest = bytearray()
        self._lines: list[LogLine] = []
        self._kept_bytes = 0
        self._dropped = 0
        self.at_end = False
        self.on_line: Callable[[str], None] | None = None
        """Told of each line when it was read."""

    def start_of_phase(self) -> None:
        """Count the following lines' seconds from now."""
        self._started = self._stopwatch()

    def read(self) -> None:
        """Take whatever is in the pipe now."""
        while not self.at_end:
            try:
                chunk = os.read(self.read_end, 65536)
            except BlockingIOError:
                return
            if not chunk:
                self.at_end = True
                return
            self._rest += chunk
            self._split()

    def collect(self) -> tuple[LogLine, ...]:
        """Everything written so far, oldest first; an unfinished line counts as finished."""
        self.read()
        if self._rest and not self._rest.startswith(_MAGIC):
            self._keep(bytes(self._rest))
            self._rest.clear()
        if self._dropped:
            self._lines.append(
                LogLine(self._seconds(), f"[{self._dropped} bytes of logs were dropped by the emulator]")
            )
        lines = tuple(self._lines)
        self._lines, self._kept_bytes, self._dropped = [], 0, 0
        return lines

    def close(self) -> None:
        """Close the read end."""
        os.close(self.read_end)

    def close_write_end(self) -> None:
        """Close our copy of the write end, so that the pipe ends with the process."""
        os.close(self.write_end)

    def _seconds(self) -> float:
        return self._stopwatch() - self._started

    def _split(self) -> None:
        rest = self._rest
        start = 0
        while True:
            if rest.startswith(_MAGIC, start):
                if len(rest) - start < _HEADER_BYTES:
                    break
                end = start + _HEADER_BYTES + int.from_bytes(rest[start + 4 : start + 8], "big")
                if len(rest) < end:
                    break
                self._keep(bytes(rest[start + _HEADER_BYTES : end]).removesuffix(b"\n"))
                start = end
                continue
            newline = rest.find(b"\n", start)
            frame = rest.find(_MAGIC, start, newline if newline >= 0 else len(rest))
            if frame >= 0:
                self._keep(bytes(rest[start:frame]))
                start = frame
            elif newline >= 0:
                self._keep(bytes(rest[start:newline]))
                start = newline + 1
            elif len(rest) - start > _LONGEST_LINE:
                self._keep(bytes(rest[start : start + _LONGEST_LINE]))
                start += _LONGEST_LINE
            else:
                break
        del rest[:start]

    def _keep(self, line: bytes) -> None:
        if self._kept_bytes + len(line) > _MOST_BYTES:
            self._dropped += len(line)
            return
        self._kept_bytes += len(line) + 64
        for start in range(0, max(1, len(line)), _LONGEST_LINE):
            text = line[start : start + _LONGEST_LINE].decode("utf-8", "replace")
            self._lines.append(LogLine(self._seconds(), text))
            if self.on_line is not None:
                self.on_line(text)
