"""Which operations a task can call, and what they take: botocore's models, and the services that this emulator has.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from emulator.protocols import Wire, load_model

__all__ = ["Catalogue", "capital", "check_arguments"]

Report = Callable[[str, str], None]
_NOTHING = StructureShape("Nothing", {"type": "structure", "members": {}})


class Catalogue:
    """Models by service, loaded when a definition first names one.

    `emulated` None takes every service to be there; `offers` tells which of their operations are.
    """

    def __init__(
        self, emulated: Collection[str] | None = None, offers: Callable[[str, str], bool] | None = None
    ) -> None:
        self._emulated = None if emulated is None else frozenset(emulated)
        self._offers = offers
        self._models: dict[str, ServiceModel] = {}
        self._wires: dict[str, Wire] = {}

    def has(self, service: str) -> bool:
        """Whether the emulator has a service, by botocore's name."""
        return self._emulated is None or service in self._emulated

    def offers(self, service: str, operation: str) -> bool:
        """Whether the emulator has an operation of a service that it has."""
        return self._offers is None or self._offers(service, operation)

    def operation(self, service: str, name: str) -> OperationModel | None:
        """The model of an operation, or None where the service has none of that name."""
        model = self._models.get(service)
        if model is None:
            model = self._models[service] = load_model(service)
        return model.operation_model(name) if name in model.operation_names else None

    def check_call(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """Check a call's parameters as the service's front does for its clients. Raises AwsError."""
        wire = self._wires.get(service)
        if wire is None:
            wire = self._wires[service] = Wire(self._models.get(service) or load_model(service))
        wire.validate(operation, params)


def capital(name: str) -> str:
    """A member's name as workflows write it: with a capital first letter."""
    return name[:1].upper() + name[1:]


def check_arguments(operation: OperationModel, given: Any, location: str, report: Report) -> None:
    """Report members that the operation does not have, and required ones that are missing."""
    shape = operation.input_shape
    if isinstance(given, Mapping):  # else the state's input, or what one expression in JSONata gives
        _check(_NOTHING if shape is None else shape, given, location, report)


def _check(shape: Shape, value: Any, location: str, report: Report) -> None:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        _check_structure(shape, value, location, report)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value):
            _check(shape.member, item, f"{location}[{index}]", report)
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for name, item in value.items():
            _check(shape.value, item, f"{location}/{name}", report)


def _check_structure(shape: StructureShape, value: Mapping[str, Any], location: str, report: Report) -> None:
    members = {capital(name): member for name, member in shape.members.items()}
    given = {name.removesuffix(".$"): inner for name, inner in value.items()}
    for name, inner in value.items():
        plain = name.removesuffix(".$")
        if plain not in members:
            report(f'The field "{plain}" is not supported by Step Functions', location)
        elif plain == name:
            _check(members[name], inner, f"{location}/{name}", report)
    for required in shape.required_members:
        filled_in = shape.members[required].metadata.get("idempotencyToken", False)
        if capital(required) not in given and not filled_in:
            report(f'The field "{capital(required)}" is required but was missing', location)
