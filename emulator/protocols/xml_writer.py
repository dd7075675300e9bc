"""Results -> XML, for the query and REST-XML protocols, compiled per shape.

A writer appends text to a list of parts; https://smithy.io/2.0/spec/protocol-traits.html#xml-bindings says how members
are named, flattened, made attributes and put into namespaces.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.errors import InternalFailure
from emulator.protocols.json_writer import checked, unknown_member
from emulator.protocols.scalars import format_float, timestamp_formatter

__all__ = ["XmlWriter", "XmlWriters", "escape"]

Parts = list[str]
XmlWriter = Callable[[Parts, str, Any], None]
"""Appends the element of that name with that value."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"}
_SPECIAL = re.compile(r'[&<>"\r]')


def escape(text: str) -> str:
    """Text for an element's content or an attribute's value."""
    return _SPECIAL.sub(lambda match: _ENTITIES[match[0]], text) if _SPECIAL.search(text) else text


class XmlWriters:
    """Compiles the writers of one service. `timestamps` is the protocol's format where a shape names none."""

    def __init__(self, *, strict: bool, timestamps: str = "iso8601") -> None:
        self._strict = strict
        self._timestamps = timestamps
        self._structures: dict[str, XmlWriter] = {}

    def writer(self, shape: Shape, where: str) -> XmlWriter:
        """The writer of a shape; `where` names it in the message about a defect."""
        if isinstance(shape, StructureShape):
            return self._structure(shape)
        if isinstance(shape, ListShape):
            return self._list(shape, where)
        if isinstance(shape, MapShape):
            return self._map(shape, where)
        text = self._text(shape, where)

        def write(parts: Parts, name: str, value: Any) -> None:
            parts.append(f"<{name}>{text(value)}</{name}>")

        return write

    def members(self, shape: StructureShape, names: list[str]) -> Callable[[Parts, Any], None]:
        """What writes the elements of the members `names`, without an element around them."""
        table = {name: self._row(shape, name) for name in names}
        elsewhere, strict, shape_name = frozenset(shape.members), self._strict, shape.name

        def write(parts: Parts, value: Any) -> None:
            for name, item in value.items():
                row = table.get(name)
                if row is not None:
                    if item is not None:
                        row[1](parts, row[0], item)
                elif strict and name not in elsewhere:
                    raise unknown_member(shape_name, name)

        return write

    def _row(self, shape: StructureShape, name: str) -> tuple[str, XmlWriter]:
        member = shape.members[name]
        wire_name = member.serialization.get("name", name)
        if isinstance(member, ListShape) and member.serialization.get("flattened"):
            wire_name = member.member.serialization.get("name", wire_name)
        return wire_name, self.writer(member, f"{shape.name}.{name}")

    def _structure(self, shape: StructureShape) -> XmlWriter:
        known = self._structures.get(_identity(shape))
        if known is not None:
            return known
        attributes: dict[str, tuple[str, Callable[[Any], str]]] = {}
        rows: dict[str, tuple[str, XmlWriter]] = {}
        namespace = _namespace(shape)
        strict = self._strict

        def write(parts: Parts, name: str, value: Any) -> None:
            parts.append(f"<{name}{namespace}")
            for member, (attribute, text) in attributes.items():
                if value.get(member) is not None:
                    parts.append(f' {attribute}="{text(value[member])}"')
            parts.append(">")
            for member, item in value.items():
                row = rows.get(member)
                if row is not None:
                    if item is not None:
                        row[1](parts, row[0], item)
                elif strict and member not in attributes:
                    raise unknown_member(shape.name, member)
            parts.append(f"</{name}>")

        self._structures[_identity(shape)] = write
        for name, member in shape.members.items():
            if member.serialization.get("xmlAttribute"):
                wire_name = member.serialization.get("name", name)
                attributes[name] = (wire_name, self._text(member, f"{shape.name}.{name}"))
            else:
                rows[name] = self._row(shape, name)
        return write

    def _list(self, shape: ListShape, where: str) -> XmlWriter:
        member = self.writer(shape.member, f"{where}[]")
        if shape.serialization.get("flattened"):

            def write_flat(parts: Parts, name: str, value: Any) -> None:
                for item in value:
                    member(parts, name, item)

            return write_flat
        inner = shape.member.serialization.get("name", "member")

        def write(parts: Parts, name: str, value: Any) -> None:
            parts.append(f"<{name}>")
            for item in value:
                member(parts, inner, item)
            parts.append(f"</{name}>")

        return write

    def _map(self, shape: MapShape, where: str) -> XmlWriter:
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        member = self.writer(shape.value, f"{where}{{}}")

        def write_entries(parts: Parts, entry: str, value: Any) -> None:
            for key, item in value.items():
                parts.append(f"<{entry}><{key_name}>{escape(key)}</{key_name}>")
                member(parts, value_name, item)
                parts.append(f"</{entry}>")

        if shape.serialization.get("flattened"):
            return write_entries

        def write(parts: Parts, name: str, value: Any) -> None:
            parts.append(f"<{name}>")
            write_entries(parts, "entry", value)
            parts.append(f"</{name}>")

        return write

    def _text(self, shape: Shape, where: str) -> Callable[[Any], str]:
        write = self._scalar(shape)
        return checked(write, shape, where) if self._strict else write

    def _scalar(self, shape: Shape) -> Callable[[Any], str]:
        kind = shape.type_name
        if kind == "boolean":
            return lambda value: "true" if value else "false"
        if kind == "blob":
            return lambda value: binascii.b2a_base64(value, newline=False).decode("ascii")
        if kind == "timestamp":
            return timestamp_formatter(shape.serialization.get("timestampFormat", self._timestamps))
        if kind in ("float", "double"):
            return lambda value: format_float(float(value))
        if kind in ("integer", "long"):
            return str
        if kind in ("string", "character"):
            return _write_string
        raise InternalFailure(f"{shape.name}: a {kind} cannot be written as XML")


def _write_string(value: Any) -> str:
    return escape(str(value))


def _identity(shape: StructureShape) -> str:
    """One shape may be referred to with different namespaces."""
    return f"{shape.name}{_namespace(shape)}"


def _namespace(shape: Shape) -> str:
    namespace = shape.serialization.get("xmlNamespace")
    if namespace is None:
        return ""
    if isinstance(namespace, str):
        return f' xmlns="{namespace}"'
    prefix = namespace.get("prefix")
    return f' xmlns{":" + prefix if prefix else ""}="{namespace["uri"]}"'
