"""Installs a requirements.txt once, into a content-addressed folder, with the interpreter that will run it."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from emulator.engine.tools import RunTool, ToolResult
from emulator.errors import EmulatorError
from emulator.sandbox.content_store import ContentStore
from emulator.sandbox.effects import CodeError
from emulator.sandbox.interpreters import Interpreter

__all__ = ["Requirements"]

logger = logging.getLogger(__name__)

_INCLUDES = ("-r", "--requirement", "-c", "--constraint")
_LOCAL = ("-e", "--editable", ".", "/", "file:")
_INSTALL_SECONDS = 600.0


class Requirements:
    """`pip install --target`, at most once per text, interpreter version and machine type."""

    def __init__(self, store: ContentStore, run: Callable[[RunTool], Awaitable[ToolResult]]) -> None:
        self._store = store
        self._run = run

    async def of_file(self, file: Path, interpreter: Interpreter, below: str) -> Path | None:
        """Install what `file` names; the folder that holds it (under `below`), or None where the file names nothing.

        Raises CodeError where it names a local path, EmulatorError (with pip's output) where pip fails.
        """
        text = _text_of(file)
        if not text:
            return None
        identity = "\0".join([text, interpreter.version, platform.machine(), below]).encode()

        async def build(folder: Path) -> None:
            logger.info("installing %s for Python %s (once)", file, interpreter.version)
            await self.install(["-r", str(file)], folder / below, interpreter, what=str(file))

        return await self._store.folder("requirements", identity, build)

    async def install(
        self, what_to_install: Sequence[str], target: Path, interpreter: Interpreter, *, what: str
    ) -> None:
        """Run the installer. Raises EmulatorError with its output where it fails."""
        command = await self._installer(interpreter)
        os.makedirs(target, exist_ok=True)
        argv = (*command, "--target", str(target), *what_to_install)
        result = await self._run(RunTool(argv, timeout_seconds=_INSTALL_SECONDS))
        if result.exit_code != 0:
            output = (result.stdout + result.stderr).decode("utf-8", "replace").strip()
            raise EmulatorError(f"installing {what} for Python {interpreter.version} failed:\n{output[-4000:]}")
        shutil.rmtree(target / "bin", ignore_errors=True)  # scripts with the host's interpreter in their first line

    async def _installer(self, interpreter: Interpreter) -> tuple[str, ...]:
        pip = ("-m", "pip", "--disable-pip-version-check", "--no-input")
        probe = await self._run(RunTool((interpreter.executable, *pip, "--version"), timeout_seconds=30.0))
        if probe.exit_code == 0:
            return (interpreter.executable, *pip, "install", "--quiet")
        uv = shutil.which("uv")
        if uv is not None:
            return (uv, "pip", "install", "--quiet", "--python", interpreter.executable)
        probe = await self._run(RunTool((sys.executable, *pip, "--version"), timeout_seconds=30.0))
        if probe.exit_code == 0:
            return (sys.executable, *pip, "--python", interpreter.executable, "install", "--quiet")
        raise EmulatorError(f"requirements need an installer: neither {interpreter.executable} -m pip nor uv works")


def _text_of(file: Path) -> str:
    """The file's requirements with what it includes, without comments: what decides the folder's name."""
    lines: list[str] = []
    for raw in file.read_text("utf-8").splitlines():
        line = raw.split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        option, _, included = line.partition(" ")
        if option in _INCLUDES:
            lines.append(f"{option} {_text_of(file.parent / included.strip())}")
        elif line.startswith(_LOCAL) or f" @ file:{os.sep}" in line:
            raise CodeError(
                f"{file}: {line!r} is a local path; put that code into the function's or a layer's folder instead"
            )
        else:
            lines.append(line)
    return "\n".join(lines)
