"""The folders of a function as its sandbox would see them, for running it outside one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.config import EmulatorConfig
from emulator.engine.janitor import Janitor
from emulator.engine.tools import RunTool, ToolResult, ToolRunner
from emulator.sandbox.bundle import RuntimeBundle
from emulator.sandbox.content_store import ContentStore
from emulator.sandbox.effects import PrepareFolder
from emulator.sandbox.interpreters import Interpreters
from emulator.sandbox.packages import Packages
from emulator.sandbox.requirements import Requirements

__all__ = ["FunctionFolders", "awaited", "prepare"]


@dataclass(frozen=True, slots=True)
class FunctionFolders:
    """Where a function's parts lie on this machine."""

    interpreter: str
    task: Path
    layers: Path
    runtime: Path

    @property
    def python_path(self) -> str:
        """The search path of Lambda's Python runtimes: code, layers, runtime."""
        return os.pathsep.join(map(str, (self.task, self.layers / "python", self.layers, self.runtime)))

    @property
    def argv(self) -> tuple[str, ...]:
        """AWS's runtime interface client."""
        return (self.interpreter, "-m", "awslambdaric", "app.lambda_handler")


def awaited(tools: ToolRunner) -> Callable[[RunTool], Coroutine[Any, Any, ToolResult]]:
    """The tool runner as something to await."""

    async def run(tool: RunTool) -> ToolResult:
        future: asyncio.Future[ToolResult] = asyncio.get_running_loop().create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        tools(tool, done)
        return await future

    return run


async def prepare(function: Path, layer: Path, runtime: str) -> FunctionFolders:
    """Install what function and layer require (from the same cache as the sandbox's) and say where everything is."""
    janitor = Janitor()
    tools = ToolRunner(janitor)

    run = awaited(tools)

    try:
        store = ContentStore(EmulatorConfig.from_env(os.environ).resolved_cache_dir())
        interpreters = Interpreters(run)
        requirements = Requirements(store, run)
        packages = Packages(store, requirements, interpreters)
        interpreter = await interpreters.of(runtime)
        code = await packages.local(PrepareFolder(str(function), runtime))
        layers = await packages.local(
            PrepareFolder(str(layer), runtime, requirements_below="python", files_below="python")
        )
        task, merged = await packages.merged(code.folders), await packages.merged(layers.folders)
        assert task is not None
        assert merged is not None
        return FunctionFolders(
            interpreter.executable, task, merged, await RuntimeBundle(store, requirements, run).of(interpreter)
        )
    finally:
        await tools.close()
        janitor.close()
