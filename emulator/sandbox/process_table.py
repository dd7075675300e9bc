"""Reads the kernel's table of processes: who descends from whom, and how much memory they hold."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["children_of", "descendants_of", "inner_pid", "members_of_group", "resident_bytes"]

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def children_of(pid: int) -> list[int]:
    """The children of a process in the order of their start; none where it has ended."""
    found: list[int] = []
    try:
        with os.scandir(f"/proc/{pid}/task") as threads:
            for thread in threads:
                with open(f"{thread.path}/children", "rb", buffering=0) as table:
                    found += map(int, table.read().split())
    except OSError:  # it ended, or the kernel keeps no such list
        return found
    return found


def descendants_of(pid: int, *, without: frozenset[int] = frozenset()) -> list[int]:
    """All processes below one, nearest first, leaving out the trees of those in `without`."""
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for parent in level for child in children_of(parent) if child not in without]
        found += level
    return found


def members_of_group(group: int) -> list[int]:
    """All processes of a process group, whoever their parents are. Reads the whole table: a millisecond or more."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(ProcessLookupError):
                if os.getpgid(int(entry.name)) == group:
                    found.append(int(entry.name))
    return found


def inner_pid(pid: int) -> int | None:
    """What a process is called in its own pid namespace; None where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    at = status.find("NSpid:")
    return pid if at < 0 else int(status[at:].split("\n", 1)[0].split()[-1])


def resident_bytes(pid: int) -> int:
    """Resident memory of one process; 0 where it has ended."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as table:
            return int(table.read().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
