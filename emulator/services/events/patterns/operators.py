"""Parses match expressions: `{"prefix": "a"}`, `{"numeric": [">", 0]}`, `{"anything-but": ...}`, ...

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.services.events.patterns.matchers import (
    ABSENT,
    PRESENT,
    Affix,
    AnythingBut,
    Cidr,
    Equal,
    EqualIgnoringCase,
    Matcher,
    Numeric,
    Wildcard,
)
from emulator.services.events.patterns.tokens import PatternError, Tokens
from emulator.services.events.patterns.wildcards import WildcardError, parse_wildcard

__all__ = ["match_expression"]

_ONE_KEY: Final = "Only one key allowed in match expression"
_ONE_OR_LIST: Final = "Value of anything-but must be an array or single string/number value."
_UPPER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"<": operator.lt, "<=": operator.le}
_LOWER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {">": operator.gt, ">=": operator.ge}


def match_expression(tokens: Tokens) -> Matcher:
    """The matcher of an object inside a pattern's list, of which `{` was read. Raises PatternError."""
    if tokens.next() != "name":
        raise tokens.fail("Match expression name not found")
    name = tokens.value
    tokens.next()
    parse = _OPERATORS.get(name)
    if parse is None:
        raise tokens.fail(f"Unrecognized match type {name}")
    matcher = parse(tokens)
    if tokens.next() != "}":
        raise tokens.fail(_ONE_KEY)
    return matcher


def _text(tokens: Tokens, message: str, *, twice: bool = False) -> str:
    if tokens.kind != "string":
        raise tokens.fail(message, twice=twice)
    text: str = tokens.value
    return text


def _exactly(tokens: Tokens) -> Matcher:
    return Equal(_text(tokens, "exact match pattern must be a string"))


def _affix(name: str, *, at_end: bool) -> Callable[[Tokens], Matcher]:
    def parse(tokens: Tokens) -> Matcher:
        if tokens.kind != "{":
            return Affix(_text(tokens, f"{name} match pattern must be a string"), at_end)
        tokens.next()
        if tokens.value != "equals-ignore-case":
            raise tokens.fail(f"Unsupported {name} match pattern: {tokens.value}")
        tokens.next()
        text = _text(tokens, "equals-ignore-case match pattern must be a string")
        if tokens.next() != "}":
            raise tokens.fail(_ONE_KEY)
        return Affix(text.lower(), at_end, ignore_case=True)

    return parse


def _ignoring_case(tokens: Tokens) -> Matcher:
    return EqualIgnoringCase(_text(tokens, "equals-ignore-case match pattern must be a string").lower())


def _exists(tokens: Tokens) -> Matcher:
    if tokens.kind != "literal" or tokens.value is None:
        raise tokens.fail("exists match pattern must be either true or false.")
    return PRESENT if tokens.value else ABSENT


def _wildcard(tokens: Tokens, *, twice: bool = False) -> Wildcard:
    text = _text(tokens, "wildcard match pattern must be a string", twice=twice)
    try:
        return parse_wildcard(text)
    except WildcardError as error:
        if error.complexity:
            raise PatternError(str(error)) from error
        raise tokens.fail(str(error)) from error


def _cidr(tokens: Tokens) -> Matcher:
    text = _text(tokens, "prefix match pattern must be a string")
    address, slash, bits = text.partition("/")
    if slash == "" or "/" in bits:
        raise PatternError("Malformed CIDR, one '/' required")
    if not bits.lstrip("+-").isdecimal():
        raise PatternError("Malformed CIDR, mask bits must be an integer")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise PatternError(f"Nonstandard IP address: {address}") from None
    if int(bits) < 0:
        raise PatternError("Malformed CIDR, mask bits must not be negative")
    if int(bits) > parsed.max_prefixlen:
        raise PatternError(f"IPv{parsed.version} mask bits must be < {parsed.max_prefixlen}")
    return Cidr(ipaddress.ip_network(f"{address}/{int(bits)}", strict=False))


