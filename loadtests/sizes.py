"""Message sizes: how people write them, and what they weigh.

The size of a message is the size of its HTTP request body in bytes, envelope included: that is what a sender's network and
the limits of API Gateway and Lambda see. Decimal units are powers of 1000 (IEC 80000-13), binary ones of 1024.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from loadtests.failures import UsageError

__all__ = ["DEFAULT_SIZES", "DEFAULT_WEIGHTS", "MAX", "MessageSize", "format_bytes", "parse_mix", "parse_size"]

MAX = "max"
DEFAULT_SIZES = "256KiB,1MiB,4MB,max"
# Small messages are the usual ones. The large ones are few, but enough for a median.
DEFAULT_WEIGHTS = {"256KiB": 9, "1MiB": 5, "4MB": 3, MAX: 3}

_UNITS = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "KiB": 1024, "MiB": 1024**2}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class MessageSize:
    """One class of messages: `label` as it was asked for, the body's size, and its share of the arrivals."""

    label: str
    body_bytes: int
    weight: float = 1.0


def parse_size(text: str) -> int:
    """Return the bytes of `256KiB`, `4MB`, `1.5MiB`, `700B`. Raises `UsageError` for anything else."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None or match[2] not in _UNITS:
        raise UsageError(f"{text!r} is no size: write a number and one of {', '.join(_UNITS)}, or {MAX}")
    value = Decimal(match[1]) * _UNITS[match[2]]
    if value != int(value) or value <= 0:
        raise UsageError(f"{text!r} is {value} bytes: a size is a whole number of bytes above 0")
    return int(value)


def parse_mix(text: str) -> list[tuple[str, int | None, float]]:
    """Return label, bytes (None for `max`, which is measured) and weight of each size in `256KiB,4MB:2,max:0.5`.

    A size without a weight has its default one, or 1. Raises `UsageError`.
    """
    mix: list[tuple[str, int | None, float]] = []
    for part in text.split(","):
        label, _, weight_text = part.strip().partition(":")
        try:
            weight = float(weight_text) if weight_text else float(DEFAULT_WEIGHTS.get(label, 1))
        except ValueError:
            raise UsageError(f"the weight in {part.strip()!r} is no number") from None
        if not 0 < weight < float("inf"):
            raise UsageError(f"the weight in {part.strip()!r} must be a number above 0")
        if any(label == known for known, _, _ in mix):
            raise UsageError(f"size {label!r} is named twice")
        mix.append((label, None if label == MAX else parse_size(label), weight))
    return mix


def format_bytes(count: float) -> str:
    """Return a count of bytes for people: `256 KiB`, `4.0 MB`. Whole binary units are kept, others become decimal."""
    for unit in ("MiB", "KiB"):
        if count >= _UNITS[unit] and count % _UNITS[unit] == 0:
            return f"{count / _UNITS[unit]:.0f} {unit}"
    if count >= _UNITS["MB"]:
        return f"{count / _UNITS['MB']:.2f} MB"
    if count >= _UNITS["kB"]:
        return f"{count / _UNITS['kB']:.1f} kB"
    return f"{count:.0f} B"
