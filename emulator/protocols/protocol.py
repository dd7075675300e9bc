"""What every wire protocol offers, and what all four share: loading JSON, request ids, error shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson
from botocore.model import OperationModel, ServiceModel, StructureShape

from emulator.errors import AwsError, UnsupportedOperation
from emulator.http import HttpRequest, HttpResponse
from emulator.protocols.dialects import Dialect

__all__ = ["ErrorShapes", "Parse", "Serialise", "WireProtocol", "load_json", "no_params"]

Parse = Callable[[HttpRequest, Mapping[str, str]], dict[str, Any]]
"""Request and URI labels -> parameters."""
Serialise = Callable[[Mapping[str, Any], str], HttpResponse]
"""Result and request id -> response."""


def no_params(request: HttpRequest, uri_params: Mapping[str, str]) -> dict[str, Any]:
    """The Parse of an operation without input."""
    return {}


class WireProtocol(Protocol):
    """How one protocol reads requests and writes responses of a service."""

    def compile_parse(self, model: OperationModel) -> Parse: ...

    def compile_serialise(self, model: OperationModel) -> Serialise: ...

    def serialise_error(self, error: AwsError, request_id: str) -> HttpResponse: ...


def load_json(body: bytes, dialect: Dialect) -> Any:
    """A JSON body's value. Raises the service's error for one that cannot be parsed."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise AwsError.named(dialect.malformed_code, dialect.malformed_text.format(reason=error)) from None


class ErrorShapes:
    """The modelled errors of a service, found by shape name or by code."""

    def __init__(self, model: ServiceModel) -> None:
        self._shapes: dict[str, StructureShape] = {}
        shapes = [shape for shape in model.error_shapes if isinstance(shape, StructureShape)]
        for shape in shapes:
            self._shapes.setdefault(shape.error_code, shape)
        for shape in shapes:
            self._shapes[shape.name] = shape

    def shape_of(self, error: AwsError) -> StructureShape | None:
        """The shape of an error, or None where the model has none for it."""
        if type(error) is UnsupportedOperation:  # SQS and others have an error of that name, with another meaning
            return None
        shape = self._shapes.get(type(error).__name__)
        return self._shapes.get(error.code) if shape is None else shape

    def status_of(self, error: AwsError, shape: StructureShape | None) -> int:
        """The HTTP status: the error's own, or the model's where the error leaves it at 400."""
        if error.status != AwsError.status or shape is None:
            return error.status
        modelled: int = shape.metadata.get("error", {}).get("httpStatusCode", error.status)
        return modelled
