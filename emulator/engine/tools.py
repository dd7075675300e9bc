"""Runs a tool of this machine as a child process (pip, the SAM translator) and hands back what it printed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field

from emulator.effects import External
from emulator.engine.janitor import Janitor
from emulator.engine.task import Done, Undo
from emulator.errors import EmulatorError

__all__ = ["RunTool", "ToolResult", "ToolRunner"]


@dataclass(frozen=True, slots=True)
class RunTool(External):
    """Run `argv` with `stdin`; the result is a ToolResult. A tool that overruns `timeout_seconds` (real time) is killed: EmulatorError."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    timeout_seconds: float = 120.0
    environment: tuple[tuple[str, str], ...] = ()
    """Variables added to this process's own."""
    working_directory: str | None = None
    resource: str = field(default="", compare=False)
    """What the journal shows."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a tool ended and what it printed."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class ToolRunner:
    """Performs RunTool. Each tool runs in a process group of its own that dies with the emulator."""

    def __init__(self, janitor: Janitor) -> None:
        self._janitor = janitor
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, effect: RunTool, done: Done) -> Undo:
        work = asyncio.get_running_loop().create_task(self._run(effect, done))
        self._running.add(work)
        work.add_done_callback(self._running.discard)

        def call_off() -> None:
            work.cancel()

        return call_off

    async def _run(self, effect: RunTool, done: Done) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *effect.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **dict(effect.environment)},
                cwd=effect.working_directory,
                start_new_session=True,
            )
        except OSError as error:
            done(None, EmulatorError(f"cannot run {effect.argv[0]}: {error}"))
            return
        self._janitor.watch(process.pid)
        try:
            async with asyncio.timeout(effect.timeout_seconds):
                stdout, stderr = await process.communicate(effect.stdin)
        except TimeoutError:
            done(None, EmulatorError(f"{' '.join(effect.argv[:4])} did not end within {effect.timeout_seconds:g} s"))
            return
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            self._janitor.forget(process.pid)
        done(ToolResult(process.returncode or 0, stdout, stderr), None)

    async def close(self) -> None:
        """Kill what still runs."""
        for work in tuple(self._running):
            work.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
