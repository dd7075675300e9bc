"""What becomes of a function's answer."""

from __future__ import annotations

import base64


def test_status_headers_and_body_are_passed_on(driver, proxy_method, read_header):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    driver.function.answer = lambda event: {
        "statusCode": "201",
        "headers": {"X-One": 1, "X-Flag": True, "Set-Cookie": "a=1"},
        "multiValueHeaders": {"set-cookie": ["b=2", "a=1"]},
        "body": "täxt",
        "isBase64Encoded": False,
    }
    response = driver.send(api_id, "GET", "/a")
    assert (response.status, response.body) == (201, "täxt".encode())
    assert (read_header(response, "x-one"), read_header(response, "x-flag")) == ("1", "true")
    assert [value for name, value in response.headers if name.lower() == "set-cookie"] == ["b=2", "a=1"]
    assert read_header(response, "content-type") == "application/json"
    assert read_header(response, "x-amzn-RequestId") == "5a1b2c3d-0000-4000-8000-000000000000"
    assert read_header(response, "x-amz-apigw-id") == driver.event["requestContext"]["extendedRequestId"]
    assert read_header(response, "X-Amzn-Trace-Id") == "Root=1-5e1b-abc"


def test_no_member_is_required(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    driver.function.answer = lambda event: {}
    response = driver.send(api_id, "GET", "/a")
    assert (response.status, response.body) == (200, b"")


def test_hop_by_hop_headers_are_remapped_or_dropped(driver, proxy_method, read_header):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    driver.function.answer = lambda event: {"headers": {"Date": "now", "Content-Length": "1", "Transfer-Encoding": "x"}}
    response = driver.send(api_id, "GET", "/a")
    assert read_header(response, "x-amzn-Remapped-Date") == "now"
    assert read_header(response, "Content-Length") is None
    assert read_header(response, "Transfer-Encoding") is None


def test_base64_is_decoded_only_when_the_first_accepted_type_is_binary(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}}, **{"x-amazon-apigateway-binary-media-types": ["image/png"]})
    encoded = base64.b64encode(b"\x89PNG").decode()
    driver.function.answer = lambda event: {"body": encoded, "isBase64Encoded": True}
    accepted = driver.send(api_id, "GET", "/a", headers=(("Accept", "image/png, */*"),))
    assert accepted.body == b"\x89PNG"
    other = driver.send(api_id, "GET", "/a", headers=(("Accept", "*/*, image/png"),))
    assert other.body == encoded.encode()


def test_bad_base64_is_a_configuration_error(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}}, **{"x-amazon-apigateway-binary-media-types": ["*/*"]})
    driver.function.answer = lambda event: {"body": "no base64!", "isBase64Encoded": True}
    assert driver.send(api_id, "GET", "/a").status == 500


def test_mock_answers_cors_preflight(driver, read_header):
    method = {
        "responses": {"200": {"description": "cors"}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": '{\n  "statusCode" : 200\n}\n'},
            "responses": {
                "default": {
                    "statusCode": "200",
                    "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
                    "responseTemplates": {"application/json": "{}\n"},
                }
            },
        },
    }
    api_id = driver.deploy({"/a": {"options": method}})
    response = driver.send(api_id, "OPTIONS", "/a")
    assert (response.status, response.body) == (200, b"{}\n")
    assert read_header(response, "Access-Control-Allow-Origin") == "*"
    assert driver.function.invokes == []
