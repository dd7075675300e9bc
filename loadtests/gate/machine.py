"""What machine this is, as far as its noise depends on it."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path
from typing import Any

import psutil

__all__ = ["fingerprint", "machine"]


def machine() -> dict[str, Any]:
    """Return what can be compared between machines."""
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def fingerprint() -> str:
    """Return a short name that two machines of one kind share."""
    return hashlib.sha256(repr(sorted(machine().items())).encode()).hexdigest()[:12]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
