"""Patterns for events of fields: `[ip, user, ..., status = 4* || status = 5*, bytes > 1000]`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html

Fields are divided by spaces; what stands in "quotation marks" or [brackets] is one field. `...` stands for any number of fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from emulator.services.logs.comparisons import comparison
from emulator.services.logs.errors import InvalidParameterException

__all__ = ["field_matcher"]

_FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')
_CONDITION = re.compile(r'([\w-]+)\s*(!=|<=|>=|=|<|>)\s*(?:"((?:[^"\\]|\\.)*)"|(%(?:[^%\\]|\\.)+%|[^\s"]+))')
Test = Callable[[str], bool]


def field_matcher(text: str) -> Test:
    """A test for messages. Raises InvalidParameterException."""
    if not text.endswith("]"):
        raise InvalidParameterException(f"Invalid filter pattern: {text}")
    parts = [part.strip() for part in text[1:-1].split(",")]
    if parts.count("...") > 1:
        raise InvalidParameterException(f"Invalid filter pattern: {text}: ... may stand once")
    at = parts.index("...") if "..." in parts else None
    before = [_test(part, text) for part in (parts if at is None else parts[:at])]
    after = [] if at is None else [_test(part, text) for part in parts[at + 1 :]]

    def matches(message: str) -> bool:
        fields = [
            next(group for group in found if group is not None) for found in map(_groups, _FIELD.finditer(message))
        ]
        if len(fields) < len(before) + len(after) or (at is None and len(fields) != len(before)):
            return False
        tail = fields[len(fields) - len(after) :]
        return all(test(field) for test, field in zip(before, fields, strict=False)) and all(
            test(field) for test, field in zip(after, tail, strict=True)
        )

    return matches


def _groups(match: re.Match[str]) -> tuple[str | None, ...]:
    return match.groups()


def _test(part: str, whole: str) -> Test:
    """One field: a name, or conditions on it joined by && or ||."""
    if re.fullmatch(r"[\w-]*", part):
        return lambda _: True
    alternatives = []
    for alternative in part.split("||"):
        tests = []
        for condition in alternative.split("&&"):
            match = _CONDITION.fullmatch(condition.strip())
            if match is None:
                raise InvalidParameterException(f"Invalid filter pattern: {whole}")
            _, sign, quoted, plain = match.groups()
            tests.append(comparison(sign, plain if quoted is None else quoted, quoted=quoted is not None))
        alternatives.append(tests)
    return lambda field: any(all(test(field) for test in tests) for tests in alternatives)
