"""What botocore writes, we read; what we write, botocore reads: random inputs and outputs of every operation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.protocols import Wire, Wires
from emulator.protocols.rest_xml_protocol import s3_ids
from emulator.protocols.tests.peer import (
    has_event_stream,
    request_of,
    result_of,
    values,
    with_seconds,
    without_empties,
)

SERVICES = (
    "apigateway",
    "apigatewayv2",
    "cloudformation",
    "dynamodb",
    "elasticache",
    "lambda",
    "logs",
    "s3",
    "sns",
    "sqs",
    "stepfunctions",
    "sts",
)

# ListDirectoryBuckets has another host but the same route as ListBuckets; GetBucketLocation's answer is read by a handler of botocore's
# client and not by its parser (there is a test of its own for it).
NOT_COMPARABLE = frozenset({"GetBucketLocation", "ListDirectoryBuckets"})

wires = Wires(strict=True)
thorough = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def operations(wire: Wire) -> list[str]:
    names = wire.model.operation_names
    models = [wire.model.operation_model(name) for name in names]
    # A deprecated operation shares its route with its successor.
    usable = {model.name for model in models if not has_event_stream(model) and not model.deprecated}
    return sorted(usable - NOT_COMPARABLE)


@pytest.mark.parametrize("service", SERVICES)
def test_parse_reads_what_botocore_serialises(service: str) -> None:
    wire = wires.get(service)

    @thorough
    @given(st.data())
    def round_trip(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(operations(wire)))
        shape = wire.model.operation_model(operation).input_shape
        params: dict[str, Any] = {} if shape is None else data.draw(values(shape))
        request = request_of(wire, operation, params)
        routed = wire.route(request)
        assert routed.operation == operation
        parsed = wire.parse(operation, request, routed.uri_params)
        assert without_empties(parsed) == without_empties(with_seconds(params))

    round_trip()


@pytest.mark.parametrize("service", SERVICES)
def test_botocore_parses_what_we_serialise(service: str) -> None:
    wire = wires.get(service)

    @thorough
    @given(st.data())
    def round_trip(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(operations(wire)))
        shape = wire.model.operation_model(operation).output_shape
        result: dict[str, Any] = {} if shape is None else data.draw(values(shape))
        for name, member in () if shape is None else shape.members.items():
            if member.serialization.get("location") == "statusCode":
                result[name] = 202
        response = wire.serialise(operation, with_seconds(result), "the-request-id")
        parsed = result_of(wire, operation, response)
        metadata = parsed.pop("ResponseMetadata")
        assert metadata["RequestId"] == (s3_ids("the-request-id")[0] if service == "s3" else "the-request-id")
        assert without_empties(with_seconds(parsed)) == without_empties(with_seconds(result))

    round_trip()
