"""The rules of Choice states: comparators by name, compiled to one test per rule.

A comparison between values of different types is false, never an error; a path that leads nowhere is an error for every comparator but
IsPresent. https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from emulator.services.stepfunctions.asl.definition import Environment
from emulator.services.stepfunctions.asl.failures import DataFlowError
from emulator.services.stepfunctions.asl.paths import Path, PathNotFound, parse_path
from emulator.services.stepfunctions.asl.timestamps import parse_timestamp

__all__ = ["COMPARATORS", "TYPE_TESTS", "parse_rule_test"]

Test = Callable[[Environment], bool]
Compare = Callable[[Any, Any], bool]
Report = Callable[[str, str], None]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_timestamp(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parse_timestamp(value)
    except ValueError:
        return False
    return True


def _string_matches(value: str, pattern: str) -> bool:
    """`*` stands for any characters, `\\\\*` for an asterisk, two backslashes for one."""
    pieces = re.split(r"(\\.|\*)", pattern)
    expression = "".join(
        ".*" if piece == "*" else re.escape(piece[1]) if len(piece) == 2 and piece[0] == "\\" else re.escape(piece)
        for piece in pieces
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _typed(check: Callable[[Any], bool], compare: Compare) -> tuple[Callable[[Any], bool], Compare]:
    return check, lambda left, right: check(left) and check(right) and compare(left, right)


def _moments(compare: Compare) -> Compare:
    return lambda left, right: compare(parse_timestamp(left), parse_timestamp(right))


_ORDERS: Mapping[str, Compare] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
}

COMPARATORS: Mapping[str, tuple[Callable[[Any], bool], Compare]] = {
    "BooleanEquals": _typed(_is_boolean, operator.eq),
    "StringMatches": _typed(_is_string, _string_matches),
    **{f"Numeric{name}": _typed(_is_number, compare) for name, compare in _ORDERS.items()},
    **{f"String{name}": _typed(_is_string, compare) for name, compare in _ORDERS.items()},
    **{f"Timestamp{name}": _typed(_is_timestamp, _moments(compare)) for name, compare in _ORDERS.items()},
}
"""Two-sided comparators: what type both sides must have, and the comparison. All but StringMatches have a `...Path` form."""

TYPE_TESTS: Mapping[str, Callable[[Any], bool]] = {
    "IsBoolean": _is_boolean,
    "IsNull": lambda value: value is None,
    "IsNumeric": _is_number,
    "IsString": _is_string,
    "IsTimestamp": _is_timestamp,
}
"""One-sided tests; their operand says whether the answer must be true or false. IsPresent is apart: it looks at the path only."""

_NOT_COMPARATORS = frozenset({"Variable", "Next", "Comment", "Assign"})


def parse_rule_test(rule: Any, location: str, report: Report) -> Test:
    """Compile one choice rule; problems go to `report` with their location."""
    if not isinstance(rule, Mapping):
        report("Expected value of type Object", location)
        return _never
    for name, combine in (("And", _all_of), ("Or", _any_of)):
        if name in rule:
            parts = rule[name]
            if not isinstance(parts, list) or not parts:
                report("Expected a non-empty Array", f"{location}/{name}")
                return _never
            return combine([parse_rule_test(part, f"{location}/{name}[{i}]", report) for i, part in enumerate(parts)])
    if "Not" in rule:
        inner = parse_rule_test(rule["Not"], f"{location}/Not", report)
        return lambda environment: not inner(environment)
    return _parse_comparison(rule, location, report)


def _never(environment: Environment) -> bool:
    return False


def _all_of(parts: list[Test]) -> Test:
    return lambda environment: all(part(environment) for part in parts)


def _any_of(parts: list[Test]) -> Test:
    return lambda environment: any(part(environment) for part in parts)


def _parse_comparison(rule: Mapping[str, Any], location: str, report: Report) -> Test:
    path = _path(rule.get("Variable"), f"{location}/Variable", report)
    names = [name for name in rule if name not in _NOT_COMPARATORS]
    if len(names) != 1:
        report("A choice rule must have exactly one comparison operator", location)
        return _never
    name, where = names[0], f"{location}/{names[0]}"
    operand = rule[name]
    if name == "IsPresent" or name in TYPE_TESTS:
        if not isinstance(operand, bool):
            report("Expected value of type Boolean", where)
        if name == "IsPresent":
            return lambda environment: path.exists(environment) is operand
        type_test = TYPE_TESTS[name]
        return lambda environment: type_test(_value(path, environment)) is operand
    if name.endswith("Path") and name[:-4] in COMPARATORS and name != "StringMatchesPath":
        other = _path(operand, where, report)
        compare = COMPARATORS[name[:-4]][1]
        return lambda environment: compare(_value(path, environment), _value(other, environment))
    if name not in COMPARATORS:
        report(f"Field is not supported: '{name}'", where)
        return _never
    check, compare = COMPARATORS[name]
    if not check(operand):
        report(f"The operand does not suit {name}", where)
    return lambda environment: compare(_value(path, environment), operand)


def _path(text: Any, location: str, report: Report) -> Path:
    if not isinstance(text, str):
        report("Expected value of type String", location)
        return parse_path("$")
    try:
        return parse_path(text)
    except ValueError as error:
        report(f"Value is not a valid JSONPath: {error}", location)
        return parse_path("$")


def _value(path: Path, environment: Environment) -> Any:
    try:
        return path.evaluate(environment)
    except PathNotFound as error:
        reason = f"Invalid path '{path.text}': The choice state's condition path references an invalid value."
        raise DataFlowError(reason) from error
