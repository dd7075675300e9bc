"""HTTP bindings of the REST protocols: which member travels in the URI, the query, a header, the status or as the body.

https://smithy.io/2.0/spec/http-bindings.html
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.http import HttpRequest
from emulator.protocols.encoded_words import decode_words, encode_words
from emulator.protocols.errors import BadText
from emulator.protocols.scalars import TEXT_PARSERS, format_float, format_timestamp

__all__ = ["HeaderWriter", "RequestBindings", "body_members", "header_writers", "payload_member"]


def body_members(shape: StructureShape) -> list[str]:
    """The members that travel in the body, where no member is the body itself."""
    return [name for name, member in shape.members.items() if "location" not in member.serialization]


def payload_member(shape: StructureShape | None) -> str | None:
    """The member that is the whole body, if one is."""
    name: str | None = None if shape is None else shape.serialization.get("payload")
    return name


@dataclass(frozen=True, slots=True)
class _Binding:
    """One member and how it is read from text."""

    member: str
    wire_name: str
    read: Callable[[str], Any]
    is_list: bool = False
    is_number: bool = False
    is_time: bool = False


class RequestBindings:
    """Reads the members of one operation's input that travel outside the body.

    `skips_bad_times` leaves out a header that should be a time and is none, as HTTP wants it of conditions.
    """

    def __init__(self, shape: StructureShape, *, skips_bad_times: bool = False) -> None:
        self._skips_bad_times = skips_bad_times
        self._uri: list[_Binding] = []
        self._query: list[_Binding] = []
        headers: list[_Binding] = []
        self._prefixed: list[_Binding] = []
        self._rest_of_query: str | None = None
        rows = {"uri": self._uri, "querystring": self._query, "header": headers, "headers": self._prefixed}
        for name, member in shape.members.items():
            location = member.serialization.get("location")
            if location is None:
                continue
            if location == "querystring" and isinstance(member, MapShape):
                self._rest_of_query = name
                continue
            wire_name = member.serialization.get("name", "" if location == "headers" else name)
            inner = member.member if isinstance(member, ListShape) else member
            read = str if isinstance(member, MapShape) else _reader(inner, name, wire_name)
            is_number = inner.type_name in ("integer", "long")
            rows[location].append(
                _Binding(
                    name, wire_name, read, isinstance(member, ListShape), is_number, inner.type_name == "timestamp"
                )
            )
        self._by_header = {row.wire_name.lower(): row for row in headers}

    def read(self, request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
        """The members found. Raises BadText where a value is not what its shape says."""
        params: dict[str, Any] = {}
        for row in self._uri:
            text = uri_params.get(row.wire_name)
            if text is not None:
                params[row.member] = row.read(text)
        if request.query and (self._query or self._rest_of_query is not None):
            self._read_query(request.query, params)
        by_header = self._by_header
        for name, header in request.headers.items():
            found_row = by_header.get(name)
            if found_row is not None:
                if found_row.is_list:
                    params[found_row.member] = [found_row.read(item.strip()) for item in header.split(",")]
                else:
                    try:
                        params[found_row.member] = found_row.read(header)
                    except BadText:
                        if not (self._skips_bad_times and found_row.is_time):
                            raise
        for row in self._prefixed:
            prefix = row.wire_name.lower()
            found = {
                name[len(prefix) :]: value if "=?" not in value else decode_words(value)
                for name, value in request.headers.items()
                if name.startswith(prefix)
            }
            if found:
                params[row.member] = found
        return params

    def _read_query(self, query: str, params: dict[str, Any]) -> None:
        pairs: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            pairs.setdefault(name, []).append(value)
        for row in self._query:
            values = pairs.pop(row.wire_name, None)
            if values is not None and not (row.is_number and values[-1] == ""):
                params[row.member] = [row.read(item) for item in values] if row.is_list else row.read(values[-1])
        if self._rest_of_query is not None and pairs:
            params[self._rest_of_query] = {name: values[-1] for name, values in pairs.items()}


def _reader(shape: Shape, name: str, wire_name: str) -> Callable[[str], Any]:
    parse = TEXT_PARSERS[shape.type_name]

    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError:
            raise BadText(f"{text!r} at {name} is no {shape.type_name}", wire_name, text) from None

    return read


HeaderWriter = Callable[[Any], list[tuple[str, str]]]


def header_writers(shape: StructureShape) -> dict[str, HeaderWriter]:
    """For each member that travels in response headers, how its value becomes them."""
    writers: dict[str, HeaderWriter] = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location == "header":
            writers[name] = _single(member.serialization.get("name", name), _writer(member))
        elif location == "headers":
            writers[name] = _many(member.serialization.get("name", ""))
    return writers


def _single(header: str, write: Callable[[Any], str]) -> HeaderWriter:
    return lambda value: [(header, write(value))]


def _many(prefix: str) -> HeaderWriter:
    return lambda value: [
        (f"{prefix}{key}", item if item.isascii() else encode_words(item)) for key, item in value.items()
    ]


def _writer(shape: Shape) -> Callable[[Any], str]:
    if isinstance(shape, ListShape):
        inner = _writer(shape.member)
        return lambda value: ", ".join(inner(item) for item in value)
    kind = shape.type_name
    if kind == "boolean":
        return lambda value: "true" if value else "false"
    if kind == "timestamp":
        chosen = shape.serialization.get("timestampFormat", "rfc822")
        return lambda value: format_timestamp(value, chosen)
    if kind == "blob":
        return lambda value: binascii.b2a_base64(value, newline=False).decode("ascii")
    if kind in ("float", "double"):
        return format_float
    return str
