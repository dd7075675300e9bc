"""What AWS says of a definition or an input that is no JSON, and where: the words of its parser.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

import json
import re

__all__ = ["input_problem", "json_problem"]

_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_EXPECTED = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def json_problem(text: str) -> tuple[str, str]:
    """Message and location of the first mistake in a text that is no JSON."""
    place, message = _first_mistake(text)
    before = text[:place]
    line, column = before.count("\n") + 1, place - (before.rfind("\n") + 1) + 1
    location = f'[Source: (String)"{text}"; line: {line}, column: {column}]'
    return f"{message}\n at {location}", location


def input_problem(text: str) -> str:
    """What AWS says of an execution's input that is no JSON: it gives no location."""
    return _first_mistake(text)[1] if text.strip() else "Invalid execution input."


def _first_mistake(text: str) -> tuple[int, str]:
    """Where the parser stands, and what it says."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place, reason = error.pos, error.msg
    except RecursionError:
        return 0, "Document nesting depth exceeds the maximum allowed"
    else:
        return len(text), "Unexpected end-of-input"
    word = _WORD.match(text, place)
    if word is not None and "property name" not in reason:
        return word.end(), f"Unrecognized token '{word[0]}': {_EXPECTED}"
    if place >= len(text):
        return place, "Unexpected end-of-input: expected close marker for Object"
    sign = text[place]
    wanted = "was expecting double-quote to start field name" if "property name" in reason else _EXPECTED
    return place, f"Unexpected character ('{sign}' (code {ord(sign)})): {wanted}"
