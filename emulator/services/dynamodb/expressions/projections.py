"""Projections: the parts of an item that a read returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from emulator.services.dynamodb.expressions.limits import CACHED_EXPRESSIONS
from emulator.services.dynamodb.expressions.parser import parse_projection
from emulator.services.dynamodb.expressions.scope import Elements, Scope, show_path
from emulator.services.dynamodb.values import AttributeValue, Item

__all__ = ["Projection", "check_paths", "projection_of"]

_Branch: TypeAlias = dict[str | int, Any]
"""The parts below: a branch, or None for the whole value."""


class Projection:
    """A ProjectionExpression or AttributesToGet, or the attributes that an update names."""

    __slots__ = ("_tree", "attribute_names", "has_nested_paths")

    def __init__(self, paths: Iterable[Elements]) -> None:
        self._tree: _Branch = {}
        self.has_nested_paths = False
        for path in paths:
            self.has_nested_paths = self.has_nested_paths or len(path) > 1
            branch = self._tree
            for element in path[:-1]:
                branch = branch.setdefault(element, {})
            branch[path[-1]] = None
        self.attribute_names = frozenset(str(name) for name in self._tree)
        """The top-level attributes that it returns parts of."""

    def of(self, item: Mapping[str, AttributeValue]) -> Item:
        """The parts of an item that it names; members of lists close up, in their order."""
        return _members(self._tree, item)


def _members(branch: _Branch, members: Mapping[str, AttributeValue]) -> Item:
    found: Item = {}
    for name, below in branch.items():
        if isinstance(name, str) and (value := members.get(name)) is not None:
            part = value if below is None else _part(below, value)
            if part is not None:
                found[name] = part
    return found


def _part(branch: _Branch, value: AttributeValue) -> AttributeValue | None:
    """The named parts of a document; None where it has none of them."""
    if "M" in value:
        members = _members(branch, value["M"])
        return {"M": members} if members else None
    if "L" not in value:
        return None
    inner, found = value["L"], []
    for index in sorted(index for index in branch if isinstance(index, int) and index < len(inner)):
        below = branch[index]
        part = inner[index] if below is None else _part(below, inner[index])
        if part is not None:
            found.append(part)
    return {"L": found} if found else None


def check_paths(paths: list[Elements], scope: Scope) -> None:
    """Refuse paths of which one is inside another, or that take one value for a list and a map."""
    for index, second in enumerate(paths):
        for first in paths[:index]:
            shown = f"path one: {show_path(first)}, path two: {show_path(second)}"
            for one, two in zip(first, second, strict=False):
                if type(one) is not type(two):
                    raise scope.error(
                        "Two document paths conflict with each other; must remove or rewrite one of these paths; "
                        + shown
                    )
                if one != two:
                    break
            else:
                raise scope.error(
                    "Two document paths overlap with each other; must remove or rewrite one of these paths; " + shown
                )


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def _compiled(text: str, names: tuple[tuple[str, str], ...]) -> tuple[Projection, Scope]:
    scope = Scope("ProjectionExpression", dict(names))
    paths = [scope.elements(path) for path in parse_projection(text, "ProjectionExpression")]
    check_paths(paths, scope)
    return Projection(paths), scope


def projection_of(text: str, names: Mapping[str, str]) -> tuple[Projection, Scope]:
    """A projection with a request's names, and what it uses of them. Raises RequestError."""
    return _compiled(text, tuple(names.items()))
