"""The floor: the least that an ingest of a size can cost on this machine, measured in the same run by the emulator's own benchmark.

The benchmark is another program: `python -m emulator.bench.floor --json --sizes 262144,1048576` prints one JSON object whose
`sizes` has, for each size as it was asked for, an object with `floor`: milliseconds, the median. Absolute times mean little; the
ratio to the floor does.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

__all__ = ["Floor", "measure_floor", "read_floor"]

_MODULE = "emulator.bench.floor"
_EFFORT = ("--floor-only", "--rounds", "1", "--count", "8")
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor's median in seconds by body size, or `why_not` it is not known; `details` is all that the benchmark said."""

    p50_seconds: dict[int, float]
    why_not: str | None = None
    details: Any = None

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        sizes = [{"body_bytes": size, "p50_seconds": seconds} for size, seconds in self.p50_seconds.items()]
        return {"sizes": sizes, "why_not": self.why_not, "details": self.details}


def measure_floor(body_sizes: Sequence[int], module: str = _MODULE) -> Floor:
    """Return the floor for body sizes, or why there is none; a floor that fails never fails a run."""
    if importlib.util.find_spec(module.rpartition(".")[0]) is None or importlib.util.find_spec(module) is None:
        return Floor({}, f"not measured: there is no benchmark {module}")
    command = [sys.executable, "-m", module, "--json", *_EFFORT, "--sizes", ",".join(map(str, body_sizes))]
    try:
        finished = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Floor({}, f"not measured: {module} took longer than {_TIMEOUT_SECONDS:.0f} s")
    if finished.returncode != 0:
        lines = finished.stderr.decode(errors="replace").strip().splitlines()
        return Floor({}, f"not measured: {module} failed: {lines[-1] if lines else finished.returncode}")
    return read_floor(finished.stdout)


def read_floor(text: bytes) -> Floor:
    """Return the floor that a benchmark printed."""
    try:
        value = orjson.loads(text)
        sizes = {int(size): float(row["floor"]) / 1000 for size, row in value["sizes"].items()}
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        return Floor({}, f"not measured: the benchmark's answer is not understood: {error!r}")
    return Floor(sizes, None, value)
