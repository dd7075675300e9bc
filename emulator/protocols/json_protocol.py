"""AWS JSON 1.0 and 1.1: the operation in `X-Amz-Target`, one JSON object each way.

https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import orjson
from botocore.model import OperationModel, ServiceModel, StructureShape

from emulator.errors import AwsError
from emulator.http import HttpRequest, HttpResponse
from emulator.protocols.dialects import FRAMEWORK_NAMESPACES, Dialect
from emulator.protocols.json_reader import JsonReaders
from emulator.protocols.json_writer import JsonWriters, write_blob
from emulator.protocols.protocol import ErrorShapes, Parse, Serialise, load_json, no_params

__all__ = ["JsonProtocol"]


class JsonProtocol:
    """The JSON protocol of one service."""

    def __init__(self, model: ServiceModel, dialect: Dialect, *, strict: bool) -> None:
        self._dialect = dialect
        self._readers = JsonReaders()
        self._writers = JsonWriters(strict=strict, as_is=dialect.as_is)
        self._errors = ErrorShapes(model)
        self._content_type = ("Content-Type", f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}")
        self._summed = dialect.sums_bodies
        self._query_compatible = "awsQueryCompatible" in model.metadata

    def compile_parse(self, model: OperationModel) -> Parse:
        """Reads the body's object."""
        dialect = self._dialect
        shape = model.input_shape
        if shape is None:
            return no_params
        read = self._readers.reader(shape)

        def parse(request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
            params: dict[str, Any] = read(load_json(request.body, dialect)) if request.body else {}
            return params

        return parse

    def compile_serialise(self, model: OperationModel) -> Serialise:
        """Writes the body's object."""
        content_type = self._content_type
        shape = model.output_shape
        if shape is None:
            bare = (content_type, _sum_of(b"")) if self._summed else (content_type,)
            return lambda _, request_id: HttpResponse(200, (("x-amzn-RequestId", request_id), *bare))
        write = self._writers.writer(shape, shape.name)

        def serialise(result: Mapping[str, Any], request_id: str) -> HttpResponse:
            headers = (("x-amzn-RequestId", request_id), content_type)
            return HttpResponse(200, headers, orjson.dumps(write(result), default=write_blob))

        def serialise_summed(result: Mapping[str, Any], request_id: str) -> HttpResponse:
            body = orjson.dumps(write(result), default=write_blob)
            return HttpResponse(200, (("x-amzn-RequestId", request_id), content_type, _sum_of(body)), body)

        return serialise_summed if self._summed else serialise

    def serialise_error(self, error: AwsError, request_id: str) -> HttpResponse:
        """`__type` and message; a service that once spoke query adds its old code in `x-amzn-query-error`."""
        shape = self._errors.shape_of(error)
        name = error.code if shape is None else shape.name
        own = "" if shape is None else self._dialect.error_namespace
        body = {"__type": f"{FRAMEWORK_NAMESPACES.get(name, own)}{name}", **self._members(error, shape)}
        headers = [("x-amzn-RequestId", request_id), self._content_type]
        if self._query_compatible:
            code = self._dialect.query_codes.get(name, name)
            fault = "Receiver" if error.fault == "server" else "Sender"
            headers.append(("x-amzn-query-error", f"{code};{fault}"))
        text = orjson.dumps(body, default=write_blob)
        if self._summed:
            headers.append(_sum_of(text))
        return HttpResponse(error.status, tuple(headers), text)

    def _members(self, error: AwsError, shape: StructureShape | None) -> dict[str, Any]:
        """The error's members, its message under the name that the shape has for it."""
        message = "message" if shape is None or "Message" not in shape.members else "Message"
        fields = dict(error.fields) if shape is None else self._writers.writer(shape, shape.name)(error.fields)
        return {message: error.message, **fields}


def _sum_of(body: bytes) -> tuple[str, str]:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html"""
    return "x-amz-crc32", str(crc32(body))
