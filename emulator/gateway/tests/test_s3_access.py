"""Presigned URLs run out by the emulator's clock; unsigned requests are refused unless moto judges them."""

from __future__ import annotations

import pytest

from emulator.errors import AwsError
from emulator.gateway.s3_access import AccessDenied, check_access, form_operation
from emulator.http import HttpRequest

SIGNED_AT = 1_767_225_600.0  # 2026-01-01T00:00:00Z
VERSION_4 = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-Signature=00"
VERSION_2 = "AWSAccessKeyId=test&Signature=00%3D&Expires=1767225660"


def request(method: str = "GET", query: str = "", *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest(method, "/bucket/key", query, headers)


@pytest.mark.parametrize("query", [VERSION_4, VERSION_2])
def test_a_presigned_url_holds_to_its_last_second(query: str) -> None:
    check_access("PutObject", request("PUT", query), SIGNED_AT + 60.0)
    with pytest.raises(AccessDenied, match="Request has expired") as refused:
        check_access("PutObject", request("PUT", query), SIGNED_AT + 61.0)
    assert refused.value.status == 403
    assert refused.value.fields["Expires"] == "2026-01-01T00:01:00Z"
    assert refused.value.fields["ServerTime"] == "2026-01-01T00:01:01Z"


@pytest.mark.parametrize("missing", ["X-Amz-Date=20260101T000000Z", "X-Amz-Expires=60"])
def test_a_presigned_url_without_its_times_is_refused(missing: str) -> None:
    query = VERSION_4.replace(missing, "other=1")
    with pytest.raises(AwsError) as refused:
        check_access("GetObject", request("GET", query), SIGNED_AT)
    assert (refused.value.code, refused.value.status) == ("AuthorizationQueryParametersError", 400)


@pytest.mark.parametrize("operation", ["ListObjectsV2", "PutObject", "DeleteObject", "ListBuckets"])
def test_an_unsigned_request_is_refused(operation: str) -> None:
    with pytest.raises(AccessDenied, match="Access Denied"):
        check_access(operation, request(), SIGNED_AT)
    check_access(operation, request("GET", "", ("Authorization", "AWS4-HMAC-SHA256 Credential=...")), SIGNED_AT)


@pytest.mark.parametrize("operation", ["GetObject", "HeadObject", "PostObject", "OptionsObject"])
def test_an_unsigned_request_that_a_policy_may_allow_goes_to_moto(operation: str) -> None:
    check_access(operation, request(), SIGNED_AT)


def test_requests_of_browsers_are_told_from_those_of_sdks() -> None:
    form = ("Content-Type", "multipart/form-data; boundary=x")
    assert form_operation(request("POST", "", form)) == "PostObject"
    assert form_operation(request("OPTIONS")) == "OptionsObject"
    assert form_operation(request("POST", "delete", ("Content-Type", "application/xml"))) is None
    assert form_operation(request("PUT", "", form)) is None
