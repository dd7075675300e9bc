"""The operators of filter policies: each is a function from operand to test.

https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
https://docs.aws.amazon.com/sns/latest/dg/numeric-value-matching.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.services.sns.errors import InvalidParameterException
from emulator.services.sns.quotas import SnsQuotas

__all__ = ["OPERATORS", "exact"]

Test = Callable[[Any], bool]

COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
LOWEST, HIGHEST = -1e9, 1e9
"""The range of numbers in a policy: https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html"""


def _invalid(reason: str) -> InvalidParameterException:
    return InvalidParameterException(f"Invalid parameter: FilterPolicy: {reason}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def exact(wanted: Any) -> Test:
    """Equal, and of the same kind: text, number, true, false or null."""
    if _is_number(wanted):
        return lambda value: _is_number(value) and value == wanted
    return lambda value: type(value) is type(wanted) and value == wanted


def _text(operand: Any, name: str) -> str:
    if not isinstance(operand, str) or operand == "":
        raise _invalid(f"{name} match pattern must be a non-empty string")
    return operand


def prefix(operand: Any, quotas: SnsQuotas) -> Test:
    """Begins with; `{"equals-ignore-case": ...}` inside ignores case."""
    text, fold = _maybe_folded(operand, "prefix")
    return lambda value: isinstance(value, str) and (value.lower() if fold else value).startswith(text)


def suffix(operand: Any, quotas: SnsQuotas) -> Test:
    """Ends with; `{"equals-ignore-case": ...}` inside ignores case."""
    text, fold = _maybe_folded(operand, "suffix")
    return lambda value: isinstance(value, str) and (value.lower() if fold else value).endswith(text)


def _maybe_folded(operand: Any, name: str) -> tuple[str, bool]:
    if isinstance(operand, dict) and operand.keys() == {"equals-ignore-case"}:
        return _text(operand["equals-ignore-case"], name).lower(), True
    return _text(operand, name), False


def equals_ignore_case(operand: Any, quotas: SnsQuotas) -> Test:
    """Equal but for case."""
    text = _text(operand, "equals-ignore-case").lower()
    return lambda value: isinstance(value, str) and value.lower() == text


def wildcard(operand: Any, quotas: SnsQuotas) -> Test:
    r"""`*` stands for any text; `\*` and `\\` for themselves."""
    pattern = _text(operand, "wildcard")
    parts: list[str] = []
    stars = 0
    for found in re.finditer(r"\\[*\\]|\*+|[^*\\]+|\\", pattern):
        token = found.group()
        if token == "\\" or (token.startswith("**")):
            raise _invalid("Invalid escape character or consecutive wildcard characters in wildcard pattern")
        stars += token == "*"
        parts.append(".*" if token == "*" else re.escape(token[-1] if token.startswith("\\") else token))
    if stars > quotas.filter_policy_wildcards:
        raise _invalid(f"Wildcard patterns can have at most {quotas.filter_policy_wildcards} wildcards")
    compiled = re.compile("".join(parts), re.DOTALL)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def cidr(operand: Any, quotas: SnsQuotas) -> Test:
    """An IP address inside a network."""
    try:
        network = ipaddress.ip_network(_text(operand, "cidr"), strict=False)
    except ValueError:
        raise _invalid("Malformed CIDR, one '/' required") from None

    def matches(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return matches


def numeric(operand: Any, quotas: SnsQuotas) -> Test:
    """`["=", 1]`, `[">", 0, "<=", 5]`."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise _invalid("Invalid member in numeric match: an operator and a number, or two of both")
    tests = []
    for sign, bound in zip(operand[::2], operand[1::2], strict=True):
        compare = COMPARISONS.get(sign) if isinstance(sign, str) else None
        if compare is None:
            raise _invalid(f"Unrecognized numeric range operator: {sign}")
        if not _is_number(bound) or not LOWEST <= bound <= HIGHEST:
            raise _invalid(f"Value of {sign} must be numeric and between -10^9 and 10^9")
        tests.append((compare, bound))
    if len(tests) == 2 and not (operand[0] in (">", ">=") and operand[2] in ("<", "<=") and operand[1] < operand[3]):
        raise _invalid("Bottom must be less than top")
    return lambda value: _is_number(value) and all(compare(value, bound) for compare, bound in tests)


def anything_but(operand: Any, quotas: SnsQuotas) -> Test:
    """Everything but these values, or but what another operator matches."""
    if isinstance(operand, dict):
        if len(operand) != 1 or next(iter(operand)) not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise _invalid("Unsupported anything-but pattern")
        [(name, inner)] = operand.items()
        inners = [OPERATORS[name](one, quotas) for one in (inner if isinstance(inner, list) else [inner])]
        return lambda value: not any(test(value) for test in inners)
    values = operand if isinstance(operand, list) else [operand]
    if not values or not all(isinstance(value, str) or _is_number(value) for value in values):
        raise _invalid("anything-but list must be all strings or all numbers")
    tests = [exact(value) for value in values]
    return lambda value: not any(test(value) for test in tests)


OPERATORS: Final[Mapping[str, Callable[[Any, SnsQuotas], Test]]] = {
    "anything-but": anything_but,
    "cidr": cidr,
    "equals-ignore-case": equals_ignore_case,
    "numeric": numeric,
    "prefix": prefix,
    "suffix": suffix,
    "wildcard": wildcard,
}
