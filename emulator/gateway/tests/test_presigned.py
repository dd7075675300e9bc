"""Presigned URLs: complete, in time, and with the headers that they carry."""

from __future__ import annotations

import pytest

from emulator.errors import AwsError
from emulator.gateway.presigned import check_presigned, with_hoisted_headers
from emulator.http import HttpRequest

SIGNED_AT = 1_767_225_600.0  # 2026-01-01T00:00:00Z
VERSION_4 = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
)
VERSION_2 = "AWSAccessKeyId=test&Signature=00%3D&Expires=1767225660"


def request(query: str, *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest("GET", "/bucket/key", query, headers)


@pytest.mark.parametrize("query", [VERSION_4, VERSION_2])
def test_a_presigned_url_holds_to_its_last_second(query: str) -> None:
    check_presigned(request(query), SIGNED_AT + 60.0)
    with pytest.raises(AwsError, match="Request has expired") as refused:
        check_presigned(request(query), SIGNED_AT + 61.0)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
    assert refused.value.fields["Expires"] == "2026-01-01T00:01:00Z"
    assert refused.value.fields["ServerTime"] == "2026-01-01T00:01:01Z"


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("&X-Amz-Date=20260101T000000Z", "", "AuthorizationQueryParametersError", "Query-string authentication version 4 requires"),
        ("X-Amz-Date=20260101T000000Z", "X-Amz-Date=2026", "AuthorizationQueryParametersError", "X-Amz-Date must be in the ISO8601"),
        ("Expires=60", "Expires=604801", "AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week"),
        ("Expires=60", "Expires=-1", "AuthorizationQueryParametersError", "X-Amz-Expires must be non-negative"),
        ("Expires=60", "Expires=soon", "AuthorizationQueryParametersError", "X-Amz-Expires should be a number"),
        ("AWS4-HMAC-SHA256", "AWS5", "AuthorizationQueryParametersError", "X-Amz-Algorithm only supports"),
        ("test%2F2026", "test", "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter"),
        ("X-Amz-Date=20260101", "X-Amz-Date=20260102", "AccessDenied", "Request is not yet valid"),
    ],
)  # fmt: skip
def test_a_presigned_url_that_is_not_complete_is_refused(old: str, new: str, code: str, message: str) -> None:
    query = (
        VERSION_4.replace("test%2F20260101%2Fus-east-1", "test")
        if old.startswith("test")
        else VERSION_4.replace(old, new)
    )
    with pytest.raises(AwsError) as refused:
        check_presigned(request(query), SIGNED_AT)
    assert (refused.value.code, refused.value.message.startswith(message)) == (code, True)


@pytest.mark.parametrize("query", ["AWSAccessKeyId=test&Expires=1", "Signature=x&AWSAccessKeyId=test&Expires=soon"])
def test_the_first_signature_needs_its_parameters_too(query: str) -> None:
    with pytest.raises(AwsError) as refused:
        check_presigned(request(query), SIGNED_AT)
    assert refused.value.code == "AccessDenied"


def test_what_is_not_presigned_passes() -> None:
    check_presigned(request("prefix=Signature&list-type=2"), SIGNED_AT)


def test_headers_among_the_parameters_count_where_the_url_is_signed() -> None:
    query = f"{VERSION_4}&x-amz-meta-a=b%20c&x-amz-acl=private&x-amz-checksum-crc32=AAAAAA==&x-id=PutObject"
    headers = with_hoisted_headers(request(query, ("x-amz-acl", "public-read"))).headers
    assert headers["x-amz-meta-a"] == "b c"
    assert headers["x-amz-acl"] == "public-read"
    assert not {"x-id", "x-amz-checksum-crc32"} & set(headers)
    assert with_hoisted_headers(request("x-amz-acl=private")).headers == {}
