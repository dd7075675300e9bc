"""The form of a query request -> parameters (`Action=Publish&MessageAttributes.entry.1.Name=...`).

The names are split at their dots into a tree once; readers then walk the tree along the shape.
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.protocols.errors import MalformedInput
from emulator.protocols.scalars import TEXT_PARSERS

__all__ = ["Form", "QueryReaders", "parse_form"]

Form = dict[str, Any]
"""Names split at their dots: a value is the text of a leaf, or a Form."""
Reader = Callable[[Any], Any]


def parse_form(text: str) -> Form:
    """A form-encoded text as a tree."""
    root: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        node = root
        *branches, leaf = name.split(".")
        for branch in branches:
            child = node.get(branch)
            if type(child) is not dict:
                child = node[branch] = {}
            node = child
        if type(node.get(leaf)) is not dict:
            node[leaf] = value
    return root


class QueryReaders:
    """Compiles the readers of one service."""

    def __init__(self) -> None:
        self._structures: dict[str, Reader] = {}

    def reader(self, shape: Shape) -> Reader:
        """The reader of a shape."""
        if isinstance(shape, StructureShape):
            return self._structure(shape)
        if isinstance(shape, ListShape):
            inner = None if shape.serialization.get("flattened") else shape.member.serialization.get("name", "member")
            return _list_reader(self.reader(shape.member), inner)
        if isinstance(shape, MapShape):
            key_name = shape.key.serialization.get("name", "key")
            value_name = shape.value.serialization.get("name", "value")
            flattened = bool(shape.serialization.get("flattened"))
            return _map_reader(self.reader(shape.value), key_name, value_name, None if flattened else "entry")
        return _scalar_reader(shape.type_name)

    def _structure(self, shape: StructureShape) -> Reader:
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        table: list[tuple[str, str, Reader]] = []

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                if value == "":
                    return {}
                raise _unexpected(value)
            result = {}
            for wire_name, name, member in table:
                item = value.get(wire_name)
                if item is not None:
                    result[name] = member(item)
            return result

        self._structures[shape.name] = read
        for name, member in shape.members.items():
            table.append((_wire_name(name, member), name, self.reader(member)))
        return read


def _wire_name(name: str, member: Shape) -> str:
    """A flattened list goes by its member's name where that has one."""
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        inner: str | None = member.member.serialization.get("name")
        if inner is not None:
            return inner
    own: str = member.serialization.get("name", name)
    return own


def _numbered(value: Form) -> list[Any]:
    try:
        return [value[number] for number in sorted(value, key=int)]
    except ValueError:
        raise MalformedInput(f"Start of list found where not expected: {', '.join(sorted(value))}") from None


def _list_reader(member: Reader, inner: str | None) -> Reader:
    def read(value: Any) -> list[Any]:
        if type(value) is not dict:
            if value == "":
                return []
            raise _unexpected(value)
        items: Form = value
        if inner is not None:
            items = value[inner] if inner in value else value.get("member", value)
        return [member(item) for item in _numbered(items)]

    return read


def _map_reader(member: Reader, key_name: str, value_name: str, inner: str | None) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            if value == "":
                return {}
            raise _unexpected(value)
        entries = value if inner is None else value.get(inner, {})
        result: dict[str, Any] = {}
        for entry in _numbered(entries):
            if type(entry) is not dict or type(entry.get(key_name)) is not str:
                raise MalformedInput(f"a map entry has no {key_name!r}")
            result[entry[key_name]] = member(entry.get(value_name, ""))
        return result

    return read


def _scalar_reader(kind: str) -> Reader:
    parse = TEXT_PARSERS[kind]

    def read(value: Any) -> Any:
        if type(value) is not str:
            raise MalformedInput("Start of structure or map found where not expected")
        try:
            return parse(value)
        except ValueError:
            raise MalformedInput(f"{value!r} is no {kind}") from None

    return read


def _unexpected(value: Any) -> MalformedInput:
    return MalformedInput(f"Unexpected value where a structure, list or map is expected: {str(value)[:80]!r}")
