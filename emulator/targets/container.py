"""The container target: another emulator and Redis in containers, through the Docker SDK. Planned; it says so."""

from __future__ import annotations

from typing import NoReturn

from emulator.errors import EmulatorError

__all__ = ["container_target"]


def container_target(stack_name: str) -> NoReturn:
    """Raise EmulatorError: this target is not built yet."""
    raise EmulatorError(
        f"the container target is not built yet (asked for stack {stack_name}): use the embedded target, which needs no "
        "Docker, or aws for a deployed stack"
    )
