"""What runs a function's code, by the runtime's name: AWS's client for Python, our bootstrap for Node, the function's own for `provided.*`.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emulator.engine.tools import RunTool, ToolResult
from emulator.errors import EmulatorError
from emulator.sandbox.bundle import RuntimeBundle
from emulator.sandbox.interpreters import Interpreters

__all__ = ["Folders", "LanguageRuntime", "LanguageRuntimes"]

logger = logging.getLogger(__name__)

_NODE_FILES = Path(__file__).with_name("node")
_NODE_PROBE = "process.stdout.write(JSON.stringify([process.versions.node, process.execPath]))"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things lie, as a program in the environment sees them."""

    task: str
    layers: str
    runtime: str
    language: str


@dataclass(frozen=True, slots=True)
class LanguageRuntime:
    """How to start a function's runtime. `prefix` is the interpreter's installation on this machine, mounted at /var/lang."""

    kind: str
    """`python`, `nodejs` or `provided`."""
    executable: str = ""
    below_prefix: str = ""
    """The executable's path below the prefix."""
    prefix: str = ""
    folder: Path | None = None
    """What is mounted at /var/runtime."""
    site_packages: tuple[str, ...] = ()
    """The installation's own packages, which a function must not see."""
    cafile: str = ""
    """Where its OpenSSL looks for certificates."""

    def command(self, folders: Folders, *, isolated: bool) -> tuple[str, ...]:
        """The program and its arguments; empty for `provided`, whose program is the function's own `bootstrap`."""
        executable = f"{folders.language}/{self.below_prefix}" if isolated else self.executable
        if self.kind == "python":
            # -S: without namespaces nothing hides the machine's own packages
            return (executable, *(() if isolated else ("-S",)), f"{folders.runtime}/bootstrap.py", folders.layers)
        if self.kind == "nodejs":
            return (executable, f"{folders.runtime}/bootstrap.mjs")
        return ()


class LanguageRuntimes:
    """Finds each runtime once."""

    def __init__(
        self,
        interpreters: Interpreters,
        bundle: RuntimeBundle,
        run: Callable[[RunTool], Awaitable[ToolResult]],
    ) -> None:
        self._interpreters = interpreters
        self._bundle = bundle
        self._run = run
        self._node: dict[str, LanguageRuntime] = {}

    async def of(self, runtime: str) -> LanguageRuntime:
        """What runs a runtime such as `python3.12`. Raises EmulatorError where this machine has nothing that could."""
        if runtime.startswith("python"):
            interpreter = await self._interpreters.of(runtime)
            return LanguageRuntime(
                "python",
                interpreter.executable,
                interpreter.inside_prefix,
                interpreter.prefix,
                await self._bundle.of(interpreter),
                interpreter.site_packages,
                interpreter.cafile,
            )
        if runtime.startswith("nodejs"):
            return await self._node_of(runtime)
        return LanguageRuntime("provided")

    async def _node_of(self, runtime: str) -> LanguageRuntime:
        known = self._node.get(runtime)
        if known is not None:
            return known
        wanted = re.sub(r"\D.*", "", runtime.removeprefix("nodejs"))
        stand_in: tuple[str, str] | None = None
        for candidate in _node_candidates(wanted):
            result = await self._run(RunTool((candidate, "-e", _NODE_PROBE), timeout_seconds=20.0))
            if result.exit_code != 0:
                continue
            version, executable = json.loads(result.stdout)
            if version.split(".")[0] == wanted:
                stand_in = (version, executable)
                break
            stand_in = (version, executable) if stand_in is None else stand_in
        if stand_in is None:
            raise EmulatorError(
                f"no Node.js was found on this machine for the runtime {runtime}; install Node.js {wanted}"
            )
        version, executable = stand_in
        if version.split(".")[0] != wanted:
            logger.warning(
                "Node.js %s is not installed: Node.js %s stands in for the runtime %s", wanted, version, runtime
            )
        found = _node_at(executable)
        self._node[runtime] = found
        return found


def _node_at(executable: str) -> LanguageRuntime:
    real = os.path.realpath(executable)
    below = "bin/node" if real.endswith("/bin/node") else os.path.basename(real)
    return LanguageRuntime("nodejs", real, below, real.removesuffix(f"/{below}"), _NODE_FILES)


def _node_candidates(major: str) -> Iterator[str]:
    """Executables that may be Node.js of a major version, likeliest first, any Node.js last."""
    home = Path.home()
    places = sorted((home / ".nvm/versions/node").glob(f"v{major}.*/bin/node"), reverse=True)
    places += sorted((home / ".local/share/fnm/node-versions").glob(f"v{major}.*/installation/bin/node"), reverse=True)
    places += sorted(Path("/opt/hostedtoolcache/node").glob(f"{major}.*/*/bin/node"), reverse=True)
    yield from map(str, places)
    for name in (f"node{major}", "node", "nodejs"):
        on_path = shutil.which(name)
        if on_path is not None:
            yield on_path
