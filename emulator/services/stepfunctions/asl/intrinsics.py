"""The intrinsic functions `States.*`, by name. Each takes JSON values and gives one, or raises IntrinsicError with the reason.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.services.stepfunctions.asl.definition import Environment
from emulator.services.stepfunctions.asl.document import dumps, loads

__all__ = ["FUNCTIONS", "Function", "IntrinsicError"]

_LONGEST_STRING = 10_000  # characters, for Base64 and Hash: the functions' page
_LONGEST_RANGE = 1_000  # items, for ArrayRange
_HASHES: Mapping[str, str] = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


class IntrinsicError(Exception):
    """A function refused its arguments."""


@dataclass(frozen=True, slots=True)
class Function:
    """One intrinsic: how many arguments it takes (`most` None is any number) and what it does."""

    least: int
    most: int | None
    run: Callable[..., Any]


def _integer(value: Any, name: str) -> int:
    """A number, rounded to the nearest integer as the service does."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IntrinsicError(f"{name} must be a number, not {dumps(value)}")
    return value if isinstance(value, int) else math.floor(value + 0.5)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise IntrinsicError(f"the first argument must be an array, not {dumps(value)}")
    return value


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise IntrinsicError(f"{name} must be a string, not {dumps(value)}")
    return value


def _short_string(value: Any) -> str:
    text = _string(value, "the first argument")
    if len(text) > _LONGEST_STRING:
        raise IntrinsicError(f"the string is {len(text)} characters long; at most {_LONGEST_STRING} are allowed")
    return text


def _format(environment: Environment, template: Any, *arguments: Any) -> str:
    pieces = template if isinstance(template, tuple) else _string(template, "the template").split("{}")
    if len(pieces) - 1 != len(arguments):
        raise IntrinsicError(f"the template has {len(pieces) - 1} placeholders and {len(arguments)} arguments")
    written = [argument if isinstance(argument, str) else dumps(argument) for argument in arguments]
    return "".join(piece + text for piece, text in zip(pieces, [*written, ""], strict=True))


def _string_to_json(environment: Environment, text: Any) -> Any:
    try:
        return loads(_string(text, "the argument"))
    except ValueError as error:
        raise IntrinsicError(f"the argument is no JSON: {error}") from error


def _array_partition(environment: Environment, array: Any, size: Any) -> list[Any]:
    items, length = _list(array), _integer(size, "the chunk size")
    if length <= 0:
        raise IntrinsicError(f"the chunk size must be positive, not {length}")
    return [items[start : start + length] for start in range(0, len(items), length)]


def _array_range(environment: Environment, first: Any, last: Any, step: Any) -> list[int]:
    start, end, by = _integer(first, "the first"), _integer(last, "the last"), _integer(step, "the step")
    if by == 0:
        raise IntrinsicError("the step must not be 0")
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > _LONGEST_RANGE:
        raise IntrinsicError(f"the array would have {len(numbers)} items; at most {_LONGEST_RANGE} are allowed")
    return list(numbers)


def _array_get_item(environment: Environment, array: Any, index: Any) -> Any:
    items, position = _list(array), _integer(index, "the index")
    if not 0 <= position < len(items):
        raise IntrinsicError(f"index {position} is outside an array of {len(items)}")
    return items[position]


def _equal(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _array_unique(environment: Environment, array: Any) -> list[Any]:
    unique: dict[str, Any] = {}
    for item in _list(array):
        unique.setdefault(dumps(item), item)
    return list(unique.values())


def _base64_encode(environment: Environment, text: Any) -> str:
    return base64.b64encode(_short_string(text).encode()).decode()


def _base64_decode(environment: Environment, text: Any) -> str:
    try:
        return base64.b64decode(_short_string(text), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise IntrinsicError(f"the argument is no Base64: {error}") from error


def _hash(environment: Environment, data: Any, algorithm: Any) -> str:
    name = _HASHES.get(_string(algorithm, "the algorithm"))
    if name is None:
        raise IntrinsicError(f"{algorithm} is none of {', '.join(_HASHES)}")
    return hashlib.new(name, _short_string(data).encode(), usedforsecurity=False).hexdigest()


def _json_merge(environment: Environment, left: Any, right: Any, deep: Any) -> dict[str, Any]:
    if deep is not False:
        raise IntrinsicError("only the shallow merge is supported: pass false as the third argument")
    if not isinstance(left, Mapping) or not isinstance(right, Mapping):
        raise IntrinsicError("both arguments must be objects")
    return {**left, **right}


def _math_random(environment: Environment, start: Any, end: Any, seed: Any = None) -> int:
    low, high = _integer(start, "the start"), _integer(end, "the end")
    if low >= high:
        raise IntrinsicError(f"the start ({low}) must be below the end ({high})")
    source = environment.random() if seed is None else random.Random(_integer(seed, "the seed"))
    number: int = source.randrange(low, high)
    return number


def _string_split(environment: Environment, text: Any, delimiters: Any) -> list[str]:
    whole, characters = _string(text, "the string"), _string(delimiters, "the delimiters")
    if characters == "":
        return [whole]
    return [piece for piece in re.split(f"[{re.escape(characters)}]", whole) if piece != ""]


FUNCTIONS: Mapping[str, Function] = {
    "States.Array": Function(0, None, lambda _, *items: list(items)),
    "States.ArrayContains": Function(2, 2, lambda _, array, item: any(_equal(item, each) for each in _list(array))),
    "States.ArrayGetItem": Function(2, 2, _array_get_item),
    "States.ArrayLength": Function(1, 1, lambda _, array: len(_list(array))),
    "States.ArrayPartition": Function(2, 2, _array_partition),
    "States.ArrayRange": Function(3, 3, _array_range),
    "States.ArrayUnique": Function(1, 1, _array_unique),
    "States.Base64Decode": Function(1, 1, _base64_decode),
    "States.Base64Encode": Function(1, 1, _base64_encode),
    "States.Format": Function(1, None, _format),
    "States.Hash": Function(2, 2, _hash),
    "States.JsonMerge": Function(3, 3, _json_merge),
    "States.JsonToString": Function(1, 1, lambda _, value: dumps(value)),
    "States.MathAdd": Function(2, 2, lambda _, left, right: _integer(left, "a term") + _integer(right, "a term")),
    "States.MathRandom": Function(2, 3, _math_random),
    "States.StringSplit": Function(2, 2, _string_split),
    "States.StringToJson": Function(1, 1, _string_to_json),
    "States.UUID": Function(0, 0, lambda environment: environment.uuid()),
}
"""Every intrinsic function of the language."""
