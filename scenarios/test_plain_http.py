"""curl and browsers against the emulator: S3 with and without signatures, and an API in every form in which it can be named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.targets import Target
from fixtures.http import http

# -- S3 by plain HTTP ------------------------------------------------------------------------------------------------------------


def test_a_put_of_a_form_stores_the_form(client: Any, bucket: str) -> None:
    """curl -d and urllib call any body a form."""
    url = client("s3").generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "form"})
    body = b"key=value&other=1"
    status, headers, _ = http(url, "PUT", body, Content_Type="application/x-www-form-urlencoded")
    assert (status, headers["etag"]) == (200, f'"{hashlib.md5(body).hexdigest()}"')
    assert client("s3").get_object(Bucket=bucket, Key="form")["Body"].read() == body


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_url_runs_out(client: Any, bucket: str, version: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html"""
    s3 = client("s3", signature_version=version)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    url = re.sub(r"X-Amz-Date=\d{8}", "X-Amz-Date=20200101", re.sub(r"(?<=&)Expires=\d+", "Expires=1577836800", url))
    status, headers, body = http(url)
    assert (status, headers["content-type"]) == (403, "application/xml")
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in body


def test_a_browsers_form_uploads_an_object(client: Any, bucket: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html"""
    post = client("s3").generate_presigned_post(bucket, "posted/${filename}")
    fields = "".join(
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in post["fields"].items()
    )
    file = '--X\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nposted\r\n--X--\r\n'
    status, _, _ = http(post["url"], "POST", (fields + file).encode(), Content_Type="multipart/form-data; boundary=X")
    assert status == 204
    assert client("s3").get_object(Bucket=bucket, Key="posted/a.txt")["Body"].read() == b"posted"


def test_a_browser_may_ask_before_it_reads(client: Any, target: Target, bucket: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html"""
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://app.example"]}
    client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    status, headers, _ = http(
        f"{target.endpoint_url}/{bucket}/k",
        "OPTIONS",
        Origin="https://app.example",
        Access_Control_Request_Method="GET",
    )
    assert (status, headers["access-control-allow-origin"]) == (200, "https://app.example")


@pytest.mark.parametrize(("method", "path"), [("GET", "/{}/shut"), ("PUT", "/{}/new"), ("GET", "/{}"), ("GET", "/")])
def test_nobody_reads_or_writes_a_bucket_unsigned(
    client: Any, target: Target, bucket: str, method: str, path: str
) -> None:
    client("s3").put_object(Bucket=bucket, Key="shut", Body=b"secret")
    url = f"{target.endpoint_url}{path.format(bucket)}"
    status, headers, body = http(url, method, b"x" if method == "PUT" else None)
    assert (status, headers["content-type"]) == (403, "application/xml")
    assert b"<Code>AccessDenied</Code>" in body


def test_a_bucket_may_be_named_by_the_host(client: Any, target: Target, bucket: str) -> None:
    client("s3").put_object(Bucket=bucket, Key="hosted", Body=b"by host")
    url = client("s3").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "hosted"})
    virtual = url.replace(f"/{bucket}/", "/", 1)
    for host in (f"{bucket}.s3.localhost", f"{bucket}.s3.{target.region}.amazonaws.com", f"{bucket}.localhost:1"):
        assert http(virtual, Host=host)[2] == b"by host"


# -- an API by plain HTTP --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def api(client: Callable[..., Any], target: Target, function: str) -> Iterator[str]:
    """An API with one method before the function, which does not let it in yet; the API's id."""
    gateway = client("apigateway")
    api_id = gateway.create_rest_api(name="clients")["id"]
    root = gateway.get_resources(restApiId=api_id)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api_id, parentId=root, pathPart="{name}")["id"]
    where = {"restApiId": api_id, "resourceId": resource, "httpMethod": "ANY"}
    gateway.put_method(**where, authorizationType="NONE")
    arn = client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
    gateway.put_integration(
        **where,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{target.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    gateway.create_deployment(restApiId=api_id, stageName="Prod")
    yield api_id
    gateway.delete_rest_api(restApiId=api_id)


def forms_of(target: Target, api_id: str, path: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Every form in which a stage can be named here: URL and headers."""
    endpoint = str(target.endpoint_url)
    port = urlsplit(endpoint).port
    return {
        "user request": (f"{endpoint}/restapis/{api_id}/Prod/_user_request_{path}", {}),
        "execute-api": (f"{endpoint}/_aws/execute-api/{api_id}/Prod{path}", {}),
        "AWS's host": (
            f"{endpoint}/Prod{path}",
            {"Host": f"{api_id}.execute-api.{target.region}.amazonaws.com"},
        ),
        "local host": (f"{endpoint}/Prod{path}", {"Host": f"{api_id}.execute-api.localhost:{port}"}),
    }


def test_an_api_reaches_a_function_once_it_may(client: Any, target: Target, api: str, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-permissions"""
    url, headers = forms_of(target, api, "/anna")["execute-api"]
    status, _, body = http(url, **headers)
    assert (status, json.loads(body)) == (500, {"message": "Internal server error"})
    permission = {
        "FunctionName": function,
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
    }
    elsewhere = f"arn:aws:execute-api:{target.region}:000000000000:other/*"
    client("lambda").add_permission(**permission, StatementId="other", SourceArn=elsewhere)
    assert http(url, **headers)[0] == 500
    here = f"arn:aws:execute-api:{target.region}:000000000000:{api}/*/*/*"
    client("lambda").add_permission(**permission, StatementId="this", SourceArn=here)
    for form, (url, headers) in forms_of(target, api, "/anna").items():
        status, answered, body = http(url, **headers)
        assert (form, status, json.loads(body)) == (form, 200, "/anna")
        assert {"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"} <= set(answered)
    assert http(url, "HEAD", **headers)[::2] == (200, b"")


def test_a_path_that_an_api_does_not_have_is_refused_in_every_form(target: Target, api: str) -> None:
    for form, (url, headers) in forms_of(target, api, "/a/b").items():
        status, _, body = http(url, **headers)
        assert (form, status, json.loads(body)) == (form, 403, {"message": "Missing Authentication Token"})
