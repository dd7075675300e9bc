"""Statements as they were read. Conditions and updates are the trees of the expression languages, with `#names` and `:values` of their own:

a literal is `:l0`, `:l1`, ..., a parameter `?` is `:p0`, `:p1`, ... in the order of the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from emulator.services.dynamodb.expressions.ast import ConditionNode, Path, UpdateTree
from emulator.services.dynamodb.values import AttributeValue

__all__ = ["Delete", "Insert", "Select", "Statement", "Struct", "Term", "Terms", "Update"]


@dataclass(frozen=True, slots=True)
class Struct:
    """A literal that holds parameters: members by name, or in order."""

    members: Mapping[str, Term] | tuple[Term, ...]


Term: TypeAlias = "AttributeValue | int | Struct"
"""A value, the number of a parameter, or a document of such."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the trees of a statement refer to."""

    names: Mapping[str, str]
    literals: Mapping[str, Term]
    parameters: int
    """How many `?` it has."""


@dataclass(frozen=True, slots=True)
class Select:
    """`SELECT paths FROM table.index WHERE condition ORDER BY ...`; no paths is `*`."""

    terms: Terms
    table: str
    index: str | None
    paths: tuple[Path, ...]
    where: ConditionNode | None
    order: tuple[tuple[str, bool], ...] = ()
    """Attribute and whether it descends."""
    exists: bool = False
    """It stands in EXISTS(...)."""


@dataclass(frozen=True, slots=True)
class Insert:
    """`INSERT INTO table VALUE {...}`."""

    terms: Terms
    table: str
    item: Mapping[str, Term] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Update:
    """`UPDATE table SET ... REMOVE ... WHERE condition RETURNING ...`."""

    terms: Terms
    table: str
    changes: UpdateTree
    where: ConditionNode | None
    returning: str | None = None
    """`ALL OLD`, `ALL NEW`, `MODIFIED OLD` or `MODIFIED NEW`."""


@dataclass(frozen=True, slots=True)
class Delete:
    """`DELETE FROM table WHERE condition RETURNING ...`."""

    terms: Terms
    table: str
    where: ConditionNode | None
    returning: str | None = None


Statement: TypeAlias = Select | Insert | Update | Delete
