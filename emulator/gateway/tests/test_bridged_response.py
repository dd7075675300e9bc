"""moto's responses as a client sees them."""

from __future__ import annotations

import pytest

from emulator.gateway.bridged_response import as_aws_sends_it
from emulator.http import HttpResponse

MOTO_ID = ("x-amzn-requestid", "moto's")


def headers_of(response: HttpResponse) -> dict[str, str]:
    names = [name.lower() for name, _ in response.headers]
    assert len(names) == len(set(names)), names
    return {name.lower(): value for name, value in response.headers}


@pytest.mark.parametrize("tag", ["RequestId", "requestId", "RequestID"])
def test_the_request_id_of_a_document_is_the_headers(tag: str) -> None:
    body = b"<Response><%s>request-id</%s><Long>%s</Long></Response>" % (tag.encode(), tag.encode(), b"x" * 9000)
    moved = HttpResponse(200, (MOTO_ID, ("Content-Length", str(len(body)))), body)
    answer = as_aws_sends_it("ec2", moved, "ours")
    assert b"<%s>ours</%s>" % (tag.encode(), tag.encode()) in answer.body
    assert headers_of(answer) == {"x-amzn-requestid": "ours"}


def test_a_request_id_among_the_data_stays() -> None:
    body = b"<R>" + b"x" * 5000 + b"<RequestId>data</RequestId>" + b"x" * 5000 + b"</R>"
    assert as_aws_sends_it("query", HttpResponse(200, (), body), "ours").body == body


@pytest.mark.parametrize(("status", "seen"), [(200, 200), (404, 400), (403, 400), (500, 500)])
def test_json_services_have_one_status_for_clients_errors(status: int, seen: int) -> None:
    assert as_aws_sends_it("json", HttpResponse(status, (MOTO_ID,), b"{}"), "ours").status == seen


def test_access_denied_of_a_query_service_is_403() -> None:
    body = b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
    assert as_aws_sends_it("query", HttpResponse(400, (), body), "ours").status == 403
    assert as_aws_sends_it("query", HttpResponse(404, (), b"<Code>NoSuchEntity</Code>"), "ours").status == 404
