"""Key conditions of a Query.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions.ast import (
    And,
    Between,
    Call,
    ConditionNode,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
)
from emulator.services.dynamodb.expressions.condition_compiler import compile_condition
from emulator.services.dynamodb.expressions.limits import CACHED_EXPRESSIONS
from emulator.services.dynamodb.expressions.parser import parse_condition
from emulator.services.dynamodb.expressions.scope import Scope, Values
from emulator.services.dynamodb.values import AttributeValue, type_of

__all__ = ["KeyCondition", "KeyRange", "SortCondition", "key_condition_of"]

KIND = "KeyConditionExpression"
_MIRRORED: Mapping[str, str] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_EMPTY_KEY = (
    "One or more parameter values are not valid. "
    "The AttributeValue for a key attribute cannot contain an empty {kind} value. Key: {name}"
)


@dataclass(frozen=True, slots=True)
class SortCondition:
    """What a sort key must be."""

    attribute: str
    operator: str
    """`=`, `<`, `<=`, `>`, `>=`, `BETWEEN` (two operands, both inclusive) or `begins_with`."""
    operands: tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The partition and the range of sort keys that a Query reads."""

    partition: tuple[AttributeValue, ...]
    """Values of the partition key attributes, in the order of the schema (an index may have several)."""
    sort: tuple[SortCondition, ...]
    """In the order of the schema, all but the last with `=`; empty for the whole partition."""


class KeyCondition:
    """A KeyConditionExpression or KeyConditions, not yet held against a key schema."""

    __slots__ = ("_conditions", "_legacy")

    def __init__(self, conditions: Mapping[str, SortCondition], *, legacy: bool = False) -> None:
        self._conditions, self._legacy = conditions, legacy

    @property
    def attribute_names(self) -> frozenset[str]:
        """The attributes that it has conditions on."""
        return frozenset(self._conditions)

    def resolve(self, partition_keys: Sequence[str], sort_keys: Sequence[str], types: Mapping[str, str]) -> KeyRange:
        """The range of a table's or index's key schema; `types` gives `S`, `N` or `B` of each key attribute.

        Raises ValidationException where it misses a key, names another attribute, compares as a Query cannot, or has
        a value of another type or an empty one.
        """
        conditions = self._conditions
        keys = [*partition_keys, *sort_keys]
        if len(conditions) > len(keys) and not self._legacy:
            raise ValidationException(
                f"The number of query conditions ({len(conditions)}) exceeds the number of key attributes "
                f"defined in the schema ({len(keys)})"
            )
        for name in partition_keys:
            if name not in conditions:
                raise ValidationException(f"Query condition missed key schema element: {name}")
        if not conditions.keys() <= set(keys):
            missed = next((name for name in sort_keys if name not in conditions), None)
            if missed is None:
                raise ValidationException("Query key condition not supported")
            raise ValidationException(f"Query condition missed key schema element: {missed}")
        for name in keys:
            if name in conditions:
                _check_operands(conditions[name], types[name])
        if any(conditions[name].operator != "=" for name in partition_keys):
            raise ValidationException("Query key condition not supported")
        sort = [conditions[name] for name in sort_keys if name in conditions]
        if sort:
            _check_prefix(sort[-1], sort_keys, conditions)
        for condition in sort:
            if condition.operator not in ("=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"):
                raise ValidationException("Query key condition not supported")
        return KeyRange(tuple(conditions[name].operands[0] for name in partition_keys), tuple(sort))


def _check_prefix(last: SortCondition, sort_keys: Sequence[str], conditions: Mapping[str, SortCondition]) -> None:
    """Every sort key before the last one that has a condition must have one with `=`."""
    before = sort_keys[: sort_keys.index(last.attribute)]
    gaps = [name for name in before if name not in conditions or conditions[name].operator != "="]
    if gaps:
        raise ValidationException(
            f"RANGE key attributes {', '.join(gaps)} must have equality conditions specified in the query "
            f"because a condition is present on key attribute {last.attribute}"
        )


def _check_operands(condition: SortCondition, kind: str) -> None:
    for value in condition.operands:
        if type_of(value) != kind:
            raise ValidationException(
                "One or more parameter values were invalid: Condition parameter type does not match schema type"
            )
        if kind != "N" and len(value[kind]) == 0:
            name = "string" if kind == "S" else "binary"
            raise ValidationException(_EMPTY_KEY.format(kind=name, name=condition.attribute))


# -- from an expression --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Clause:
    attribute: str
    operator: str
    values: tuple[str, ...]


def _clauses(node: ConditionNode, scope: Scope) -> list[_Clause]:
    """The clauses of a conjunction. Raises RequestError for what a key condition cannot be."""
    if isinstance(node, And):
        return [*_clauses(node.left, scope), *_clauses(node.right, scope)]
    if isinstance(node, Or | Not | In):
        raise scope.error(f"Invalid operator used in {KIND}: {type(node).__name__.upper()}")
    if isinstance(node, Between):
        return [_clause("BETWEEN", (node.operand, node.low, node.high), scope)]
    if isinstance(node, Call):
        if node.function != "begins_with":
            raise scope.error(f"Invalid operator used in {KIND}: {node.function}")
        return [_clause("begins_with", node.arguments, scope)]
    if node.operator == "<>":
        raise scope.error(f"Invalid operator used in {KIND}: <>")
    if isinstance(node.left, Value) and isinstance(node.right, Path):
        return [_clause(_MIRRORED[node.operator], (node.right, node.left), scope)]
    return [_clause(node.operator, (node.left, node.right), scope)]


def _clause(operator: str, operands: tuple[Operand, ...], scope: Scope) -> _Clause:
    if any(isinstance(operand, Call) for operand in operands):
        raise scope.error(f"{KIND}s cannot contain nested operations")
    paths = [operand for operand in operands if isinstance(operand, Path)]
    if len(paths) > 1:
        raise scope.error(f"Invalid condition in {KIND}: Multiple attribute names used in one condition")
    if not paths:
        raise scope.error(f"Invalid condition in {KIND}: No key attribute specified")
    if operands[0] is not paths[0]:
        raise scope.error(
            f"Invalid condition in {KIND}: {operator} operator must have the key attribute as its first operand"
        )
    elements = scope.elements(paths[0])
    if len(elements) > 1:
        raise scope.error(f"{KIND}s cannot have conditions on nested attributes")
    names = tuple(operand.name for operand in operands[1:] if isinstance(operand, Value))
    return _Clause(str(elements[0]), operator, names)


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def _compiled(text: str, names: tuple[tuple[str, str], ...]) -> tuple[ConditionNode, Scope]:
    scope = Scope(KIND, dict(names))
    node = parse_condition(text, KIND)
    compile_condition(node, scope)
    return node, scope


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def _clauses_of(text: str, names: tuple[tuple[str, str], ...]) -> tuple[_Clause, ...]:
    node, scope = _compiled(text, names)
    clauses = _clauses(node, scope)
    if len({clause.attribute for clause in clauses}) < len(clauses):
        raise scope.error(f"{KIND}s must only contain one condition per key")
    return tuple(clauses)


def key_condition_of(text: str, names: Mapping[str, str], values: Values) -> tuple[KeyCondition, Scope]:
    """A key condition with a request's names and values, and what it uses of them. Raises RequestError."""
    written = tuple(names.items())
    _, scope = _compiled(text, written)
    for check in scope.checks:
        check(values)
    conditions = {
        clause.attribute: SortCondition(
            clause.attribute, clause.operator, tuple(values[name] for name in clause.values)
        )
        for clause in _clauses_of(text, written)
    }
    return KeyCondition(conditions), scope
