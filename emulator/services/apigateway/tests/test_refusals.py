"""The gateway's own answers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import pytest

from emulator.effects import Sleep
from emulator.errors import AwsError, UnsupportedOperation
from emulator.http import HttpRequest
from emulator.operation import Reply
from emulator.services.apigateway import ApiGatewayQuotas


def test_unknown_path_verb_stage_and_api(driver, proxy_method, read_body, read_header):
    api_id = driver.deploy({"/ingestMessage": {"post": proxy_method()}})
    for verb, path in (("POST", "/ingestmessage"), ("GET", "/ingestMessage")):
        response = driver.send(api_id, verb, path)
        assert (response.status, read_body(response)) == (403, {"message": "Missing Authentication Token"})
        assert read_header(response, "x-amzn-ErrorType") == "MissingAuthenticationTokenException"
    assert read_body(driver.send(api_id, "POST", "/ingestMessage", stage="Dev")) == {"message": "Forbidden"}
    assert driver.send("nosuchapi", "POST", "/ingestMessage").status == 403


def test_body_over_10_mb_is_refused_as_text(make_driver, proxy_method):
    driver = make_driver(ApiGatewayQuotas(payload_bytes=10))
    api_id = driver.deploy({"/a": {"post": proxy_method()}})
    assert driver.send(api_id, "POST", "/a", body=b"x" * 10).status == 200
    response = driver.send(api_id, "POST", "/a", body=b"x" * 11)
    assert (response.status, response.body) == (413, b"HTTP content length exceeded 10 bytes.")


def test_event_over_lambdas_limit_is_413_request_too_long(driver, proxy_method, read_body):
    """Also where DEFAULT_4XX is customised: AWS documents REQUEST_TOO_LARGE as fixed."""
    responses = {"DEFAULT_4XX": {"statusCode": "418", "responseParameters": {}, "responseTemplates": {}}}
    api_id = driver.deploy({"/a": {"post": proxy_method()}}, **{"x-amazon-apigateway-gateway-responses": responses})
    driver.function.answer = lambda event: AwsError.named("RequestEntityTooLargeException", "too large", status=413)
    response = driver.send(api_id, "POST", "/a", body=b"x")
    assert (response.status, read_body(response)) == (413, {"message": "Request Too Long"})


MALFORMED = (
    None,
    "text",
    ["list"],
    {"statusCode": 200, "extra": 1},
    {"statusCode": "many"},
    {"statusCode": 42},
    {"statusCode": 200, "body": {"not": "text"}},
    {"statusCode": 200, "headers": {"a": ["list"]}},
    {"statusCode": 200, "multiValueHeaders": {"a": "text"}},
    b"no json",
    Reply({"StatusCode": 200, "FunctionError": "Unhandled", "Payload": b'{"errorMessage":"x"}'}),
)


@pytest.mark.parametrize("answer", MALFORMED, ids=repr)
def test_malformed_answer_and_function_error_are_502(driver, proxy_method, read_header, answer):
    api_id = driver.deploy({"/a": {"post": proxy_method()}})
    driver.function.answer = lambda event: answer
    response = driver.send(api_id, "POST", "/a")
    assert (response.status, response.body) == (502, b'{"message": "Internal server error"}')
    assert read_header(response, "x-amzn-ErrorType") == "InternalServerErrorException"
    [entry] = [entry for entry in driver.engine.journal if entry.kind == "gateway_response"]
    assert entry.outcome == "INTEGRATION_FAILURE"
    assert "answer" in entry.detail["reason"] or "failed" in entry.detail["reason"] or "body" in entry.detail["reason"]


@pytest.mark.parametrize(
    "error",
    [
        AwsError.named("TooManyRequestsException", "Rate Exceeded.", status=429),
        AwsError.named("AccessDeniedException", "no", status=403),
        AwsError.named("ResourceNotFoundException", "Function not found", status=404),
    ],
)
def test_invoke_that_lambda_refuses_is_500(driver, proxy_method, error):
    api_id = driver.deploy({"/a": {"post": proxy_method()}})
    driver.function.answer = lambda event: error
    response = driver.send(api_id, "POST", "/a")
    assert (response.status, response.body) == (500, b'{"message": "Internal server error"}')


def test_slow_function_is_504_after_29_seconds(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    driver.function.answer = lambda event: Sleep(60.0)
    responses = driver.start(HttpRequest("GET", "/a", "", ()), api_id)
    driver.advance(28.9)
    assert responses == []
    driver.advance(0.2)
    assert (responses[0].status, responses[0].body) == (504, b'{"message": "Endpoint request timed out"}')


def test_customised_gateway_response(driver, proxy_method, read_header):
    responses = {
        "MISSING_AUTHENTICATION_TOKEN": {
            "statusCode": 404,
            "responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
            "responseTemplates": {
                "application/json": '{"m":$context.error.messageString,"t":"$context.error.responseType",'
                '"p":"$context.path","id":"$context.requestId"}'
            },
        },
        "DEFAULT_5XX": {"responseParameters": {"gatewayresponse.header.X-Fallback": "'yes'"}},
    }
    api_id = driver.deploy({"/a": {"get": proxy_method()}}, **{"x-amazon-apigateway-gateway-responses": responses})
    response = driver.send(api_id, "GET", "/b")
    assert response.status == 404
    assert read_header(response, "Access-Control-Allow-Origin") == "*"
    assert response.body == (
        b'{"m":"Missing Authentication Token","t":"MISSING_AUTHENTICATION_TOKEN",'
        b'"p":"/Prod/b","id":"5a1b2c3d-0000-4000-8000-000000000000"}'
    )
    driver.function.answer = lambda event: None
    failed = driver.send(api_id, "GET", "/a")
    assert (failed.status, read_header(failed, "X-Fallback")) == (502, "yes")


def test_gateway_response_with_unknown_variable_is_refused_by_name(driver):
    api = driver.call("CreateRestApi", name="a")
    with pytest.raises(UnsupportedOperation, match=r"\$context\.authorizer\.principalId"):
        driver.call(
            "PutGatewayResponse",
            restApiId=api["id"],
            responseType="ACCESS_DENIED",
            responseTemplates={"application/json": "$context.authorizer.principalId"},
        )


def test_the_function_learns_which_method_of_which_stage_calls(driver, proxy_method):
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html"""
    api_id = driver.deploy({"/hello/{name}": {"x-amazon-apigateway-any-method": proxy_method()}})
    driver.send(api_id, "PUT", "/hello/bob")
    context = driver.function.invokes[-1][1]
    source = f"arn:aws:execute-api:us-east-1:000000000000:{api_id}/Prod/PUT/hello/{{name}}"
    assert (context.principal, context.source_arn) == ("apigateway.amazonaws.com", source)


def test_a_role_in_the_integrations_credentials_invokes_instead(driver, proxy_method):
    role = "arn:aws:iam::000000000000:role/caller"
    api_id = driver.deploy({"/a": {"post": proxy_method(integration={"credentials": role})}})
    driver.send(api_id, "POST", "/a")
    assert driver.function.invokes[-1][1].principal == role


def test_a_function_that_does_not_let_the_api_in_is_500(driver, proxy_method, read_body):
    """https://repost.aws/knowledge-center/api-gateway-rest-api-lambda-integrations"""
    api_id = driver.deploy({"/a": {"post": proxy_method()}})
    driver.function.answer = lambda event: AwsError.named("AccessDeniedException", "no", status=403)
    response = driver.send(api_id, "POST", "/a")
    assert (response.status, read_body(response)) == (500, {"message": "Internal server error"})
