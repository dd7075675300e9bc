"""Conditions of a bucket policy's statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase

__all__ = ["Keys", "holds", "is_operator", "like", "strings"]

Keys = Mapping[str, tuple[str, ...]]
"""What a request brings, by key in lower case; a key that it does not bring is not there."""

_Compare = Callable[[str, str], bool]


def like(value: str, pattern: str) -> bool:
    """Whether a value matches a pattern with `*` and `?`."""
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def strings(value: object) -> list[str]:
    """A policy's value, or list of values, as text."""
    values: Iterable[object] = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]


def _number(compare: Callable[[float, float], bool]) -> _Compare:
    def test(value: str, pattern: str) -> bool:
        try:
            return compare(float(value), float(pattern))
        except ValueError:
            return False

    return test


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _date(compare: Callable[[float, float], bool]) -> _Compare:
    def test(value: str, pattern: str) -> bool:
        try:
            return compare(_moment(value), _moment(pattern))
        except ValueError:
            return False

    return test


def _in_network(value: str, pattern: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False


_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": lambda one, other: one == other,
    "LessThan": lambda one, other: one < other,
    "LessThanEquals": lambda one, other: one <= other,
    "GreaterThan": lambda one, other: one > other,
    "GreaterThanEquals": lambda one, other: one >= other,
}

_OPERATORS: Mapping[str, _Compare] = {
    "StringEquals": lambda value, pattern: value == pattern,
    "StringEqualsIgnoreCase": lambda value, pattern: value.lower() == pattern.lower(),
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda value, pattern: value.lower() == pattern.lower(),
    "BinaryEquals": lambda value, pattern: value == pattern,
    "IpAddress": _in_network,
    **{f"Numeric{name}": _number(compare) for name, compare in _ORDERS.items()},
    **{f"Date{name}": _date(compare) for name, compare in _ORDERS.items()},
}
_NEGATIONS: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
_QUANTIFIERS = ("ForAllValues:", "ForAnyValue:")


def _bare(operator: str) -> str:
    for quantifier in _QUANTIFIERS:
        operator = operator.removeprefix(quantifier)
    return operator.removesuffix("IfExists")


def is_operator(operator: str) -> bool:
    """Whether IAM has an operator of that name."""
    bare = _bare(operator)
    return operator == "Null" or bare in _OPERATORS or bare in _NEGATIONS


def holds(conditions: Mapping[str, Mapping[str, object]], keys: Keys) -> bool:
    """Whether all conditions hold for a request that brings `keys`."""
    return all(
        _holds(operator, keys.get(key.lower()), strings(patterns))
        for operator, row in conditions.items()
        for key, patterns in row.items()
    )


def _holds(operator: str, values: tuple[str, ...] | None, patterns: list[str]) -> bool:
    if operator == "Null":
        return (values is None) == (patterns[0].lower() == "true")
    bare = _bare(operator)
    negated = bare in _NEGATIONS
    if values is None:
        return operator.endswith("IfExists") or negated or operator.startswith("ForAllValues:")
    compare = _OPERATORS[_NEGATIONS.get(bare, bare)]
    tests = [any(compare(value, pattern) for pattern in patterns) is not negated for value in values]
    return all(tests) if operator.startswith("ForAllValues:") or negated else any(tests)
