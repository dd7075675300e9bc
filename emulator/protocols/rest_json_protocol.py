"""REST-JSON: method and URI name the operation; a JSON object, or one member, is the body.

A blob body is passed as the very bytes object that came or that the service returned: a payload of six megabytes is
never copied here.
https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from botocore.model import OperationModel, ServiceModel, StructureShape

from emulator.errors import AwsError, InternalFailure
from emulator.http import HttpRequest, HttpResponse
from emulator.protocols.dialects import Dialect
from emulator.protocols.errors import SerializationException
from emulator.protocols.json_reader import JsonReaders
from emulator.protocols.json_writer import JsonWriters
from emulator.protocols.protocol import ErrorShapes, Parse, Serialise, load_json, no_params
from emulator.protocols.rest import RequestBindings, body_members, payload_member
from emulator.protocols.rest_response import Body, compile_response

__all__ = ["RestJsonProtocol"]

_JSON = "application/json"


class RestJsonProtocol:
    """The REST-JSON protocol of one service."""

    def __init__(self, model: ServiceModel, dialect: Dialect, *, strict: bool) -> None:
        self._dialect = dialect
        self._strict = strict
        self._readers = JsonReaders()
        self._writers = JsonWriters(strict=strict)
        self._errors = ErrorShapes(model)

    def compile_parse(self, model: OperationModel) -> Parse:
        """Reads URI, query string, headers and body."""
        shape = model.input_shape
        if shape is None:
            return no_params
        bindings = RequestBindings(shape)
        read_body = self._body_reader(shape)

        def parse(request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
            params = bindings.read(request, uri_params)
            if read_body is not None and request.body:
                params.update(read_body(request.body))
            return params

        return parse

    def _body_reader(self, shape: StructureShape) -> Callable[[bytes], Mapping[str, Any]] | None:
        dialect = self._dialect
        name = payload_member(shape)
        if name is None:
            names = body_members(shape)
            if not names:
                return None
            read = self._readers.members(shape, names)

            def read_members(body: bytes) -> Mapping[str, Any]:
                members: Mapping[str, Any] = read(load_json(body, dialect))
                return members

            return read_members
        member = shape.members[name]
        if member.type_name == "blob":
            return lambda body: {name: body}
        if member.type_name == "string":
            return lambda body: {name: _text(body)}
        read_payload = self._readers.reader(member)
        return lambda body: {name: read_payload(load_json(body, dialect))}

    def compile_serialise(self, model: OperationModel) -> Serialise:
        """Writes status, headers and body."""
        return compile_response(model, self._body_writer(model), strict=self._strict, aws_headers=_request_id_header)

    def _body_writer(self, model: OperationModel) -> Body:
        shape = model.output_shape
        if shape is None:
            return _no_body
        if model.has_event_stream_output:
            return _no_body  # the service writes the events, see `rest_response`
        name = payload_member(shape)
        if name is None:
            names = body_members(shape)
            if not names:
                return _no_body
            write = self._writers.members(shape, names)
            return lambda result: (orjson.dumps(write(result)), _JSON)
        member = shape.members[name]
        if member.type_name == "blob":
            content_type = self._dialect.blob_content_type
            return lambda result: (_payload(result.get(name), name), content_type)
        if member.type_name == "string":
            return lambda result: ((result.get(name) or "").encode(), "text/plain")
        write_payload = self._writers.writer(member, f"{shape.name}.{name}")
        return lambda result: (orjson.dumps(write_payload(result.get(name) or {})), _JSON)

    def serialise_error(self, error: AwsError, request_id: str) -> HttpResponse:
        """The code in `x-amzn-ErrorType`, the message and the shape's members in the body."""
        shape = self._errors.shape_of(error)
        # Lambda's RequestTooLargeException is another word on the wire: a code that the error states itself wins.
        name = error.code if shape is None or error.code != type(error).__name__ else shape.name
        fields: dict[str, Any] = dict(self._dialect.error_fields.get(error.fault, {}))
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", _JSON), ("x-amzn-ErrorType", name)]
        message = "message"
        if shape is None:
            fields.update(error.fields)
        else:
            if "Message" in shape.members:
                message = "Message"
            located = {n: m.serialization for n, m in shape.members.items() if "location" in m.serialization}
            in_body = {
                n: value for n, value in {**fields, **error.fields}.items() if n not in located and n in shape.members
            }
            fields = self._writers.writer(shape, shape.name)(in_body)
            headers.extend((located[n].get("name", n), str(value)) for n, value in error.fields.items() if n in located)
        body = orjson.dumps({message: error.message, **fields})
        return HttpResponse(self._errors.status_of(error, shape), tuple(headers), body)


def _request_id_header(request_id: str) -> tuple[tuple[str, str], ...]:
    return (("x-amzn-RequestId", request_id),)


def _no_body(result: Mapping[str, Any]) -> tuple[bytes, str]:
    return b"", _JSON


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise SerializationException(str(error)) from None


def _payload(value: bytes | None, name: str) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, bytes):
        raise InternalFailure(f"{name} is a blob, not {type(value).__name__}")
    return value
