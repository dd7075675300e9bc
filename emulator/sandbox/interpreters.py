"""Finds the Python interpreter of this machine that plays a Lambda runtime (`python3.12`)."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.engine.tools import RunTool, ToolResult
from emulator.errors import EmulatorError

__all__ = ["Interpreter", "Interpreters"]

logger = logging.getLogger(__name__)

_PROBE = """
import json, site, ssl, sys
paths = ssl.get_default_verify_paths()
print(json.dumps({"version": sys.version_info[:2], "prefix": sys.base_prefix, "site": site.getsitepackages([sys.base_prefix]),
                  "cafile": paths.openssl_cafile}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One interpreter of this machine. `prefix` is its whole installation; `site_packages` lie below it or below /usr."""

    version: str
    executable: str
    prefix: str
    site_packages: tuple[str, ...]
    cafile: str
    """Where its OpenSSL looks for certificates."""

    @property
    def inside_prefix(self) -> str:
        """The executable's path below the prefix."""
        return f"bin/python{self.version}"


class Interpreters:
    """Finds each interpreter once. Where a version is not installed, the one that runs the emulator stands in, with a warning."""

    def __init__(self, run: Callable[[RunTool], Awaitable[ToolResult]]) -> None:
        self._run = run
        self._found: dict[str, Interpreter] = {}

    async def of(self, runtime: str) -> Interpreter:
        """The interpreter for a runtime such as `python3.12`. Raises EmulatorError where no interpreter works at all."""
        wanted = runtime.removeprefix("python")
        known = self._found.get(wanted)
        if known is not None:
            return known
        found = await self._search(wanted)
        if found is None:
            own = f"{sys.version_info.major}.{sys.version_info.minor}"
            found = None if own == wanted else await self._search(own)
            if found is None:
                raise EmulatorError(
                    f"no working Python {wanted} was found on this machine for the runtime {runtime}; install one"
                )
            logger.warning("Python %s is not installed: Python %s stands in for the runtime %s", wanted, own, runtime)
        self._found[wanted] = found
        return found

    async def _search(self, version: str) -> Interpreter | None:
        for candidate in _candidates(version):
            interpreter = await self._probe(candidate, version)
            if interpreter is not None:
                return interpreter
        return None

    async def _probe(self, executable: str, version: str) -> Interpreter | None:
        result = await self._run(RunTool((executable, "-I", "-c", _PROBE), timeout_seconds=20.0))
        if result.exit_code != 0:
            return None
        return _interpreter(json.loads(result.stdout), version)


def _interpreter(facts: dict[str, Any], version: str) -> Interpreter | None:
    prefix = os.path.realpath(facts["prefix"])
    found = "{}.{}".format(*facts["version"])
    if found != version or not os.access(f"{prefix}/bin/python{found}", os.X_OK):
        return None
    return Interpreter(found, f"{prefix}/bin/python{found}", prefix, tuple(facts["site"]), facts["cafile"] or "")


def _candidates(version: str) -> Iterator[str]:
    """Executables that may be Python `version`, likeliest first."""
    name = f"python{version}"
    seen: set[str] = set()
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT", home / ".pyenv"))
    places = [Path(sys.base_prefix) / "bin" / name]
    places += sorted(pyenv.glob(f"versions/{version}.*/bin/{name}"), reverse=True)
    places += sorted(home.glob(f".local/share/uv/python/cpython-{version}.*/bin/{name}"), reverse=True)
    places += sorted(Path("/opt/hostedtoolcache/Python").glob(f"{version}.*/*/bin/{name}"), reverse=True)
    on_path = shutil.which(name)
    places += [Path(on_path)] if on_path is not None else []
    places += [Path("/usr/local/bin") / name, Path("/usr/bin") / name]
    for place in places:
        if str(place) not in seen and os.access(place, os.X_OK):
            seen.add(str(place))
            yield str(place)
