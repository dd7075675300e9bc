"""What browsers do with S3: preflights, forms, websites."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from emulator.http import HttpResponse
from emulator.services.s3.tests.wire_driver import WireDriver, code_of, header, text_of

ALLOWED = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


@pytest.fixture
def s3() -> WireDriver:
    driver = WireDriver()
    driver.open_bucket()
    driver.call("PutBucketPolicy", Bucket="bucket", Policy=json.dumps({
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    }))  # fmt: skip
    return driver


# -- CORS ------------------------------------------------------------


def preflight(
    s3: WireDriver, origin: str = "https://a.example", method: str = "GET", headers: str = "", target: str = "/bucket/k"
) -> HttpResponse:
    given = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        given["Access-Control-Request-Headers"] = headers
    return s3.request("OPTIONS", target, headers=given, signed=False)


def put_cors(s3: WireDriver, **rule: Any) -> None:
    rule = {"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET", "PUT"], **rule}
    s3.call("PutBucketCors", Bucket="bucket", CORSConfiguration={"CORSRules": [rule]})


def test_a_preflight_is_answered_by_the_first_rule_that_allows_it(s3: WireDriver) -> None:
    put_cors(s3, AllowedHeaders=["x-amz-*"], ExposeHeaders=["ETag", "x-amz-id-2"], MaxAgeSeconds=3000)
    answer = preflight(s3, headers="x-amz-date, X-Amz-Meta-A")
    assert answer.status == 200
    assert {name: value for name, value in answer.headers if name.startswith("Access") or name == "Vary"} == {
        "Access-Control-Allow-Origin": "https://a.example",
        "Access-Control-Allow-Methods": "GET, PUT",
        "Access-Control-Allow-Headers": "x-amz-date, x-amz-meta-a",
        "Access-Control-Expose-Headers": "ETag, x-amz-id-2",
        "Access-Control-Max-Age": "3000",
        "Access-Control-Allow-Credentials": "true",
        "Vary": ALLOWED,
    }
    for refused in (
        preflight(s3, "https://b.example"),
        preflight(s3, method="DELETE"),
        preflight(s3, headers="accept"),
    ):
        assert (refused.status, code_of(refused)) == (403, "AccessForbidden")
        assert "<ResourceType>OBJECT</ResourceType>" in text_of(refused)


@pytest.mark.parametrize(("origin", "status"), [("http://x.test", 200), ("http://.test", 200), ("https://x.test", 403)])
def test_an_origin_may_have_one_wildcard(s3: WireDriver, origin: str, status: int) -> None:
    put_cors(s3, AllowedOrigins=["http://*.test"])
    assert preflight(s3, origin).status == status
    error = s3.refused(
        "PutBucketCors",
        Bucket="bucket",
        CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*.*"]}]},
    )
    assert error.code == "InvalidRequest"


def test_without_rules_a_preflight_says_what_is_missing(s3: WireDriver) -> None:
    bare = s3.request("OPTIONS", "/bucket/k", signed=False)
    assert (bare.status, code_of(bare)) == (400, "BadRequest")
    off = preflight(s3, method="PUT")
    assert (off.status, code_of(off)) == (403, "AccessForbidden")
    assert "<Message>CORSResponse: CORS is not enabled for this bucket.</Message><Method>PUT</Method>" in text_of(off)
    assert "CORSResponse: Bucket not found" in text_of(preflight(s3, target="/none/k"))


def test_an_answer_to_another_origin_may_be_read_where_a_rule_says_so(s3: WireDriver) -> None:
    s3.call("PutObject", Bucket="bucket", Key="k", Body=b"x")
    put_cors(s3, AllowedOrigins=["*"])
    answer = s3.request("GET", "/bucket/k", headers={"Origin": "http://any"}, signed=False)
    assert (header(answer, "Access-Control-Allow-Origin"), header(answer, "Access-Control-Allow-Credentials")) == (
        "*",
        None,
    )
    missing = s3.request("GET", "/bucket/none", headers={"Origin": "http://any"})
    assert (missing.status, header(missing, "Access-Control-Allow-Origin")) == (404, "*")
    assert header(s3.request("GET", "/bucket/k", signed=False), "Access-Control-Allow-Origin") is None
    put_cors(s3, AllowedMethods=["PUT"])
    assert header(s3.request("GET", "/bucket/k", headers={"Origin": "https://a.example"}), "Vary") is None


# -- forms ------------------------------------------------------------


def post(s3: WireDriver, fields: dict[str, str], file: bytes = b"content", target: str = "/bucket") -> HttpResponse:
    parts = [
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    head = (
        '--X\r\nContent-Disposition: form-data; name="file"; filename="dir f.txt"\r\nContent-Type: text/plain\r\n\r\n'
    )
    body = "".join([*parts, head]).encode() + file + b"\r\n--X--\r\n"
    return s3.request("POST", target, body, {"Content-Type": "multipart/form-data; boundary=X"}, signed=False)


def signed(*conditions: Any, expiration: str = "2026-01-02T00:00:00Z", **fields: str) -> dict[str, str]:
    document = {
        "expiration": expiration,
        "conditions": [{"bucket": "bucket"}, ["starts-with", "$key", ""], *conditions],
    }
    credentials = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "test/20260101/us-east-1/s3/aws4_request",
        "x-amz-date": "20260101T000000Z",
    }
    document["conditions"] += [{name: value} for name, value in credentials.items()]
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    return {**credentials, "policy": policy, "x-amz-signature": "0", "key": "up/${filename}", **fields}


def test_a_form_writes_the_file_under_its_key(s3: WireDriver) -> None:
    answer = post(s3, signed({"x-amz-meta-a": "b"}, **{"x-amz-meta-a": "b"}), b"a\r\n--Y b")
    assert (answer.status, header(answer, "Location")) == (204, "http://127.0.0.1:4566/bucket/up/dir%20f.txt")
    stored = s3.call("GetObject", Bucket="bucket", Key="up/dir f.txt")
    assert (stored["Body"], stored["Metadata"]) == (b"a\r\n--Y b", {"a": "b"})


def test_a_form_says_how_it_is_answered(s3: WireDriver) -> None:
    made = post(s3, signed({"success_action_status": "201"}, success_action_status="201"))
    assert made.status == 201
    assert "<PostResponse><Location>" in text_of(made)
    there = "http://app.example/done?x=1"
    sent = post(s3, signed({"success_action_redirect": there}, success_action_redirect=there))
    assert sent.status == 303
    assert str(header(sent, "Location")).startswith(f"{there}&bucket=bucket&key=up%2Fdir+f.txt&etag=%22")


@pytest.mark.parametrize(
    ("fields", "file", "code", "message"),
    [
        (signed(expiration="2025-12-31T23:59:59Z"), b"", "AccessDenied", "Invalid according to Policy: Policy expired."),
        (signed(acl="private"), b"", "AccessDenied", "Invalid according to Policy: Extra input fields: acl"),
        (signed(["content-length-range", 3, 5]), b"ab", "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"),
        (signed(["content-length-range", 3, 5]), b"abcdef", "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"),
        (signed(["starts-with", "$Content-Type", "image/"], **{"Content-Type": "text/x"}), b"", "AccessDenied",
         "Invalid according to Policy: Policy Condition failed: [&quot;starts-with&quot;, &quot;$Content-Type&quot;, &quot;image/&quot;]"),
        (signed(expiration="2026-01-02 00:00:00+00:00"), b"", "InvalidPolicyDocument",
         "Invalid Policy: Invalid 'expiration' value: '2026-01-02 00:00:00+00:00'"),
        (signed({}), b"", "InvalidPolicyDocument",
         "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
        ({"key": "k"}, b"", "AccessDenied", "Access Denied"),
        ({**signed(), "policy": "!"}, b"", "InvalidPolicyDocument", "Invalid Policy: Invalid JSON."),
    ],
)  # fmt: skip
def test_a_form_that_its_policy_forbids_writes_nothing(
    s3: WireDriver, fields: Any, file: bytes, code: str, message: str
) -> None:
    answer = post(s3, fields, file)
    assert (code_of(answer), f"<Message>{message}</Message>" in text_of(answer)) == (code, True), text_of(answer)
    assert s3.call("ListObjectsV2", Bucket="bucket")["KeyCount"] == 0


def test_a_policy_must_be_about_the_bucket_too(s3: WireDriver) -> None:
    conditions = [["starts-with", "$key", ""]]
    policy = json.dumps({"expiration": "2026-01-02T00:00:00Z", "conditions": conditions}).encode()
    fields = {"key": "k", "policy": base64.b64encode(policy).decode(), "AWSAccessKeyId": "test", "signature": "0"}
    answer = post(s3, fields)
    assert (answer.status, code_of(answer)) == (403, "AccessDenied")
    assert "Extra input fields: bucket" in text_of(answer)
    del fields["AWSAccessKeyId"]
    assert "<ArgumentName>AWSAccessKeyId</ArgumentName>" in text_of(post(s3, fields))


def test_a_form_without_a_key_or_a_file_is_refused(s3: WireDriver) -> None:
    fields = signed()
    del fields["key"]
    assert "Bucket POST must contain a field named 'key'" in text_of(post(s3, fields))
    bare = s3.request(
        "POST", "/bucket", b"--X--\r\n", {"Content-Type": "multipart/form-data; boundary=X"}, signed=False
    )
    assert code_of(bare) == "InvalidArgument"


# -- websites ------------------------------------------------------------

LOST = {"HostName": "app.example", "Protocol": "https", "HttpRedirectCode": "307", "ReplaceKeyWith": "lost"}
HOST = "bucket.s3-website-us-east-1.amazonaws.com"


def visit(s3: WireDriver, path: str, method: str = "GET", **headers: str) -> HttpResponse:
    return s3.request(method, path, headers=headers, signed=False, host=HOST)


def put_site(s3: WireDriver, **more: Any) -> None:
    s3.call(
        "PutBucketWebsite", Bucket="bucket", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, **more}
    )
    for key in ("index.html", "dir/index.html", "page", "error.html"):
        s3.call("PutObject", Bucket="bucket", Key=key, Body=key.encode(), ContentType="text/html")


def test_a_website_serves_index_documents(s3: WireDriver) -> None:
    put_site(s3)
    assert text_of(visit(s3, "/")) == "index.html"
    assert text_of(visit(s3, "/dir/")) == "dir/index.html"
    assert text_of(visit(s3, "/page")) == "page"
    moved = visit(s3, "/dir")
    assert (moved.status, header(moved, "Location")) == (302, "/dir/")
    assert s3.request("GET", "/_aws/s3-website/bucket/page", signed=False).status == 200
    etag = str(header(visit(s3, "/page"), "ETag"))
    assert visit(s3, "/page", **{"If-None-Match": etag}).status == 304
    assert visit(s3, "/page", "PUT").status == 405


def test_a_website_has_pages_of_its_own_for_errors(s3: WireDriver) -> None:
    put_site(s3)
    bare = visit(s3, "/none")
    assert (bare.status, header(bare, "x-amz-error-code")) == (403, "AccessDenied")
    put_site(s3, ErrorDocument={"Key": "error.html"})
    own = visit(s3, "/none")
    assert (own.status, text_of(own)) == (403, "error.html")
    nowhere = s3.request("GET", "/", signed=False, host="none.s3-website-us-east-1.amazonaws.com")
    assert (nowhere.status, header(nowhere, "x-amz-error-code")) == (404, "NoSuchBucket")
    assert "<li>BucketName: none</li>" in text_of(nowhere)


def test_rules_redirect_before_and_after_a_key_is_looked_up(s3: WireDriver) -> None:
    rules = [
        {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}},
        {"Condition": {"HttpErrorCodeReturnedEquals": "403"}, "Redirect": LOST},
    ]
    put_site(s3, RoutingRules=rules)
    early = visit(s3, "/old/a")
    assert (early.status, header(early, "Location")) == (301, f"http://{HOST}/new/a")
    late = visit(s3, "/none")
    assert (late.status, header(late, "Location")) == (307, "https://app.example/lost")
    s3.call("PutObject", Bucket="bucket", Key="moved", Body=b"", WebsiteRedirectLocation="/page")
    assert header(visit(s3, "/moved"), "Location") == "/page"
    s3.call(
        "PutBucketWebsite", Bucket="bucket", WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "x.example"}}
    )
    assert header(visit(s3, "/a?b"), "Location") == "http://x.example/a?b"


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": "/i"}}, "InvalidArgument"),
        ({"RedirectAllRequestsTo": {"HostName": "x"}, "IndexDocument": {"Suffix": "i"}}, "InvalidArgument"),
        ({"RedirectAllRequestsTo": {"HostName": "x", "Protocol": "ftp"}}, "InvalidRequest"),
        ({"IndexDocument": {"Suffix": "i"}, "ErrorDocument": {}}, "MalformedXML"),
        ({"IndexDocument": {"Suffix": "i"}, "RoutingRules": []}, "MalformedXML"),
        (
            {"IndexDocument": {"Suffix": "i"}, "RoutingRules": [{"Condition": {}, "Redirect": {"HostName": "x"}}]},
            "InvalidRequest",
        ),
        (
            {
                "IndexDocument": {"Suffix": "i"},
                "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}],
            },
            "InvalidRequest",
        ),
    ],
)
def test_a_website_that_cannot_be_understood_is_refused(s3: WireDriver, configuration: Any, code: str) -> None:
    assert s3.refused("PutBucketWebsite", Bucket="bucket", WebsiteConfiguration=configuration).code == code
