"""Builds /var/runtime: AWS's runtime interface client and SDK for one Python version, and the script that starts them.

Where the emulator itself runs on that version, the packages are copied from its own installation: no network, no wait. Else pip
installs them once. Nothing else of the emulator's environment is visible to a function.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from importlib import metadata
from pathlib import Path

from emulator.engine.tools import RunTool, ToolResult
from emulator.sandbox.content_store import ContentStore
from emulator.sandbox.interpreters import Interpreter
from emulator.sandbox.requirements import Requirements

__all__ = ["RuntimeBundle"]

_WANTED = ("awslambdaric", "boto3")
_COPIED = (
    *_WANTED,
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot-restore-py",
    "urllib3",
)
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


class RuntimeBundle:
    """The runtime's folder for each interpreter."""

    def __init__(
        self, store: ContentStore, requirements: Requirements, run: Callable[[RunTool], Awaitable[ToolResult]]
    ) -> None:
        self._store = store
        self._requirements = requirements
        self._run = run
        self._built: dict[str, Path] = {}

    async def of(self, interpreter: Interpreter) -> Path:
        """The folder to mount at /var/runtime. Raises EmulatorError where it cannot be built."""
        built = self._built.get(interpreter.version)
        if built is None:
            built = self._built[interpreter.version] = await self._build(interpreter)
        return built

    async def _build(self, interpreter: Interpreter) -> Path:
        installed = (
            _installed() if interpreter.version == f"{sys.version_info.major}.{sys.version_info.minor}" else None
        )
        versions = _WANTED if installed is None else tuple(f"{d.name}=={d.version}" for d in installed)
        identity = "\0".join([interpreter.version, *versions, _BOOTSTRAP.read_text("utf-8")]).encode()

        async def build(folder: Path) -> None:
            if installed is None:
                await self._requirements.install(_WANTED, folder, interpreter, what="AWS's runtime interface client")
            else:
                await asyncio.to_thread(_copy, installed, folder)
            shutil.copyfile(_BOOTSTRAP, folder / "bootstrap.py")
            compile_all = (
                interpreter.executable,
                "-m",
                "compileall",
                "-q",
                "-s",
                str(folder),
                "-p",
                "/var/runtime",
                str(folder),
            )
            await self._run(RunTool(compile_all, timeout_seconds=300.0))

        return await self._store.folder("runtimes", identity, build)


def _installed() -> list[metadata.Distribution] | None:
    """The packages of the bundle as the emulator's own environment has them, or None where one is missing."""
    try:
        return [metadata.distribution(name) for name in _COPIED]
    except metadata.PackageNotFoundError:
        return None


def _copy(distributions: list[metadata.Distribution], folder: Path) -> None:
    for distribution in distributions:
        for file in distribution.files or []:
            if ".." in file.parts or file.suffix == ".pyc":
                continue
            source, target = Path(str(distribution.locate_file(file))), folder / file
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
