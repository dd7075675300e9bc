"""Which operation a request is for."""

from __future__ import annotations

import pytest

from emulator.http import HttpRequest
from emulator.protocols import Wires
from emulator.protocols.errors import UnknownOperation

wires = Wires(strict=True)

BY_URI = [
    ("s3", "GET", "/", "", (), "ListBuckets"),
    ("s3", "GET", "/bucket", "", (), "ListObjects"),
    ("s3", "GET", "/bucket/", "", (), "ListObjects"),
    ("s3", "GET", "/bucket", "list-type=2&prefix=a", (), "ListObjectsV2"),
    ("s3", "GET", "/bucket", "location", (), "GetBucketLocation"),
    ("s3", "GET", "/bucket", "lifecycle", (), "GetBucketLifecycleConfiguration"),
    ("s3", "GET", "/bucket", "inventory&id=1", (), "GetBucketInventoryConfiguration"),
    ("s3", "GET", "/bucket", "inventory", (), "ListBucketInventoryConfigurations"),
    ("s3", "POST", "/bucket", "delete", (), "DeleteObjects"),
    ("s3", "PUT", "/bucket", "", (), "CreateBucket"),
    ("s3", "HEAD", "/bucket/a/b", "", (), "HeadObject"),
    ("s3", "PUT", "/bucket/key", "", (), "PutObject"),
    ("s3", "PUT", "/bucket/key", "x-id=PutObject", (), "PutObject"),
    ("s3", "PUT", "/bucket/key", "", (("x-amz-copy-source", "/a/b"),), "CopyObject"),
    ("s3", "PUT", "/bucket/key", "partNumber=1&uploadId=u", (), "UploadPart"),
    ("s3", "PUT", "/bucket/key", "partNumber=1&uploadId=u", (("x-amz-copy-source", "/a/b"),), "UploadPartCopy"),
    ("s3", "GET", "/bucket/key", "uploadId=u", (), "ListParts"),
    ("s3", "POST", "/bucket/key", "uploads", (), "CreateMultipartUpload"),
    ("s3", "POST", "/bucket/key", "uploadId=u", (), "CompleteMultipartUpload"),
    ("lambda", "GET", "/2015-03-31/functions/", "", (), "ListFunctions"),
    ("lambda", "GET", "/2015-03-31/functions", "", (), "ListFunctions"),
    ("lambda", "POST", "/2015-03-31/functions/f/invocations", "", (), "Invoke"),
    ("lambda", "DELETE", "/2017-03-31/tags/arn", "", (), "UntagResource"),
    ("apigateway", "GET", "/restapis/a/stages/Prod/sdks/java", "", (), "GetSdk"),
    ("apigatewayv2", "GET", "/v2/apis/a/routes/r", "", (), "GetRoute"),
]


@pytest.mark.parametrize(("service", "method", "path", "query", "headers", "operation"), BY_URI)
def test_route_finds_operation_by_method_uri_query_and_headers(
    service: str, method: str, path: str, query: str, headers: tuple[tuple[str, str], ...], operation: str
) -> None:
    assert wires.get(service).operation_for(HttpRequest(method, path, query, headers)) == operation


@pytest.mark.parametrize(
    ("path", "bucket", "key"),
    [
        ("/bucket/key", "bucket", "key"),
        ("/bucket/a/b/", "bucket", "a/b/"),
        ("/bucket//a", "bucket", "/a"),
        ("/bucket/a%2Fb%20c", "bucket", "a/b c"),
        ("/bucket/%C3%BC+", "bucket", "ü+"),
    ],
)
def test_greedy_label_takes_the_rest_of_the_path_and_is_decoded(path: str, bucket: str, key: str) -> None:
    assert wires.get("s3").route(HttpRequest("GET", path, "", ())).uri_params == {"Bucket": bucket, "Key": key}


def test_label_holds_an_encoded_arn() -> None:
    path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations"
    routed = wires.get("lambda").route(HttpRequest("POST", path, "", ()))
    assert routed.uri_params == {"FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:f"}


def test_a_path_that_came_before_goes_where_it_went_and_others_where_they_belong() -> None:
    """What is remembered is told apart by method, by query, and by the headers that tell operations apart."""
    wire = wires.get("lambda")
    path = "/2015-03-31/functions/f"
    for _ in range(2):
        for method, query, operation in (
            ("GET", "", "GetFunction"),
            ("DELETE", "", "DeleteFunction"),
            ("GET", "Qualifier=1", "GetFunction"),
        ):
            routed = wire.route(HttpRequest(method, path, query, ()))
            assert (routed.operation, routed.uri_params) == (operation, {"FunctionName": "f"})
        with pytest.raises(UnknownOperation):
            wire.route(HttpRequest("PATCH", path, "", ()))
    for _ in range(2):
        assert wires.get("s3").operation_for(HttpRequest("PUT", "/bucket", "", ())) == "CreateBucket"
        assert wires.get("s3").operation_for(HttpRequest("PUT", "/bucket", "versioning", ())) == "PutBucketVersioning"


def test_target_names_a_json_operation() -> None:
    request = HttpRequest("POST", "/", "", (("X-Amz-Target", "AWSStepFunctions.StartExecution"),), b"{}")
    assert wires.get("stepfunctions").operation_for(request) == "StartExecution"


@pytest.mark.parametrize("body", [b"Action=Publish&Version=2010-03-31", b"Version=2010-03-31&Action=Publish"])
def test_action_names_a_query_operation(body: bytes) -> None:
    assert wires.get("sns").operation_for(HttpRequest("POST", "/", "", (), body)) == "Publish"


def test_action_may_be_in_the_query_string() -> None:
    assert (
        wires.get("sts").operation_for(HttpRequest("GET", "/", "Action=GetCallerIdentity", ())) == "GetCallerIdentity"
    )


@pytest.mark.parametrize(
    ("service", "request_"),
    [
        ("sqs", HttpRequest("POST", "/", "", (("X-Amz-Target", "AmazonSQS.SendMesage"),))),
        ("sns", HttpRequest("POST", "/", "", (), b"Action=Nope")),
        ("sns", HttpRequest("POST", "/", "", ())),
        ("lambda", HttpRequest("GET", "/nope", "", ())),
        ("lambda", HttpRequest("PATCH", "/2015-03-31/functions", "", ())),
    ],
)
def test_unknown_operation_is_refused(service: str, request_: HttpRequest) -> None:
    with pytest.raises(UnknownOperation, match=service) as refused:
        wires.get(service).route(request_)
    assert refused.value.status == (404 if service == "lambda" else 400)
