"""What an environment writes: the function's pipe and, where there are external extensions, theirs; merged in the order of time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from emulator.clock import stopwatch
from emulator.sandbox.effects import LogLine
from emulator.sandbox.log_pipe import LogPipe

__all__ = ["EnvironmentLogs"]


class EnvironmentLogs:
    """Two pipes at most. `on_lines` is called when something was read outside of a collection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, extensions: bool, on_lines: Callable[[], None]) -> None:
        self._loop = loop
        self._on_lines = on_lines
        self.function = LogPipe(stopwatch)
        self.extensions = LogPipe(stopwatch) if extensions else None
        self._pipes = (self.function,) if self.extensions is None else (self.function, self.extensions)
        self._own: list[LogLine] = []
        self._started = stopwatch()

    @property
    def write_ends(self) -> tuple[int, ...]:
        """Descriptors for the programs."""
        return tuple(pipe.write_end for pipe in self._pipes)

    def begin(self) -> None:
        """The programs have their ends: close ours, and read."""
        for pipe in self._pipes:
            pipe.close_write_end()
            self._loop.add_reader(pipe.read_end, self._readable, pipe)

    def close_write_ends(self) -> None:
        """No program will ever write."""
        for pipe in self._pipes:
            pipe.close_write_end()
            pipe.close()

    def start_of_phase(self) -> None:
        """Count the following lines' seconds from now."""
        self._started = stopwatch()
        for pipe in self._pipes:
            pipe.start_of_phase()

    def tell(self, text: str) -> None:
        """A line of Lambda's own."""
        self._own.append(LogLine(stopwatch() - self._started, text))

    def observe(self, on_function: Callable[[str], None], on_extension: Callable[[str], None]) -> None:
        """Report each line also to the telemetry."""
        self.function.on_line = on_function
        if self.extensions is not None:
            self.extensions.on_line = on_extension

    def drain(self) -> None:
        """Read what is there: what comes after this was written later."""
        if self.extensions is not None:
            for pipe in self._pipes:
                pipe.read()

    def collect(self) -> tuple[LogLine, ...]:
        """Everything that was written and not collected yet, oldest first."""
        if self.extensions is None and not self._own:
            return self.function.collect()
        lines = [*self._own, *(line for pipe in self._pipes for line in pipe.collect())]
        self._own.clear()
        return tuple(sorted(lines, key=lambda line: line.after_seconds))

    def close(self) -> None:
        """The programs have ended."""
        for pipe in self._pipes:
            pipe.read()
            self._loop.remove_reader(pipe.read_end)
            pipe.close()

    def _readable(self, pipe: LogPipe) -> None:
        pipe.read()
        if pipe.at_end:
            self._loop.remove_reader(pipe.read_end)
        self._on_lines()
