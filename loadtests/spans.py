"""Spans of time as people write them: `300ms`, `5s`, `2m`, `1h`."""

from __future__ import annotations

import re

from loadtests.failures import UsageError

__all__ = ["format_span", "parse_span"]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


def parse_span(text: str | float) -> float:
    """Return the seconds of `300ms`, `5s`, `2m`, `1h` or a bare number of seconds. Raises `UsageError` for anything else."""
    match = _PATTERN.fullmatch(str(text).strip())
    if match is None or match[2] not in ("", *_UNITS):
        raise UsageError(
            f"{text!r} is no span of time: write a number and one of {', '.join(_UNITS)}, e.g. 500ms or 30s"
        )
    return float(match[1]) * _UNITS.get(match[2], 1.0)


def format_span(seconds: float) -> str:
    """Return a span as `parse_span` reads it."""
    return f"{seconds:g}s"
