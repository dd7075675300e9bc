"""botocore's own serializer and parser as the peer of ours, and random values of a shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from botocore.awsrequest import HeadersDict
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import strategies as st

from emulator.http import HttpRequest, HttpResponse
from emulator.protocols import Wire


def request_of(wire: Wire, operation: str, params: dict[str, Any]) -> HttpRequest:
    """The request that botocore's client would send, before it is signed."""
    serializer = create_serializer(wire.protocol, False)
    written = serializer.serialize_to_request(params, wire.model.operation_model(operation))
    headers = {name: str(value) for name, value in written["headers"].items()}
    path, _, query = written["url_path"].partition("?")
    more = written["query_string"]
    query = "&".join(part for part in (query, more if isinstance(more, str) else urlencode(more, doseq=True)) if part)
    body = written["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    if isinstance(body, str):
        body = body.encode()
    return HttpRequest(written["method"], path, query, tuple(headers.items()), bytes(body))


def result_of(wire: Wire, operation: str, response: HttpResponse) -> dict[str, Any]:
    """What botocore's client would hand to its user."""
    model = wire.model.operation_model(operation)
    body: Any = response.body
    if response.status < 300 and model.has_streaming_output:
        body = _Stream(body)
    given = {"status_code": response.status, "headers": HeadersDict(response.headers), "body": body}
    parsed = create_parser(wire.protocol).parse(given, model.output_shape)
    if isinstance(body, _Stream):
        parsed = {name: body.body if value is body else value for name, value in parsed.items()}
    return parsed


class _Stream:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self) -> bytes:
        return self.body


def with_seconds(value: Any) -> Any:
    """The value with points in time as epoch seconds."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: with_seconds(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_seconds(item) for item in value]
    return value


def without_empties(value: Any) -> Any:
    """The value without empty members, lists and maps: the query, XML and header bindings cannot tell empty from absent."""
    if isinstance(value, dict):
        kept = {key: without_empties(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in _EMPTIES}
    if isinstance(value, list):
        return [item for item in map(without_empties, value) if item not in _EMPTIES]
    return value


_EMPTIES: tuple[Any, ...] = ({}, [], "", b"", None)


# -- random values ---------------------------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=12)
_PLAIN = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True)
_MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape as botocore takes them."""
    location = shape.serialization.get("location")
    if isinstance(shape, StructureShape):
        return _structures(shape, depth)
    if isinstance(shape, ListShape):
        return st.lists(_inner(shape.member, location, depth), min_size=1, max_size=2)
    if isinstance(shape, MapShape):
        keys = _PLAIN.map(str.lower) if location == "headers" else _PLAIN
        return st.dictionaries(keys, _inner(shape.value, location, depth), min_size=1, max_size=2)
    if shape.type_name == "string":
        if shape.enum:
            return st.sampled_from(shape.enum)
        return _PLAIN if location in ("header", "headers") else _TEXT
    return {
        "integer": st.integers(-(2**31), 2**31 - 1),
        "long": st.integers(-(2**53), 2**53),
        "float": st.integers(-1000, 1000).map(lambda number: number / 8),
        "double": st.floats(allow_nan=False, allow_infinity=False, width=32),
        "boolean": st.booleans(),
        "blob": st.binary(min_size=1, max_size=12),
        "timestamp": _MOMENTS,
        "character": st.just("c"),
    }[shape.type_name]


def _inner(shape: Shape, location: str | None, depth: int) -> st.SearchStrategy[Any]:
    if location in ("header", "headers") and shape.type_name == "string" and not shape.enum:
        return _PLAIN
    return values(shape, depth + 1)


def _structures(shape: StructureShape, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    if getattr(shape, "is_document_type", False):
        return st.dictionaries(_PLAIN, _PLAIN, min_size=1, max_size=2)
    required, optional = {}, {}
    for name, member in shape.members.items():
        if name in shape.required_members or member.serialization.get("location") == "uri":
            required[name] = values(member, depth + 1)
        elif (
            depth < 3 and not getattr(member, "is_eventstream", False) and member.type_name != "structure"
        ) or depth < 2:
            optional[name] = values(member, depth + 1)
    if getattr(shape, "is_tagged_union", False) and optional:
        return st.one_of([value.map(lambda item, name=name: {name: item}) for name, value in optional.items()])
    return st.fixed_dictionaries(required, optional=optional) if depth < 3 else st.fixed_dictionaries(required)


def has_event_stream(model: OperationModel) -> bool:
    """Whether the operation sends or receives events instead of one message."""
    return bool(model.has_event_stream_input or model.has_event_stream_output)
