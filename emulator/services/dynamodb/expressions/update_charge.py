"""What an update expression counts for by itself: UpdateItem refuses a statement that is larger than an item may be.

The figures are measured, not documented: three bytes for the update, and for each clause what it writes or names. A value counts at
every use, a path for its elements and not for what it holds, and what an operator gives is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emulator.services.dynamodb.expressions.ast import (
    Add,
    Arithmetic,
    Assignment,
    Call,
    Operand,
    Path,
    UpdateTree,
    Value,
)
from emulator.services.dynamodb.expressions.scope import Elements, Scope, Values
from emulator.services.dynamodb.sizes import size_of_value

__all__ = ["UpdateCharge", "charge_of"]

_UPDATE = 3
_WRITING_CLAUSE = 19
_REMOVING_CLAUSE = 1
_TARGET_ELEMENT = 4
_PATH = 1
_PATH_ELEMENT = 14
_OPERATORS = {"+": 34, "-": 37, "if_not_exists": 39, "list_append": 37}


@dataclass(frozen=True, slots=True)
class UpdateCharge:
    """Bytes that are known from the text, and the `:values` that count besides, once for every use."""

    fixed: int
    values: tuple[str, ...]

    def bytes_with(self, values: Values) -> int:
        """The whole charge of a request."""
        return self.fixed + sum(size_of_value(values[name]) for name in self.values)


def charge_of(tree: UpdateTree, scope: Scope) -> UpdateCharge:
    """The charge of an update, whose names `scope` knows."""
    fixed, used = _UPDATE, []
    for action in tree.actions:
        first, *rest = scope.elements(action.path)
        fixed += _length(first) + sum(_TARGET_ELEMENT + _length(element) for element in rest)
        if not isinstance(action, Assignment | Add):
            fixed += _REMOVING_CLAUSE
            continue
        fixed += _WRITING_CLAUSE
        for part in _parts(action.value, scope):
            if isinstance(part, str):
                used.append(part)
            else:
                fixed += part
    return UpdateCharge(fixed, tuple(used))


def _parts(operand: Operand, scope: Scope) -> Iterator[int | str]:
    """Bytes, and names of values."""
    if isinstance(operand, Value):
        yield operand.name
    elif isinstance(operand, Path):
        yield _path_bytes(scope.elements(operand))
    elif isinstance(operand, Arithmetic):
        yield _OPERATORS[operand.operator]
        yield from _parts(operand.left, scope)
        yield from _parts(operand.right, scope)
    elif isinstance(operand, Call):
        yield _OPERATORS[operand.function]
        for argument in operand.arguments:
            yield from _parts(argument, scope)


def _path_bytes(elements: Elements) -> int:
    return _PATH + sum(_PATH_ELEMENT + _length(element) for element in elements)


def _length(element: str | int) -> int:
    return len(str(element).encode("utf-8", "surrogatepass"))
