"""Results -> JSON-ready values, compiled per shape like the readers.

`None` is absent. In strict mode a member that the model does not know, or a value of the wrong type, is a defect of
ours and raises; otherwise an unknown member is left out, as AWS's own services cannot send one.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.errors import InternalFailure
from emulator.protocols.scalars import format_float, timestamp_formatter

__all__ = ["JsonWriters", "Writer", "checked", "unknown_member", "write_blob"]

Writer = Callable[[Any], Any]


class JsonWriters:
    """Compiles the writers of one service."""

    def __init__(self, *, strict: bool, as_is: frozenset[str] = frozenset()) -> None:
        self._strict = strict
        self._as_is = frozenset() if strict else as_is
        self._structures: dict[str, Writer] = {}

    def writer(self, shape: Shape, where: str) -> Writer:
        """The writer of a shape; `where` names it in the message about a defect."""
        if isinstance(shape, StructureShape):
            return self._structure(shape)
        if isinstance(shape, ListShape):
            member = self.writer(shape.member, f"{where}[]")
            if member is _write_as_is and isinstance(shape.member, MapShape):
                return _write_as_is
            return lambda value: [None if item is None else member(item) for item in value]
        if isinstance(shape, MapShape):
            item_writer = self.writer(shape.value, f"{where}{{}}")
            if item_writer is _write_as_is and shape.value.name in self._as_is:
                return _write_as_is
            return lambda value: {key: item_writer(item) for key, item in value.items() if item is not None}
        return checked(_scalar_writer(shape), shape, where) if self._strict else _scalar_writer(shape)

    def members(self, shape: StructureShape, names: list[str]) -> Writer:
        """The writer of an object that carries only the members `names`; others travel elsewhere in the response."""
        table = self._table(shape, names)
        return _structure_writer(shape.name, table, frozenset(shape.members), strict=self._strict)

    def _structure(self, shape: StructureShape) -> Writer:
        if getattr(shape, "is_document_type", False) or shape.name in self._as_is:
            return _write_as_is
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        table: dict[str, tuple[str, Writer]] = {}
        writer = self._structures[shape.name] = _structure_writer(shape.name, table, frozenset(), strict=self._strict)
        table.update(self._table(shape, list(shape.members)))
        return writer

    def _table(self, shape: StructureShape, names: list[str]) -> dict[str, tuple[str, Writer]]:
        table: dict[str, tuple[str, Writer]] = {}
        for name in names:
            member = shape.members[name]
            table[name] = (member.serialization.get("name", name), self.writer(member, f"{shape.name}.{name}"))
        return table


def _structure_writer(
    shape_name: str, table: dict[str, tuple[str, Writer]], elsewhere: frozenset[str], *, strict: bool
) -> Writer:
    find = table.get

    def write(value: Any) -> dict[str, Any]:
        result = {}
        for name, item in value.items():
            row = find(name)
            if row is None:
                if strict and name not in elsewhere:
                    raise unknown_member(shape_name, name)
            elif item is not None:
                result[row[0]] = row[1](item)
        return result

    return write


def unknown_member(shape_name: str, name: str) -> InternalFailure:
    """The defect of a result that carries what its shape does not have."""
    return InternalFailure(f"{shape_name} has no member {name!r}")


def _write_as_is(value: Any) -> Any:
    return value


def _write_double(value: float) -> float | str:
    return value if math.isfinite(value) else format_float(value)


def write_blob(value: bytes) -> str:
    """Base64, as JSON carries a blob."""
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def _scalar_writer(shape: Shape) -> Writer:
    kind = shape.type_name
    if kind == "blob":
        return write_blob
    if kind in ("double", "float"):
        return _write_double
    if kind == "timestamp":
        chosen = shape.serialization.get("timestampFormat", "unixTimestamp")
        return _write_as_is if chosen.lower() == "unixtimestamp" else timestamp_formatter(chosen)
    return _write_as_is


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (bytes,),
    "timestamp": (int, float),
}
"""What a service may put into a result for each type of scalar."""


def checked(writer: Writer, shape: Shape, where: str) -> Writer:
    """The writer, refusing a value whose type is not the shape's."""
    types = _TYPES[shape.type_name]
    boolean = shape.type_name == "boolean"

    def write(value: Any) -> Any:
        if not isinstance(value, types) or (isinstance(value, bool) and not boolean):
            raise InternalFailure(f"{where} is a {shape.type_name}, not {type(value).__name__}: {str(value)[:80]!r}")
        return writer(value)

    return write
