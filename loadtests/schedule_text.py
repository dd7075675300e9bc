"""Schedules as people write them: `rate(50)`, `ramp(5,100)`, `poisson(50)`, `stages(10:5s,50:10s)`, `burst(20,5s)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from loadtests.failures import UsageError
from loadtests.schedule import Burst, Poisson, Ramp, Rate, Schedule, Stages
from loadtests.spans import parse_span

__all__ = ["parse_schedule"]

_PATTERN = re.compile(r"\s*([a-z]+)\s*(?:\((.*)\))?\s*")
_FORMS = "rate(50), ramp(5,100), poisson(50), stages(10:5s,50:10s) or burst(20,5s)"


def parse_schedule(text: str, default_rate: float | None = None) -> Schedule:
    """Return the schedule that a text describes. Raises `UsageError` with the forms that are understood.

    `constant`, `rate` and `poisson` without a number take `default_rate`.
    """
    match = _PATTERN.fullmatch(text)
    name = "" if match is None else match[1]
    reader = _READERS.get("rate" if name == "constant" else name)
    if match is None or reader is None:
        raise UsageError(f"{text!r} is no schedule: write {_FORMS}")
    if match[2] is None:
        if default_rate is None or name not in ("constant", "rate", "poisson"):
            raise UsageError(f"{text!r} says too little: write {_FORMS}")
        parts = [f"{default_rate!r}"]
    else:
        parts = [part.strip() for part in match[2].split(",")]
    try:
        return reader(parts)
    except (ValueError, TypeError):
        raise UsageError(f"{text!r} is no schedule: write {_FORMS}") from None


def _number(text: str) -> float:
    return float(text.removesuffix("/s"))


def _rate(parts: Sequence[str]) -> Schedule:
    (rate,) = parts
    return Rate(_number(rate))


def _poisson(parts: Sequence[str]) -> Schedule:
    (rate,) = parts
    return Poisson(_number(rate))


def _ramp(parts: Sequence[str]) -> Schedule:
    first, last = parts
    return Ramp(_number(first), _number(last))


def _stages(parts: Sequence[str]) -> Schedule:
    pairs = [part.split(":") for part in parts]
    return Stages(tuple((_number(rate), parse_span(seconds)) for rate, seconds in pairs))


def _burst(parts: Sequence[str]) -> Schedule:
    count, every = parts
    return Burst(int(count), parse_span(every.removeprefix("every").lstrip(" =")))


_READERS: dict[str, Callable[[Sequence[str]], Schedule]] = {
    "rate": _rate,
    "poisson": _poisson,
    "ramp": _ramp,
    "stages": _stages,
    "burst": _burst,
}
