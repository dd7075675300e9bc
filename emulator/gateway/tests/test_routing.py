"""Which service or API stage a request is for."""

from __future__ import annotations

import pytest

from emulator.gateway.routing import ApiStage, api_stage_of, scope_of, service_of
from emulator.http import HttpRequest

SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def request(
    path: str = "/", *, method: str = "POST", query: str = "", body: bytes = b"", **headers: str
) -> HttpRequest:
    return HttpRequest(
        method, path, query, tuple((name.replace("_", "-"), value) for name, value in headers.items()), body
    )


@pytest.mark.parametrize(
    ("made", "service"),
    [
        (request(authorization=SIGNED.format("sqs")), "sqs"),
        (request(authorization=SIGNED.format("states")), "stepfunctions"),
        (request(authorization=SIGNED.format("monitoring")), "cloudwatch"),
        (request(authorization=SIGNED.format("dynamodb"), x_amz_target="DynamoDB_20120810.PutItem"), "dynamodb"),
        (
            request(authorization=SIGNED.format("dynamodb"), x_amz_target="DynamoDBStreams_20120810.ListStreams"),
            "dynamodbstreams",
        ),
        (request("/v2/apis", authorization=SIGNED.format("apigateway")), "apigatewayv2"),
        (request("/restapis", authorization=SIGNED.format("apigateway")), "apigateway"),
        (request(x_amz_target="AmazonSQS.SendMessage"), "sqs"),
        (request(body=b"Action=Publish&Version=2010-03-31", content_type="application/x-www-form-urlencoded"), "sns"),
        (request(query="Action=ListRoles&Version=2010-05-08", method="GET"), "iam"),
        (request(host="sns.eu-west-1.amazonaws.com"), "sns"),
        (request("/2015-03-31/functions/f/invocations"), "lambda"),
        (request("/bucket/key", method="PUT"), "s3"),
        (
            request(
                "/bucket/key", method="GET", query="X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"
            ),
            "s3",
        ),
    ],
)
def test_the_service_of_a_request(made: HttpRequest, service: str) -> None:
    assert service_of(made, scope_of(made)) == service


def test_the_scope_names_key_and_region() -> None:
    scope = scope_of(request(authorization=SIGNED.format("sqs")))
    assert (scope.access_key_id, scope.region, scope.signing_name) == ("AKID", "eu-west-1", "sqs")


@pytest.mark.parametrize(
    ("made", "stage"),
    [
        (request("/restapis/abc/Prod/_user_request_/a/b%2Fc"), ApiStage("abc", "Prod", "/a/b%2Fc")),
        (request("/restapis/abc/Prod/_user_request_"), ApiStage("abc", "Prod", "/")),
        (request("/_aws/execute-api/abc/Prod/ingest"), ApiStage("abc", "Prod", "/ingest")),
        (request("/Prod/ingest", host="abc.execute-api.us-east-1.amazonaws.com"), ApiStage("abc", "Prod", "/ingest")),
        (request("/Prod", host="abc.execute-api.localhost.localstack.cloud:4566"), ApiStage("abc", "Prod", "/")),
        (request("/restapis/abc/stages"), None),
        (request("/Prod/ingest", host="127.0.0.1:4566"), None),
    ],
)
def test_the_three_forms_of_an_api_url(made: HttpRequest, stage: ApiStage | None) -> None:
    assert api_stage_of(made) == stage