def _numeric(tokens: Tokens) -> Matcher:
    opening = tokens.kind
    if opening != "[":
        raise tokens.fail("Value of numeric must be an array.")
    if tokens.next() != "string":
        raise tokens.fail(f"Invalid member in numeric match: {_shown(tokens)}")
    first = tokens.value
    if first == "=":
        equal = _bound(tokens, "equals")
        if tokens.next() != "]":
            raise tokens.fail("Too many terms in numeric range")
        return Numeric(((operator.eq, equal),))
    if first in _UPPER:
        upper = _bound(tokens, first)
        if tokens.next() != "]":
            raise tokens.fail("Too many terms in numeric range")
        return Numeric(((_UPPER[first], upper),))
    if first not in _LOWER:
        raise tokens.fail(f"Unrecognized numeric range operator: {first}")
    lower = _bound(tokens, first)
    if tokens.next() == "]":
        return Numeric(((_LOWER[first], lower),))
    if tokens.kind != "string":
        raise tokens.fail(f"Bad value in numeric range: {_shown(tokens)}")
    second = tokens.value
    if second not in _UPPER:
        raise tokens.fail(f"Bad numeric range operator: {second}")
    upper = _bound(tokens, second)
    if not lower < upper:
        raise tokens.fail("Bottom must be less than top")
    if tokens.next() != "]":
        raise tokens.fail("Too many terms in numeric range")
    return Numeric(((_LOWER[first], lower), (_UPPER[second], upper)))


def _bound(tokens: Tokens, name: str) -> float:
    if tokens.next() != "number":
        raise tokens.fail(f"Value of {name} must be numeric")
    value: float = tokens.value
    return value


def _shown(tokens: Tokens) -> str:
    return {True: "true", False: "false", None: "null"}[tokens.value] if tokens.kind == "literal" else str(tokens.value)


# -- anything-but ------------------------------------------------------------------------------------------------------


def _anything_but(tokens: Tokens) -> Matcher:
    if tokens.kind == "[":
        return AnythingBut(_values_list(tokens))
    if tokens.kind in ("string", "number"):
        return AnythingBut((Equal(tokens.value),))
    if tokens.kind != "{":
        raise tokens.fail(_ONE_OR_LIST)
    tokens.next()
    name = tokens.value
    parse = _INSIDE.get(name)
    if parse is None:
        raise tokens.fail(f"Unsupported anything-but pattern: {name}")
    tokens.next()
    if tokens.kind == "{":
        raise tokens.fail(_ONE_OR_LIST)
    if tokens.kind == "[":
        excluded: list[Matcher] = []
        while tokens.next() != "]":
            excluded.append(parse(tokens, True))
        if not excluded:
            raise tokens.fail("Empty arrays are not allowed")
    else:
        excluded = [parse(tokens, False)]
    if tokens.next() != "}":
        raise tokens.fail(_ONE_KEY)
    return AnythingBut(tuple(excluded))


def _values_list(tokens: Tokens) -> tuple[Matcher, ...]:
    excluded: list[Matcher] = []
    kinds: set[str] = set()
    while tokens.next() != "]":
        if tokens.kind not in ("string", "number"):
            raise tokens.fail("Inside anything but list, start|null|boolean is not supported.")
        kinds.add(tokens.kind)
        if len(kinds) > 1:
            raise tokens.fail(
                "Inside anything but list, either all values are number or string, mixed type is not supported"
            )
        excluded.append(Equal(tokens.value))
    if not excluded:
        raise tokens.fail("Empty arrays are not allowed")
    return tuple(excluded)


def _excluded_affix(*, at_end: bool) -> Callable[[Tokens, bool], Matcher]:
    def parse(tokens: Tokens, twice: bool) -> Matcher:
        text = _text(tokens, "prefix/suffix match pattern must be a string", twice=twice)
        if text == "":
            raise tokens.fail("Null prefix/suffix not allowed", twice=twice)
        return Affix(text, at_end)

    return parse


def _excluded_ignoring_case(tokens: Tokens, twice: bool) -> Matcher:
    message = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
    return EqualIgnoringCase(_text(tokens, message, twice=twice).lower())


def _excluded_wildcard(tokens: Tokens, twice: bool) -> Matcher:
    return _wildcard(tokens, twice=twice)


_INSIDE: Final[Mapping[str, Callable[[Tokens, bool], Matcher]]] = {
    "equals-ignore-case": _excluded_ignoring_case,
    "prefix": _excluded_affix(at_end=False),
    "suffix": _excluded_affix(at_end=True),
    "wildcard": _excluded_wildcard,
}

_OPERATORS: Final[Mapping[str, Callable[[Tokens], Matcher]]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _ignoring_case,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _affix("prefix", at_end=False),
    "suffix": _affix("suffix", at_end=True),
    "wildcard": _wildcard,
}
