"""The event of a Lambda proxy integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64


def test_event_has_every_member_of_format_1(driver, proxy_method):
    api_id = driver.deploy({"/orders/{id}": {"post": proxy_method()}})
    driver.send(
        api_id,
        "POST",
        "/orders/a%20b",
        headers=(("Host", "localhost"), ("user-agent", "curl/8"), ("X-Tag", "one"), ("x-tag", "two")),
        body=b'{"n":1}',
        query="q=a%20b&q=c&empty=",
    )
    event = driver.event
    assert event.pop("requestContext") == {
        "resourceId": event_resource_id(driver, api_id, "/orders/{id}"),
        "resourcePath": "/orders/{id}",
        "httpMethod": "POST",
        "extendedRequestId": driver.function.invokes and event_extended_id(driver),
        "requestTime": "01/Jan/2026:12:00:00 +0000",
        "path": "/Prod/orders/a%20b",
        "accountId": "000000000000",
        "protocol": "HTTP/1.1",
        "stage": "Prod",
        "domainPrefix": api_id,
        "requestTimeEpoch": 1767268800000,
        "requestId": "5a1b2c3d-0000-4000-8000-000000000000",
        "identity": {
            "cognitoIdentityPoolId": None,
            "accountId": None,
            "cognitoIdentityId": None,
            "caller": None,
            "sourceIp": "203.0.113.9",
            "principalOrgId": None,
            "accessKey": None,
            "cognitoAuthenticationType": None,
            "cognitoAuthenticationProvider": None,
            "userArn": None,
            "userAgent": "curl/8",
            "user": None,
        },
        "domainName": f"{api_id}.execute-api.us-east-1.amazonaws.com",
        "deploymentId": next(iter(driver.service.apis[api_id].deployments)),
        "apiId": api_id,
    }
    added = {
        "X-Amzn-Trace-Id": "Root=1-5e1b-abc",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    assert event == {
        "resource": "/orders/{id}",
        "path": "/orders/a%20b",
        "httpMethod": "POST",
        "headers": {"Host": "localhost", "user-agent": "curl/8", "X-Tag": "two", **added},
        "multiValueHeaders": {
            "Host": ["localhost"],
            "user-agent": ["curl/8"],
            "X-Tag": ["one", "two"],
            **{name: [value] for name, value in added.items()},
        },
        "queryStringParameters": {"q": "c", "empty": ""},
        "multiValueQueryStringParameters": {"q": ["a b", "c"], "empty": [""]},
        "pathParameters": {"id": "a%20b"},
        "stageVariables": None,
        "body": '{"n":1}',
        "isBase64Encoded": False,
    }


def event_resource_id(driver, api_id, path):
    return driver.service.apis[api_id].resource_at(path).id


def event_extended_id(driver):
    return driver.event["requestContext"]["extendedRequestId"]


def test_absent_parts_are_null(driver, proxy_method):
    api_id = driver.deploy({"/": {"get": proxy_method()}})
    driver.send(api_id, "GET", "/")
    event = driver.event
    assert event["body"] is None
    assert event["isBase64Encoded"] is False
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["pathParameters"] is None
    assert event["stageVariables"] is None


def test_binary_media_type_is_sent_as_base64(driver, proxy_method):
    api_id = driver.deploy({"/a": {"post": proxy_method()}}, **{"x-amazon-apigateway-binary-media-types": ["image/*"]})
    driver.send(api_id, "POST", "/a", headers=(("Content-Type", "image/tiff; q=1"),), body=b"\xff\x00")
    assert driver.event["isBase64Encoded"] is True
    assert base64.b64decode(driver.event["body"]) == b"\xff\x00"
    driver.send(api_id, "POST", "/a", headers=(("Content-Type", "text/plain"),), body=b"text")
    assert driver.event["isBase64Encoded"] is False
    assert driver.event["body"] == "text"


def test_body_that_is_not_utf8_and_not_binary_is_damaged_as_on_aws(driver, proxy_method):
    api_id = driver.deploy({"/a": {"post": proxy_method()}})
    driver.send(api_id, "POST", "/a", body=b"a\xffb")
    assert driver.event["body"] == "a\N{REPLACEMENT CHARACTER}b"


def test_stage_variables_reach_event_and_function_name(driver, proxy_method):
    uri = (
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.name}/invocations"
    )
    api_id = driver.deploy({"/a": {"get": proxy_method(integration={"uri": uri})}})
    patch = [{"op": "replace", "path": "/variables/name", "value": "blue"}]
    driver.call("UpdateStage", restApiId=api_id, stageName="Prod", patchOperations=patch)
    driver.send(api_id, "GET", "/a")
    assert driver.event["stageVariables"] == {"name": "blue"}
    params, context = driver.function.invokes[-1]
    assert params["FunctionName"] == "arn:aws:lambda:us-east-1:000000000000:function:blue"
    assert (context.principal, context.trace_id) == ("apigateway.amazonaws.com", "1-5e1b-abc")


def test_forwarded_for_is_extended(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    driver.send(api_id, "GET", "/a", headers=(("x-forwarded-for", "198.51.100.1"),))
    assert driver.event["headers"]["X-Forwarded-For"] == "198.51.100.1, 203.0.113.9"
    assert "x-forwarded-for" not in driver.event["headers"]
