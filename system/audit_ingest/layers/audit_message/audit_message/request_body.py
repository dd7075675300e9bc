"""The request body, read once: every top-level member with the exact text that it was sent as.

The payload of an audit message must leave this system as it came in. A value that is parsed and serialised again does
not (`1.10` becomes `1.1`, `1e400` becomes infinity, duplicate keys vanish), so members keep their place in the text.
Only the top level is walked in Python; each value is read by the C scanner of `json`.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

# https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation: 640 is always allowed.
LONGEST_INTEGER_CHARACTERS = 640
_WHITESPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Member:
    """One top-level member: its parsed value, and where its text starts and ends in the body."""

    value: Any
    start: int
    end: int


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse_integer(text: str) -> float:
    """Python refuses to convert thousands of digits, which JSON allows. What no metadata can hold need not be exact."""
    return int(text) if len(text) <= LONGEST_INTEGER_CHARACTERS else float(text)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_parse_integer)


def read_members(text: str) -> dict[str, Member]:
    """Return the members of the JSON object that `text` holds.

    Raises `ValueError` when the text is not exactly one JSON object (RFC 8259), names a member twice, or nests deeper
    than the parser can follow. `NaN` and `Infinity`, which Python's parser would take, are not JSON.
    """
    try:
        return _read_members(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _read_members(text: str) -> dict[str, Member]:
    members: dict[str, Member] = {}
    position = _expect(text, 0, "{")
    if text.startswith("}", position):
        return _end(text, position + 1, members)
    while True:
        if not text.startswith('"', position):
            raise ValueError(f"a member name is expected at character {position}")
        name, position = _DECODER.raw_decode(text, position)
        start = _expect(text, position, ":")
        value, end = _DECODER.raw_decode(text, start)
        if name in members:
            raise ValueError(f"{name!r} appears twice")
        members[name] = Member(value, start, end)
        position = _skip_whitespace(text, end)
        if text.startswith("}", position):
            return _end(text, position + 1, members)
        position = _expect(text, position, ",")


def _skip_whitespace(text: str, position: int) -> int:
    match = _WHITESPACE.match(text, position)
    return position if match is None else match.end()


def _expect(text: str, position: int, character: str) -> int:
    """Step over `character` and the white space around it."""
    position = _skip_whitespace(text, position)
    if not text.startswith(character, position):
        raise ValueError(f"{character!r} is expected at character {position}")
    return _skip_whitespace(text, position + 1)


def _end(text: str, position: int, members: dict[str, Member]) -> dict[str, Member]:
    position = _skip_whitespace(text, position)
    if position != len(text):
        raise ValueError(f"text follows the object at character {position}")
    return members
