"""REST-XML, which here is S3: method and URI name the operation; an XML document, or one member, is the body.

https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import OperationModel, ServiceModel, StructureShape

from emulator.errors import AwsError, InternalFailure
from emulator.http import HttpRequest, HttpResponse
from emulator.protocols.dialects import Dialect
from emulator.protocols.errors import BadText
from emulator.protocols.protocol import ErrorShapes, Parse, Serialise, no_params
from emulator.protocols.rest import RequestBindings, body_members, payload_member
from emulator.protocols.rest_response import Body, compile_response
from emulator.protocols.s3_roots import S3_ROOTS
from emulator.protocols.xml_reader import XmlReaders, parse_xml
from emulator.protocols.xml_writer import XmlWriters, escape

__all__ = ["RestXmlProtocol", "s3_ids"]

_XML = "application/xml"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_S3_STATUSES: Mapping[str, int] = {
    "ContentRange": 206,
    "PutBucketAnalyticsConfiguration": 204,
    "PutBucketIntelligentTieringConfiguration": 204,
    "PutBucketInventoryConfiguration": 204,
    "PutBucketMetricsConfiguration": 204,
    "PutBucketPolicy": 204,
    "PutBucketTagging": 204,
    "RestoreObject": 202,
}
"""By operation, or by a member of the result: what the model leaves out."""


class RestXmlProtocol:
    """The REST-XML protocol of one service."""

    def __init__(self, model: ServiceModel, dialect: Dialect, *, strict: bool) -> None:
        self._dialect = dialect
        self._strict = strict
        self._readers = XmlReaders()
        self._writers = XmlWriters(strict=strict)
        self._errors = ErrorShapes(model)
        self._is_s3 = model.service_name == "s3"
        self._namespace = _S3_NAMESPACE if self._is_s3 else model.metadata.get("xmlNamespace", "")

    def compile_parse(self, model: OperationModel) -> Parse:
        """Reads URI, query string, headers and body."""
        shape = model.input_shape
        if shape is None:
            return no_params
        bindings = RequestBindings(shape, skips_bad_times=self._is_s3)
        read_body = self._body_reader(shape)
        missing = self._missing_document(shape)

        def parse(request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
            params = self._bound(bindings, request, uri_params)
            if read_body is not None:
                content = request.body if request.content is None else request.content
                if content:
                    params.update(read_body(bytes(content)))
                elif missing is not None:
                    params.update(missing())
            return params

        def parse_stream(request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
            params = self._bound(bindings, request, uri_params)
            params[str(stream)] = request.body if request.content is None else request.content
            return params

        stream = _stream_member(shape)
        if stream is not None:
            return parse_stream
        return parse

    def _missing_document(self, shape: StructureShape) -> Callable[[], Mapping[str, Any]] | None:
        """What S3 makes of a request without the body that it needs: an error, or a policy of no characters."""
        name = payload_member(shape)
        if not self._is_s3 or name is None or name not in shape.required_members:
            return None
        if shape.members[name].type_name == "string":
            return lambda: {name: ""}

        def refuse() -> Mapping[str, Any]:
            raise AwsError.named("MissingRequestBodyError", "Request Body is empty")

        return refuse

    def _bound(self, bindings: RequestBindings, request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
        try:
            return bindings.read(request, uri_params)
        except BadText as bad:
            if not self._is_s3:
                raise
            message = f"Provided {bad.name} not an integer or within integer range"
            if bad.name == "partNumber":
                message = "Part number must be an integer between 1 and 10000, inclusive"
            fields = {"ArgumentName": bad.name, "ArgumentValue": bad.text}
            raise AwsError.named("InvalidArgument", message, fields=fields) from bad

    def _body_reader(self, shape: StructureShape) -> Callable[[bytes], Mapping[str, Any]] | None:
        name = payload_member(shape)
        if name is None:
            names = body_members(shape)
            if not names:
                return None
            read = self._readers.members(shape, names)
            return lambda body: read(parse_xml(body))
        member = shape.members[name]
        if member.type_name == "blob":
            return lambda body: {name: body}
        if member.type_name == "string":
            return lambda body: {name: body.decode("utf-8", "replace")}
        read_payload = self._readers.reader(member)
        return lambda body: {name: read_payload([parse_xml(body)])}

    def compile_serialise(self, model: OperationModel) -> Serialise:
        """Writes status, headers and body."""
        return compile_response(
            model,
            self._body_writer(model),
            strict=self._strict,
            aws_headers=self._id_headers,
            statuses=_S3_STATUSES if self._is_s3 else {},
        )

    def _body_writer(self, model: OperationModel) -> Body:
        shape = model.output_shape
        if shape is None:
            return _no_body
        name = payload_member(shape)
        if name is None:
            names = body_members(shape)
            if not names:
                return _no_body
            root = shape.serialization.get("name", shape.name)
            if self._is_s3:
                root = S3_ROOTS.get(model.name, root)
            write = self._writers.members(shape, names)
            head = f'{_DECLARATION}<{root} xmlns="{self._namespace}">'
            if self._is_s3 and model.name == "GetBucketLocation":  # its only member is the root itself
                return lambda result: (self._location(result), _XML)

            def write_document(result: Mapping[str, Any]) -> tuple[bytes, str]:
                parts = [head]
                write(parts, result)
                parts.append(f"</{root}>")
                return "".join(parts).encode(), _XML

            return write_document
        member = shape.members[name]
        if getattr(member, "is_eventstream", False):
            raise InternalFailure(f"{model.name}: event streams are not supported by this emulator")
        if member.type_name == "blob":
            return lambda result: (result.get(name) or b"", self._dialect.blob_content_type)
        if member.type_name == "string":
            return lambda result: ((result.get(name) or "").encode(), "text/plain")
        root = member.serialization.get("name", member.name)
        write_payload = self._writers.writer(member, f"{shape.name}.{name}")
        opening, named = f"<{root}>", f'<{root} xmlns="{self._namespace}">'

        def write_member(result: Mapping[str, Any]) -> tuple[bytes, str]:
            parts = [_DECLARATION]
            write_payload(parts, root, result.get(name) or {})
            return "".join(parts).replace(opening, named, 1).encode(), _XML

        return write_member

    def _location(self, result: Mapping[str, Any]) -> bytes:
        value = escape(result.get("LocationConstraint") or "")
        root = "LocationConstraint"
        return f'{_DECLARATION}<{root} xmlns="{self._namespace}">{value}</{root}>'.encode()

    def _id_headers(self, request_id: str) -> tuple[tuple[str, str], ...]:
        if self._is_s3:
            short, long = s3_ids(request_id)
            return (("x-amz-request-id", short), ("x-amz-id-2", long), ("Server", "AmazonS3"))
        return (("x-amzn-RequestId", request_id),)

    def serialise_error(self, error: AwsError, request_id: str) -> HttpResponse:
        """S3's bare `<Error>`; other services wrap it as the query protocol does."""
        shape = self._errors.shape_of(error)
        code = error.code if shape is None else shape.error_code
        inner = f"<Code>{escape(code)}</Code><Message>{escape(error.message)}</Message>"
        inner += "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in error.fields.items())
        status = self._errors.status_of(error, shape)
        headers = (*self._id_headers(request_id), *getattr(error, "headers", {}).items())
        if status == 304:
            return HttpResponse(status, headers)
        if self._is_s3:
            short, long = s3_ids(request_id)
            text = f"{_DECLARATION}<Error>{inner}<RequestId>{short}</RequestId><HostId>{long}</HostId></Error>"
        else:
            fault = "Receiver" if error.fault == "server" else "Sender"
            text = f'{_DECLARATION}<ErrorResponse xmlns="{self._namespace}"><Error><Type>{fault}</Type>{inner}</Error>'
            text += f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        return HttpResponse(status, (*headers, ("Content-Type", _XML)), text.encode("utf-8", "surrogatepass"))


def s3_ids(request_id: str) -> tuple[str, str]:
    """S3's two ids of a request, in its shapes: 16 capital letters and digits, 76 characters of base64."""
    digest = hashlib.sha512(request_id.encode()).digest()
    return digest[:8].hex().upper(), binascii.b2a_base64(digest[7:], newline=False).decode("ascii")


def _stream_member(shape: StructureShape) -> str | None:
    """The member that is the whole body as it came, if one is."""
    name = payload_member(shape)
    return name if name is not None and shape.members[name].type_name == "blob" else None


def _no_body(result: Mapping[str, Any]) -> tuple[bytes, str]:
    return b"", _XML
