"""Conditions and filters on items."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from emulator.services.dynamodb.expressions.condition_compiler import Test, compile_condition
from emulator.services.dynamodb.expressions.limits import CACHED_EXPRESSIONS
from emulator.services.dynamodb.expressions.parser import parse_condition
from emulator.services.dynamodb.expressions.scope import Scope, Values
from emulator.services.dynamodb.values import AttributeValue

__all__ = ["Condition", "condition_of"]

NO_ITEM: Mapping[str, AttributeValue] = {}


class Condition:
    """A ConditionExpression, FilterExpression, Expected or a legacy filter, ready to be asked."""

    __slots__ = ("_test", "_values", "attribute_names", "has_nested_paths")

    def __init__(self, test: Test, values: Values, scope: Scope) -> None:
        self._test, self._values = test, values
        self.attribute_names = frozenset(scope.attribute_names)
        """The top-level attributes that it looks at."""
        self.has_nested_paths = bool(scope.nested_names)

    def holds(self, item: Mapping[str, AttributeValue] | None) -> bool:
        """Whether the item (None or empty where there is none) fulfils it."""
        return self._test(NO_ITEM if item is None else item, self._values)


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def _compiled(text: str, kind: str, names: tuple[tuple[str, str], ...]) -> tuple[Test, Scope]:
    scope = Scope(kind, dict(names))
    test = compile_condition(parse_condition(text, kind), scope)
    return test, scope


def condition_of(text: str, kind: str, names: Mapping[str, str], values: Values) -> tuple[Condition, Scope]:
    """A condition with a request's names and values, and what it uses of them. Raises RequestError."""
    test, scope = _compiled(text, kind, tuple(names.items()))
    for check in scope.checks:
        check(values)
    return Condition(test, values, scope), scope
