"""Parameters and results of SDK integrations, along botocore's model of the operation.

Rules. Members have a capital first letter on the workflow's side. Timestamps are ISO-8601 texts in UTC there. A binary member takes text
as it is, and anything else as JSON; one that is the request's body takes any value as JSON. Null leaves a member out. Header maps are
never absent from a result.
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.services.stepfunctions.asl.catalogue import capital
from emulator.services.stepfunctions.asl.document import dumps
from emulator.services.stepfunctions.asl.failures import DataFlowError
from emulator.services.stepfunctions.asl.timestamps import parse_timestamp

__all__ = ["parameters_of_shape", "result_of_shape"]


def parameters_of_shape(shape: Shape | None, value: Any) -> Any:
    """What a workflow wrote, as the operation's parameters. Raises DataFlowError for a member that there is not."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members = {capital(name): (name, member) for name, member in shape.members.items()}
        unknown = [name for name in value if name not in members]
        if unknown:
            raise DataFlowError(f'The field "{unknown[0]}" is not supported by Step Functions')
        body = shape.serialization.get("payload")
        made: dict[str, Any] = {}
        for name, inner in value.items():
            member, member_shape = members[name]
            if inner is None:
                continue
            if member == body and member_shape.type_name == "blob":
                made[member] = dumps(inner).encode("utf-8", "surrogatepass")
            else:
                made[member] = parameters_of_shape(member_shape, inner)
        return made
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [parameters_of_shape(shape.member, inner) for inner in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {name: parameters_of_shape(shape.value, inner) for name, inner in value.items()}
    if shape is not None and shape.type_name == "blob":
        return (value if isinstance(value, str) else dumps(value)).encode("utf-8", "surrogatepass")
    if shape is not None and shape.type_name == "timestamp" and isinstance(value, str):
        try:
            return parse_timestamp(value)
        except ValueError as error:
            raise DataFlowError(str(error)) from error
    if shape is not None and shape.type_name == "string" and isinstance(value, Mapping | list):
        return dumps(value)
    return value


def result_of_shape(shape: Shape | None, value: Any) -> Any:
    """An operation's result as the workflow sees it; bytes are left for the caller."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        header_maps: dict[str, Any] = {
            capital(name): {}
            for name, member in shape.members.items()
            if isinstance(member, MapShape) and member.serialization.get("location") == "headers"
        }
        return header_maps | {
            capital(name): result_of_shape(shape.members.get(name), inner) for name, inner in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [result_of_shape(shape.member, inner) for inner in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {name: result_of_shape(shape.value, inner) for name, inner in value.items()}
    if isinstance(value, datetime):
        value = value.timestamp()
    if shape is not None and shape.type_name == "timestamp" and isinstance(value, int | float):
        return _instant(value)
    return value


def _instant(moment: float) -> str:
    """ISO-8601 with as many digits as needed, in groups of three, as Java writes it."""
    milliseconds = round(moment * 1000)
    seconds, rest = divmod(milliseconds, 1000)
    fraction = f".{rest:03d}" if rest else ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"
