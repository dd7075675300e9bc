"""Filters in paths: `[?(@.price < 10 && @.kind == 'book')]`, compiled to a predicate."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from emulator.services.stepfunctions.asl.path_text import PathScanner

__all__ = ["parse_filter"]

Predicate = Callable[[Any], bool]
Find = Callable[[Any], tuple[bool, Any]]
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def check(left: Any, right: Any) -> bool:
        if isinstance(left, bool) or isinstance(right, bool):
            return False
        if isinstance(left, int | float) and isinstance(right, int | float):
            return compare(left, right)
        return isinstance(left, str) and isinstance(right, str) and compare(left, right)

    return check


_COMPARATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    "<=": _ordered(operator.le),
    ">=": _ordered(operator.ge),
    "<": _ordered(operator.lt),
    ">": _ordered(operator.gt),
}


def parse_filter(scanner: PathScanner, *, parse_path_at: Callable[[PathScanner], Find]) -> Predicate:
    """Read `(...)` after the question mark. Raises ValueError."""
    scanner.expect("(")
    predicate = _either(scanner, parse_path_at)
    scanner.expect(")")
    return predicate


def _either(scanner: PathScanner, parse_path_at: Callable[[PathScanner], Find]) -> Predicate:
    options = [_both(scanner, parse_path_at)]
    while scanner.take("||"):
        options.append(_both(scanner, parse_path_at))
    return options[0] if len(options) == 1 else lambda value: any(option(value) for option in options)


def _both(scanner: PathScanner, parse_path_at: Callable[[PathScanner], Find]) -> Predicate:
    parts = [_single(scanner, parse_path_at)]
    while scanner.take("&&"):
        parts.append(_single(scanner, parse_path_at))
    return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)


def _single(scanner: PathScanner, parse_path_at: Callable[[PathScanner], Find]) -> Predicate:
    scanner.skip_space()
    if scanner.at("!") and not scanner.at("!="):
        scanner.expect("!")
        inner = _single(scanner, parse_path_at)
        return lambda value: not inner(value)
    if scanner.take("("):
        grouped = _either(scanner, parse_path_at)
        scanner.expect(")")
        return grouped
    left = _operand(scanner, parse_path_at)
    scanner.skip_space()
    sign = next((sign for sign in _COMPARATORS if scanner.at(sign)), None)
    if sign is None:
        return lambda value: left(value)[0]
    scanner.expect(sign)
    compare = _COMPARATORS[sign]
    right = _operand(scanner, parse_path_at)

    def check(value: Any) -> bool:
        (has_left, left_value), (has_right, right_value) = left(value), right(value)
        return has_left and has_right and compare(left_value, right_value)

    return check


def _operand(scanner: PathScanner, parse_path_at: Callable[[PathScanner], Find]) -> Find:
    if scanner.take("@"):
        return parse_path_at(scanner)
    if scanner.at_quote:
        text = scanner.take_quoted()
        return _constant(text)
    scanner.skip_space()
    found = _LITERAL.match(scanner.text, scanner.position)
    if found is None:
        raise scanner.error("expected '@', a number, a string, true, false or null")
    scanner.position = found.end()
    word = found.group()
    literal = _WORDS[word] if word in _WORDS else float(word) if any(mark in word for mark in ".eE") else int(word)
    return _constant(literal)


def _constant(literal: Any) -> Find:
    def find(value: Any) -> tuple[bool, Any]:
        return True, literal

    return find
