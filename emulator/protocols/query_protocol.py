"""AWS query: a form in, XML out. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel, ServiceModel

from emulator.errors import AwsError
from emulator.http import HttpRequest, HttpResponse
from emulator.protocols.dialects import Dialect
from emulator.protocols.errors import MalformedInput
from emulator.protocols.protocol import ErrorShapes, Parse, Serialise, no_params
from emulator.protocols.query_reader import QueryReaders, parse_form
from emulator.protocols.xml_writer import XmlWriters, escape

__all__ = ["QueryProtocol"]


class QueryProtocol:
    """The query protocol of one service."""

    def __init__(self, model: ServiceModel, dialect: Dialect, *, strict: bool) -> None:
        self._readers = QueryReaders()
        self._writers = XmlWriters(strict=strict)
        self._errors = ErrorShapes(model)
        self._namespace = escape(model.metadata.get("xmlNamespace", ""))

    def compile_parse(self, model: OperationModel) -> Parse:
        """Reads the form in the body, and the query string before it."""
        shape = model.input_shape
        if shape is None:
            return no_params
        read = self._readers.reader(shape)

        def parse(request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
            try:
                text = request.body.decode()
            except UnicodeDecodeError as error:
                raise MalformedInput(str(error)) from None
            form = parse_form(f"{request.query}&{text}" if request.query else text)
            params: dict[str, Any] = read(form)
            return params

        return parse

    def compile_serialise(self, model: OperationModel) -> Serialise:
        """Writes `<{Operation}Response><{Operation}Result>...`."""
        name, shape = model.name, model.output_shape
        head = f'<?xml version="1.0"?>\n<{name}Response xmlns="{self._namespace}">'
        wrapper = "" if shape is None else shape.serialization.get("resultWrapper", "")
        write = None if shape is None else self._writers.members(shape, list(shape.members))

        def serialise(result: Mapping[str, Any], request_id: str) -> HttpResponse:
            parts = [head]
            if wrapper:
                parts.append(f"<{wrapper}>")
            if write is not None:
                write(parts, result)
            if wrapper:
                parts.append(f"</{wrapper}>")
            parts.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
            return _response(200, parts, request_id)

        return serialise

    def serialise_error(self, error: AwsError, request_id: str) -> HttpResponse:
        """`<ErrorResponse><Error><Type/><Code/><Message/></Error>`; codes are the model's where it renames them."""
        shape = self._errors.shape_of(error)
        code = error.code if shape is None else shape.error_code
        fault = "Receiver" if error.fault == "server" else "Sender"
        parts = [
            f'<ErrorResponse xmlns="{self._namespace}"><Error><Type>{fault}</Type><Code>{escape(code)}</Code>',
            f"<Message>{escape(error.message)}</Message>",
        ]
        if shape is not None:
            fields = {name: value for name, value in error.fields.items() if name.lower() != "message"}
            self._writers.members(shape, list(shape.members))(parts, fields)
        parts.append(f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>")
        return _response(self._errors.status_of(error, shape), parts, request_id)


def _response(status: int, parts: list[str], request_id: str) -> HttpResponse:
    headers = (("x-amzn-RequestId", request_id), ("Content-Type", "text/xml"))
    return HttpResponse(status, headers, "".join(parts).encode())
