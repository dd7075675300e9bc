"""What a running emulator holds: processes, memory, descriptors, files, journal; and whether any of it keeps growing."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from emulator.sandbox.process_table import descendants_of, resident_bytes

__all__ = ["ALLOWED_GROWTH", "Figures", "Trend", "measure", "trends"]

ALLOWED_GROWTH: Mapping[str, float] = {
    "processes": 6.0,
    "emulator_mb": 12.0,
    "functions_mb": 60.0,
    "descriptors": 12.0,
    "folders": 4.0,
    "files": 8.0,
}
"""How much may be added in an hour, by the slope of a straight line, before it counts as a leak. Noise of a pool that starts and retires
environments is larger than nothing; a leak of one of each kind for every hundredth invocation is far above it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One look."""

    minutes: float
    processes: int
    emulator_mb: float
    functions_mb: float
    descriptors: int
    folders: int
    files: int
    journal_entries: int


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure's slope."""

    figure: str
    per_hour: float
    allowed: float

    @property
    def leaks(self) -> bool:
        """Whether it grows more than it may."""
        return self.per_hour > self.allowed


def measure(process_id: int, endpoint: str, minutes: float) -> Figures:
    """Look at the emulator, and at all that lives below it."""
    with urlopen(f"{endpoint}/_windtunnel/info", timeout=30) as answer:  # noqa: S310  # our own endpoint
        info: dict[str, Any] = json.load(answer)
    below = descendants_of(process_id)
    folders, files = _content(Path(info["temporary_folder"]))
    return Figures(
        minutes=round(minutes, 2),
        processes=len(below),
        emulator_mb=round(resident_bytes(process_id) / 1_048_576, 1),
        functions_mb=round(sum(map(resident_bytes, below)) / 1_048_576, 1),
        descriptors=sum(1 for _ in Path(f"/proc/{process_id}/fd").iterdir()),
        folders=folders,
        files=files,
        journal_entries=info["journal_entries"],
    )


def _content(folder: Path) -> tuple[int, int]:
    folders = files = 0
    for _, below, within in os.walk(folder):
        folders += len(below)
        files += len(within)
    return folders, files


def trends(looks: Sequence[Figures]) -> list[Trend]:
    """The slope of each figure over the looks, by least squares; none where there are too few."""
    if len(looks) < 3:
        return []
    minutes = [look.minutes for look in looks]
    found = []
    for figure, allowed in ALLOWED_GROWTH.items():
        slope = statistics.linear_regression(minutes, [float(getattr(look, figure)) for look in looks]).slope
        found.append(Trend(figure, round(slope * 60.0, 2), allowed))
    return found
