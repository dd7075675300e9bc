"""The part of a REST response that JSON and XML share: status code, bound headers, content type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from botocore.model import OperationModel

from emulator.body import Body as Content
from emulator.http import HttpResponse
from emulator.operation import Answer
from emulator.protocols.json_writer import unknown_member
from emulator.protocols.protocol import Serialise
from emulator.protocols.rest import header_writers

__all__ = ["Body", "compile_response"]

Body = Callable[[Mapping[str, Any]], tuple[bytes | Content, str]]
"""Result -> body and its content type."""


def compile_response(
    model: OperationModel,
    write_body: Body,
    *,
    strict: bool,
    aws_headers: Callable[[str], tuple[tuple[str, str], ...]],
    statuses: Mapping[str, int] = MappingProxyType({}),
) -> Serialise:
    """What writes the responses of one operation. `aws_headers` are those that carry the request id.

    `statuses` is by operation, where the model leaves it out, or by a member whose presence in the result changes it.
    """
    shape = model.output_shape
    default_status: int = statuses.get(model.name, model.http.get("responseCode", 200))
    partial = {name: status for name, status in statuses.items() if shape is not None and name in shape.members}
    writers = {} if shape is None else header_writers(shape)
    members = {} if shape is None else shape.members
    status_member = next(
        (name for name, member in members.items() if member.serialization.get("location") == "statusCode"), None
    )
    stream_member: str | None = None if shape is None else shape.event_stream_name
    """Its value is a StreamedBody of encoded events."""
    states_content_type = any(
        member.serialization.get("location") == "header"
        and member.serialization.get("name", "").lower() == "content-type"
        for member in members.values()
    )
    """The client reads the type as a member of the result: what the result leaves out must stay out."""
    shape_name = f"{model.name}Output" if shape is None else shape.name

    def serialise(result: Mapping[str, Any], request_id: str) -> HttpResponse:
        headers = list(aws_headers(request_id))
        has_content_type = False
        for name, value in result.items():
            if strict and name not in members:
                raise unknown_member(shape_name, name)
            write = writers.get(name)
            if write is not None and value is not None:
                for header in write(value):
                    has_content_type = has_content_type or header[0].lower() == "content-type"
                    headers.append(header)
        status = default_status if status_member is None else result.get(status_member) or default_status
        for name, changed in partial.items():
            if result.get(name) is not None:
                status = changed
        if isinstance(result, Answer):
            status = result.status or status
            headers.extend(result.headers)
        body, content_type = write_body(result)
        if body and not has_content_type and not states_content_type:
            headers.append(("Content-Type", content_type))
        if isinstance(body, Content):
            return HttpResponse(status, tuple(headers), content=body)
        stream = None if stream_member is None else result.get(stream_member)
        return HttpResponse(status, tuple(headers), body, stream=stream)

    return serialise
