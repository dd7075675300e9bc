"""One service's wire: requests to parameters, results and errors to responses, checked against botocore's model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import ServiceModel, StructureShape

from emulator.errors import AwsError, EmulatorError
from emulator.http import HttpRequest, HttpResponse
from emulator.operation import Params
from emulator.protocols.dialects import dialect_of
from emulator.protocols.errors import Answered, UnknownOperation
from emulator.protocols.json_protocol import JsonProtocol
from emulator.protocols.protocol import Parse, Serialise, WireProtocol
from emulator.protocols.query_protocol import QueryProtocol
from emulator.protocols.rest import payload_member
from emulator.protocols.rest_json_protocol import RestJsonProtocol
from emulator.protocols.rest_xml_protocol import RestXmlProtocol
from emulator.protocols.routing import Routed, Router
from emulator.protocols.validation import Check, Checks, Violation, violation_error

__all__ = ["Wire"]

_PROTOCOLS: Mapping[str, Callable[..., WireProtocol]] = {
    "json": JsonProtocol,
    "query": QueryProtocol,
    "ec2": QueryProtocol,  # requests and errors are alike; its results are written by the bridge alone
    "rest-json": RestJsonProtocol,
    "rest-xml": RestXmlProtocol,
}


class Wire:
    """Reads and writes one service's protocol. Operations are compiled when they are first used.

    `strict` makes a result with an unknown member, or a value of the wrong type, raise InternalFailure.
    """

    def __init__(self, model: ServiceModel, *, strict: bool = False) -> None:
        self.service = model.service_name
        self.model = model
        self.protocol: str = (
            model.resolved_protocol
        )  # what botocore's own clients speak, of those that the service offers
        self.dialect = dialect_of(self.service, self.protocol)
        kind = _PROTOCOLS.get(self.protocol)
        if kind is None:
            raise EmulatorError(f"{self.service} speaks {self.protocol!r}, which this emulator does not speak")
        self._wire_protocol = kind(model, self.dialect, strict=strict)
        self._checks = Checks(self.dialect)
        self._router: Router | None = None
        self._parsers: dict[str, Parse] = {}
        self._serialisers: dict[str, Serialise] = {}
        self._compiled_checks: dict[str, Check | None] = {}

    @property
    def unchecked_patterns(self) -> Mapping[str, str]:
        """Regular expressions that cannot be checked, by shape, among the operations validated so far."""
        return self._checks.unchecked_patterns

    def route(self, request: HttpRequest) -> Routed:
        """The operation of a request and its URI's labels. Raises UnknownOperation. S3 paths are path style."""
        if self._router is None:
            self._router = Router(self.model)
        try:
            return self._router.route(request)
        except UnknownOperation:
            if self.service != "s3":
                raise
            message = "The specified method is not allowed against this resource."
            fields = {"Method": request.method, "ResourceType": _s3_resource_type(request.path)}
            raise AwsError.named("MethodNotAllowed", message, status=405, fields=fields) from None

    def operation_for(self, request: HttpRequest) -> str:
        """The operation of a request, without its labels."""
        return self.route(request).operation

    def parse(self, operation: str, request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
        """A request's parameters, shaped as botocore's; timestamps are epoch seconds, blobs bytes. Raises AwsError."""
        parser = self._parsers.get(operation)
        if parser is None:
            model = self.model.operation_model(operation)
            parser = self._parsers[operation] = self._wire_protocol.compile_parse(model)
        return parser(request, uri_params)

    def validate(self, operation: str, params: Params) -> None:
        """Check parameters: required, length, range, pattern, enum. Raises AwsError with AWS's text."""
        try:
            check = self._compiled_checks[operation]
        except KeyError:
            shape = self.model.operation_model(operation).input_shape
            check = self._compiled_checks[operation] = None if shape is None else self._compile_check(shape)
        if check is not None:
            violations = check(params)
            if violations:
                raise violation_error(self.dialect, violations)

    def _compile_check(self, shape: StructureShape) -> Check | None:
        if not self.dialect.checks_payload_only:
            return self._checks.check(shape)
        name = payload_member(shape)
        if name is None:
            return None
        inner = self._checks.check(shape.members[name])
        required = name in shape.required_members

        def check(params: Mapping[str, Any]) -> list[Violation]:
            value = params.get(name)
            if value is None:
                return [Violation(name, name, None, "Member must be there")] if required else []
            return [] if inner is None else inner(value)

        return check

    def serialise(self, operation: str, result: Mapping[str, Any], request_id: str) -> HttpResponse:
        """The response that carries a result."""
        serialiser = self._serialisers.get(operation)
        if serialiser is None:
            model = self.model.operation_model(operation)
            serialiser = self._serialisers[operation] = self._wire_protocol.compile_serialise(model)
        return serialiser(result, request_id)

    def serialise_error(self, error: AwsError, request_id: str, operation: str | None = None) -> HttpResponse:
        """The response that carries an error; without a body for a HEAD operation, as HTTP wants it."""
        if isinstance(error, Answered):
            return error.response
        response = self._wire_protocol.serialise_error(error, request_id)
        if operation in self.model.operation_names and self.protocol.startswith("rest-"):
            if self.model.operation_model(operation).http["method"] == "HEAD":
                return HttpResponse(response.status, response.headers)
        return response


def _s3_resource_type(path: str) -> str:
    bucket, _, key = path.lstrip("/").partition("/")
    return "OBJECT" if key else "BUCKET" if bucket else "SERVICE"
