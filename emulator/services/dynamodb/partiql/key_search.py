"""What a WHERE clause says of a key: one item, some partitions, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emulator.services.dynamodb.expressions import SortCondition
from emulator.services.dynamodb.expressions.ast import (
    And,
    Between,
    Call,
    Comparison,
    ConditionNode,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
)
from emulator.services.dynamodb.values import AttributeValue, Item, equal

__all__ = ["Branch", "KeySearch"]

_MIRRORED: Mapping[str, str] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=", "<>": "<>"}


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of an OR: the partitions that it names, and what it says of the sort key."""

    partitions: tuple[AttributeValue, ...]
    sort: SortCondition | None
    excludes: bool
    """It says of the sort key what it is not."""


class KeySearch:
    """A condition with a statement's names and values, to be searched for key attributes."""

    def __init__(
        self, where: ConditionNode | None, names: Mapping[str, str], values: Mapping[str, AttributeValue]
    ) -> None:
        self._where, self._names, self._values = where, names, values
        self._conjuncts = list(_conjuncts(where))

    def item_key(self, key_names: Sequence[str]) -> tuple[Item, bool] | None:
        """The key that equalities give, and whether there is more to the condition; None where one is missing."""
        key: Item = {}
        more = False
        for node in self._conjuncts:
            name, operator, operands = self._simple(node)
            if operator == "=" and name in key_names and name not in key:
                key[name] = operands[0]
            else:
                more = True
        return (key, more) if len(key) == len(key_names) else None

    def is_keyed(self, name: str) -> bool:
        """Whether every item must have certain values of a partition key, said outside any OR."""
        return any(self._simple(node)[:2] in ((name, "="), (name, "IN")) for node in self._conjuncts)

    def branches(self, partition_key: str, sort_key: str) -> list[Branch]:
        """The branches of the outermost OR; one where there is none."""
        return [self._branch(node, partition_key, sort_key) for node in _disjuncts(self._where)]

    def _branch(self, branch: ConditionNode, partition_key: str, sort_key: str) -> Branch:
        partitions: tuple[AttributeValue, ...] = ()
        sort, excludes = None, False
        for node in _conjuncts(branch):
            name, operator, operands = self._simple(node)
            if name == partition_key and operator in ("=", "IN"):
                partitions = operands
            elif name == sort_key and operator not in ("<>", "IN"):
                sort = SortCondition(name, operator, operands)
            elif isinstance(node, Not) or name == sort_key:
                inner = self._simple(node.condition)[0] if isinstance(node, Not) else name
                excludes = excludes or inner == sort_key
        return Branch(partitions, sort, excludes)

    def partitions(self, name: str) -> list[AttributeValue] | None:
        """The values that a partition key may have for the condition to hold, or None where it may have any."""
        found = self._partitions(self._where, name)
        if found is None:
            return None
        distinct: list[AttributeValue] = []
        for value in found:
            if not any(equal(value, known) for known in distinct):
                distinct.append(value)
        return distinct

    def _partitions(self, node: ConditionNode | None, name: str) -> list[AttributeValue] | None:
        if isinstance(node, And):
            left = self._partitions(node.left, name)
            return self._partitions(node.right, name) if left is None else left
        if isinstance(node, Or):
            left, right = self._partitions(node.left, name), self._partitions(node.right, name)
            return None if left is None or right is None else [*left, *right]
        if node is None:
            return None
        found, operator, operands = self._simple(node)
        return list(operands) if found == name and operator in ("=", "IN") else None

    def sort_condition(self, name: str) -> SortCondition | None:
        """A condition on a sort key that every item must fulfil, where there is one that a range can say."""
        for node in self._conjuncts:
            found, operator, operands = self._simple(node)
            if found == name and operator not in ("", "IN", "<>"):
                return SortCondition(name, operator, operands)
        return None

    def _simple(self, node: ConditionNode) -> tuple[str, str, tuple[AttributeValue, ...]]:
        """Attribute, operator and values of a clause that compares one attribute with values; empty where it does not."""
        if isinstance(node, Comparison):
            if isinstance(node.left, Value):
                return self._clause(_MIRRORED[node.operator], node.right, (node.left,))
            return self._clause(node.operator, node.left, (node.right,))
        if isinstance(node, Between):
            return self._clause("BETWEEN", node.operand, (node.low, node.high))
        if isinstance(node, In):
            return self._clause("IN", node.operand, node.choices)
        if isinstance(node, Call) and node.function == "begins_with":
            return self._clause("begins_with", node.arguments[0], node.arguments[1:])
        return "", "", ()

    def _clause(
        self, operator: str, path: Operand, operands: Sequence[Operand]
    ) -> tuple[str, str, tuple[AttributeValue, ...]]:
        if not isinstance(path, Path) or len(path.elements) > 1:
            return "", "", ()
        values = tuple(self._values[operand.name] for operand in operands if isinstance(operand, Value))
        if len(values) != len(operands):
            return "", "", ()
        return self._names[str(path.elements[0])], operator, values


def _conjuncts(node: ConditionNode | None) -> Iterator[ConditionNode]:
    if isinstance(node, And):
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    elif node is not None:
        yield node


def _disjuncts(node: ConditionNode | None) -> Iterator[ConditionNode]:
    if isinstance(node, Or):
        yield from _disjuncts(node.left)
        yield from _disjuncts(node.right)
    elif node is not None:
        yield node
