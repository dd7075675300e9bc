"""The syntax trees of all expressions, as they were written: `#names` and `:values` stand as such.

A path is a tuple of attribute names (or `#name` substitutes) and list indexes; the first is never an index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "Add",
    "And",
    "Arithmetic",
    "Assignment",
    "Between",
    "Call",
    "Comparison",
    "ConditionNode",
    "Deletion",
    "In",
    "Not",
    "Operand",
    "Or",
    "Path",
    "Removal",
    "UpdateTree",
    "Value",
]


@dataclass(frozen=True, slots=True)
class Path:
    """A document path."""

    elements: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A `:value`."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of operands: a condition, an operand (`size`), or a value of an update."""

    function: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left + right` or `left - right`, in an update."""

    operator: str
    left: Operand
    right: Operand


Operand: TypeAlias = Path | Value | Call | Arithmetic


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """`operand BETWEEN low AND high`."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    """`operand IN (a, b, ...)`."""

    operand: Operand
    choices: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT condition`."""

    condition: ConditionNode


@dataclass(frozen=True, slots=True)
class And:
    """`left AND right`."""

    left: ConditionNode
    right: ConditionNode


@dataclass(frozen=True, slots=True)
class Or:
    """`left OR right`."""

    left: ConditionNode
    right: ConditionNode


ConditionNode: TypeAlias = Comparison | Between | In | Not | And | Or | Call


@dataclass(frozen=True, slots=True)
class Assignment:
    """`SET path = value`."""

    path: Path
    value: Operand


@dataclass(frozen=True, slots=True)
class Removal:
    """`REMOVE path`."""

    path: Path


@dataclass(frozen=True, slots=True)
class Add:
    """`ADD path :value`."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class Deletion:
    """`DELETE path :value`."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class UpdateTree:
    """An update expression: its actions, section by section as they were written."""

    actions: tuple[Assignment | Removal | Add | Deletion, ...]
