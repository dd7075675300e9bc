"""JSON values -> parameters. Each shape is compiled once into a closure: a call walks its data and not the model.

As AWS's services do, readers drop members that the model does not know and treat `null` as absent. A value of the wrong
type raises SerializationException with the texts that AWS's services send (as observed for DynamoDB; the framework is
the same for the others).
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.protocols.errors import SerializationException
from emulator.protocols.scalars import parse_timestamp

__all__ = ["JsonReaders", "Reader"]

Reader = Callable[[Any], Any]


class JsonReaders:
    """Compiles the readers of one service; structures are shared by name, so that recursive shapes end."""

    def __init__(self) -> None:
        self._structures: dict[str, Reader] = {}

    def reader(self, shape: Shape) -> Reader:
        """The reader of a shape."""
        if isinstance(shape, StructureShape):
            return self._structure(shape)
        if isinstance(shape, ListShape):
            return _list_reader(shape.name, self.reader(shape.member))
        if isinstance(shape, MapShape):
            return _map_reader(shape.name, self.reader(shape.value), self._texts(shape.value))
        return _SCALARS[shape.type_name]

    def _texts(self, shape: Shape) -> frozenset[str]:
        """The members of a structure that are text under their own name in the model: read by looking at them."""
        if not isinstance(shape, StructureShape):
            return frozenset()
        return frozenset(
            name
            for name, member in shape.members.items()
            if member.type_name == "string" and member.serialization.get("name", name) == name
        )

    def members(self, shape: StructureShape, names: list[str]) -> Reader:
        """The reader of an object that carries only the members `names`; the rest travel in headers or the URI."""
        table: dict[str, tuple[str, Reader]] = {}
        for name in names:
            member = shape.members[name]
            table[member.serialization.get("name", name)] = (name, self.reader(member))
        return _structure_reader(shape.name, table)

    def _structure(self, shape: StructureShape) -> Reader:
        if getattr(shape, "is_document_type", False):
            return _read_anything
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        table: dict[str, tuple[str, Reader]] = {}
        reader = self._structures[shape.name] = _structure_reader(shape.name, table)
        for name, member in shape.members.items():
            table[member.serialization.get("name", name)] = (name, self.reader(member))
        return reader


def _structure_reader(shape_name: str, table: dict[str, tuple[str, Reader]]) -> Reader:
    """Reads into the parsed object itself, which nobody else has: most values are what they were, and cost no copy."""
    find = table.get

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _wrong_aggregate(value, shape_name)
        other: list[str] = []
        for wire_name, item in value.items():
            row = find(wire_name)
            if row is None or item is None or row[0] != wire_name:
                other.append(wire_name)
            elif row[1] is not _read_string or type(item) is not str:
                read_item = row[1](item)
                if read_item is not item:
                    value[wire_name] = read_item
        return value if not other else _without(value, other, table)

    return read


def _without(value: dict[str, Any], other: list[str], table: dict[str, tuple[str, Reader]]) -> dict[str, Any]:
    """The object without members that are absent or unknown, and with those renamed that have another name in the model."""
    renamed = {}
    for wire_name in other:
        item, row = value.pop(wire_name), table.get(wire_name)
        if row is not None and item is not None:
            renamed[row[0]] = row[1](item)
    value.update(renamed)
    return value


def _list_reader(shape_name: str, member: Reader) -> Reader:
    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise _wrong_aggregate(value, shape_name)
        for index, item in enumerate(value):
            if item is not None:
                value[index] = member(item)
        return value

    return read


def _map_reader(shape_name: str, item_reader: Reader, texts: frozenset[str]) -> Reader:
    """`texts` are the members by which a structure of one member is known to be text, as most of DynamoDB's values are."""

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _wrong_aggregate(value, shape_name)
        for key, item in value.items():
            if type(item) is dict and len(item) == 1:
                ((name, text),) = item.items()
                if type(text) is str and name in texts:
                    continue
            if item is not None:
                read_item = item_reader(item)
                if read_item is not item:
                    value[key] = read_item
        return value

    return read


def _read_anything(value: Any) -> Any:
    return value


def _read_string(value: Any) -> str:
    if type(value) is str:
        return value
    raise _wrong(value, "String")


def _read_integer(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise _wrong(value, "Integer")


def _read_long(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise _wrong(value, "Long")


def _read_double(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    raise _wrong(value, "Double")


def _read_boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    if type(value) is str:
        raise SerializationException("Unexpected token received from parser")
    raise _wrong(value, "Boolean")


def _read_blob(value: Any) -> bytes:
    if type(value) is not str:
        raise _wrong(value, "Blob")
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except ValueError as error:  # binascii.Error, and UnicodeError for what is not ASCII
        raise SerializationException(f"Invalid Base64 input: {error}") from error


def _read_timestamp(value: Any) -> float:
    try:
        return parse_timestamp(value)
    except ValueError:
        raise _wrong(value, "milliseconds since epoch") from None


_SCALARS: dict[str, Reader] = {
    "string": _read_string,
    "character": _read_string,
    "integer": _read_integer,
    "long": _read_long,
    "float": _read_double,
    "double": _read_double,
    "boolean": _read_boolean,
    "blob": _read_blob,
    "timestamp": _read_timestamp,
}


def _wrong(value: Any, wanted: str) -> SerializationException:
    """A value that is not the scalar `wanted`."""
    kind = type(value)
    if kind is list:
        return SerializationException(f"Unrecognized collection type class java.lang.{wanted}")
    if kind is dict:
        return SerializationException("Start of structure or map found where not expected")
    if kind is bool:
        token = "TRUE_VALUE" if value else "FALSE_VALUE"
    else:
        token = {int: "NUMBER_VALUE", float: "DECIMAL_VALUE", str: "STRING_VALUE"}[kind]
    return SerializationException(f"{token} cannot be converted to {wanted}")


def _wrong_aggregate(value: Any, wanted: str) -> SerializationException:
    """A value that is not the structure, list or map `wanted`."""
    kind = type(value)
    if kind is list:
        return SerializationException(f"Unrecognized collection type class {wanted}")
    if kind is dict:
        return SerializationException("Start of structure or map found where not expected")
    return SerializationException("Unexpected field type")
