"""Spans of time as people write them: `10s`, `500ms`, `2h`, `1h30m`, or plain seconds."""

from __future__ import annotations

import re

from emulator.errors import EmulatorError

__all__ = ["seconds_of"]

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*")


def seconds_of(span: str | float) -> float:
    """Seconds in `span`. Raises EmulatorError where it is no span of time."""
    if not isinstance(span, str):
        return float(span)
    text = span.strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", text) is not None:
        return float(text)
    if text == "" or re.fullmatch(rf"(?:{_PART.pattern})+", text) is None:
        raise EmulatorError(f"{span!r} is no span of time such as 10s, 500ms, 2h or 1h30m")
    return sum(float(number) * UNITS[unit] for number, unit in _PART.findall(text))
