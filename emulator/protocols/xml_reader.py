"""XML request bodies -> parameters (REST-XML, which is S3), compiled per shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.errors import AwsError
from emulator.protocols.scalars import TEXT_PARSERS

__all__ = ["MalformedXML", "XmlReaders", "parse_xml"]

Element = ElementTree.Element
Reader = Callable[[list[Element]], Any]
"""Reads a value from the elements that carry it: one, or all of a flattened list's."""


class MalformedXML(AwsError):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

    text = "The XML you provided was not well-formed or did not validate against our published schema"

    def __init__(self) -> None:
        super().__init__(self.text)


def parse_xml(body: bytes) -> Element:
    """The root element, namespaces left out of its names. Raises MalformedXML.

    Document type declarations are refused: they are no part of any request, and entity expansion is how XML is abused.
    """
    if b"<!DOCTYPE" in body:
        raise MalformedXML
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - no DOCTYPE, so no entities to expand
    except ElementTree.ParseError:
        raise MalformedXML from None
    for element in root.iter():
        element.tag = _local(element.tag)
        for name in [name for name in element.attrib if name.startswith("{")]:
            element.attrib[_local(name)] = element.attrib.pop(name)
    return root


def _local(name: str) -> str:
    return name.rpartition("}")[2]


class XmlReaders:
    """Compiles the readers of one service."""

    def __init__(self) -> None:
        self._structures: dict[str, Reader] = {}

    def reader(self, shape: Shape) -> Reader:
        """The reader of a shape."""
        if isinstance(shape, StructureShape):
            return self._structure(shape)
        if isinstance(shape, ListShape):
            member = self.reader(shape.member)
            if shape.serialization.get("flattened"):
                return lambda elements: [member([element]) for element in elements]
            inner = shape.member.serialization.get("name", "member")
            return lambda elements: [member([child]) for child in elements[-1] if child.tag == inner]
        if isinstance(shape, MapShape):
            return self._map(shape)
        return _scalar_reader(shape.type_name)

    def members(self, shape: StructureShape, names: list[str]) -> Callable[[Element], dict[str, Any]]:
        """What reads the members `names` from the children of an element."""
        rows = [self._row(shape, name) for name in names]
        return lambda element: _read_rows(element, rows)

    def _row(self, shape: StructureShape, name: str) -> tuple[str, str, bool, Reader]:
        member = shape.members[name]
        wire_name = member.serialization.get("name", name)
        if isinstance(member, ListShape) and member.serialization.get("flattened"):
            wire_name = member.member.serialization.get("name", wire_name)
        return name, wire_name, bool(member.serialization.get("xmlAttribute")), self.reader(member)

    def _structure(self, shape: StructureShape) -> Reader:
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        rows: list[tuple[str, str, bool, Reader]] = []

        def read(elements: list[Element]) -> dict[str, Any]:
            return _read_rows(elements[-1], rows)

        self._structures[shape.name] = read
        rows.extend(self._row(shape, name) for name in shape.members)
        return read

    def _map(self, shape: MapShape) -> Reader:
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        member = self.reader(shape.value)
        flattened = shape.serialization.get("flattened")

        def read(elements: list[Element]) -> dict[str, Any]:
            result = {}
            for entry in elements if flattened else elements[-1]:
                key, value = entry.find(key_name), entry.find(value_name)
                if key is None or value is None:
                    raise MalformedXML
                result[key.text or ""] = member([value])
            return result

        return read


def _read_rows(element: Element, rows: list[tuple[str, str, bool, Reader]]) -> dict[str, Any]:
    children: dict[str, list[Element]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(child)
    result = {}
    for name, wire_name, is_attribute, read in rows:
        if is_attribute:
            text = element.attrib.get(wire_name.rpartition(":")[2])
            if text is not None:
                result[name] = text
        elif wire_name in children:
            result[name] = read(children[wire_name])
    return result


def _scalar_reader(kind: str) -> Reader:
    parse = TEXT_PARSERS[kind]

    def read(elements: list[Element]) -> Any:
        try:
            return parse(elements[-1].text or "")
        except ValueError:
            raise MalformedXML from None

    return read
