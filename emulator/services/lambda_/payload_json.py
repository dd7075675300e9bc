"""Is an event JSON? And what Lambda says of one that is not: the words of its JSON reader, with the place.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, InvalidRequestContentException
"""

from __future__ import annotations

import json
import re

import msgspec
import orjson

from emulator.services.lambda_.errors import InvalidRequestContentException

__all__ = ["check_json"]

_SCANNER = msgspec.json.Decoder(msgspec.Raw)
"""Reads over JSON and builds nothing: a quarter of a parser's time for one long string, a fifteenth for many small values."""
_SOURCE = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_WORD = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_EXPECTED = {
    "Expecting value": f"expected a valid value {_VALUES}",
    "Expecting property name": "was expecting double-quote to start field name",
    "Illegal trailing comma before end of object": "was expecting double-quote to start field name",
    "Illegal trailing comma": f"expected a valid value {_VALUES}",
    "Expecting ':'": "was expecting a colon to separate field name and value",
}
"""By the beginning of what Python's reader says, which finds the same places."""


def check_json(payload: bytes) -> None:
    """Refuse what is no JSON. Raises InvalidRequestContentException."""
    if _is_plain_json(payload):
        return
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        try:
            json.loads(payload.decode())  # more lenient where Lambda is: lone surrogates
        except ValueError as error:
            raise InvalidRequestContentException(
                f"Could not parse request body into json: Could not parse payload into json: {_reason(payload)}"
            ) from error


def _is_plain_json(payload: bytes) -> bool:
    """Whether it certainly is JSON; what is not plain is for the parsers to judge."""
    try:
        _SCANNER.decode(payload)
        return payload.isascii() or payload.decode() != ""  # the scanner does not look at UTF-8
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _reason(payload: bytes) -> str:
    """What is wrong, where a byte counts as a column."""
    text = payload.decode("latin-1")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _problem(text, error)
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        return _at(text, error.start + 1, f"Invalid UTF-8 start byte 0x{payload[error.start]:x}")
    return _at(text, len(text), "Unexpected end-of-input")


def _problem(text: str, error: json.JSONDecodeError) -> str:
    place = error.pos
    if error.msg.startswith("Illegal trailing comma"):
        place += 1
    match = _SPACE.match(text, place)
    place = place if match is None else match.end()
    if error.msg.startswith("Unterminated string"):
        return _at(text, len(text), "Unexpected end-of-input: was expecting closing quote for a string value")
    if place >= len(text):
        return _at(text, len(text), _unexpected_end(text))
    if error.msg.startswith("Invalid control character"):
        sign = f"(CTRL-CHAR, code {ord(text[place])})"
        wrong = "has to be escaped using backslash to be included in string value"
        return _at(text, place, f"Illegal unquoted character ({sign}): {wrong}")
    word = _WORD.match(text, place)
    if word is not None and not error.msg.startswith(("Expecting property", "Expecting ':'", "Expecting ','")):
        if text[word.end() : word.end() + 1] > "\x7f":
            return _at(text, word.end() + 1, f"Invalid UTF-8 start byte 0x{ord(text[word.end()]):x}")
        return _at(text, word.end(), f"Unrecognized token '{word[0]}': was expecting {_VALUES}")
    if error.msg.startswith("Extra data"):
        return _at(text, place, "Trailing token found after the value")
    places = _open(text[:place])
    kind = "Object" if places and text[places[-1]] == "{" else "Array"
    expected = next(
        (words for begin, words in _EXPECTED.items() if error.msg.startswith(begin)),
        f"was expecting comma to separate {kind} entries",
    )
    sign = text[place]
    shown = f"'{sign}' (code {ord(sign)})" if " " <= sign < "\x7f" else f"(CTRL-CHAR, code {ord(sign)})"
    return _at(text, place, f"Unexpected character ({shown}): {expected}")


def _unexpected_end(text: str) -> str:
    places = _open(text)
    if not places:
        return "Unexpected end-of-input"
    kind = "Object" if text[places[-1]] == "{" else "Array"
    start = _SOURCE.format(**_place(text, places[-1]))
    return f"Unexpected end-of-input: expected close marker for {kind} (start marker at {start})"


def _open(text: str) -> list[int]:
    """Where the objects and arrays begin that are open at the end of a text."""
    places: list[int] = []
    for sign in re.finditer(r"[\[\]{}]", _STRING.sub(lambda string: " " * len(string[0]), text)):
        if sign[0] in "[{":
            places.append(sign.start())
        elif places:
            places.pop()
    return places


def _at(text: str, place: int, words: str) -> str:
    return f"{words}\n at {_SOURCE.format(**_place(text, place))}"


def _place(text: str, place: int) -> dict[str, int]:
    before = text[:place]
    return {"line": before.count("\n") + 1, "column": place - before.rfind("\n")}
