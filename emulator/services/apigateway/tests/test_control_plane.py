"""Operations on APIs, resources, methods, deployments and stages; and what is refused."""

from __future__ import annotations

import orjson
import pytest

from emulator.errors import UnsupportedOperation
from emulator.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException


def test_api_built_by_single_calls_serves_requests(driver):
    api = driver.call("CreateRestApi", name="orders")
    child = driver.call("CreateResource", restApiId=api["id"], parentId=api["rootResourceId"], pathPart="orders")
    place = {"restApiId": api["id"], "resourceId": child["id"], "httpMethod": "GET"}
    driver.call("PutMethod", **place, authorizationType="NONE")
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:f/invocations"
    with pytest.raises(BadRequestException, match="No integration"):
        driver.call("CreateDeployment", restApiId=api["id"])
    driver.call("PutIntegration", **place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    deployment = driver.call("CreateDeployment", restApiId=api["id"])
    driver.call("CreateStage", restApiId=api["id"], stageName="v1", deploymentId=deployment["id"])
    assert driver.send(api["id"], "GET", "/orders", stage="v1").status == 200


def test_a_stage_serves_its_deployment_and_not_the_draft(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    root = driver.call("GetRestApi", restApiId=api_id)["rootResourceId"]
    resource = next(r for r in driver.call("GetResources", restApiId=api_id)["items"] if r["path"] == "/a")
    driver.call("DeleteResource", restApiId=api_id, resourceId=resource["id"])
    assert driver.send(api_id, "GET", "/a").status == 200
    with pytest.raises(BadRequestException, match="Root"):
        driver.call("DeleteResource", restApiId=api_id, resourceId=root)


def test_put_rest_api_overwrites_the_draft(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    document = {"openapi": "3.0.1", "info": {"title": "new"}, "paths": {"/b/{id}": {"get": proxy_method()}}}
    driver.call("PutRestApi", restApiId=api_id, mode="overwrite", body=orjson.dumps(document))
    driver.call("CreateDeployment", restApiId=api_id, stageName="Prod")
    assert driver.send(api_id, "GET", "/a").status == 403
    assert driver.send(api_id, "GET", "/b/1").status == 200


def test_definition_may_be_yaml(driver):
    text = b"""
openapi: "3.0.1"
info: {title: yaml}
paths:
  /a:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:f/invocations
"""
    api = driver.call("ImportRestApi", body=text)
    driver.call("CreateDeployment", restApiId=api["id"], stageName="Prod")
    assert driver.send(api["id"], "PATCH", "/a").status == 200


REFUSED = (
    ({"type": "http_proxy", "uri": "https://example.com", "httpMethod": "GET"}, "HTTP_PROXY"),
    ({"type": "aws", "uri": "arn:aws:apigateway:us-east-1:sqs:path/0/q", "httpMethod": "POST"}, "AWS"),
    ({"type": "aws_proxy", "uri": "arn:aws:apigateway:us-east-1:sqs:path/0/q", "httpMethod": "POST"}, "sqs:path"),
    ({"type": "mock", "requestTemplates": {"application/json": '{"statusCode": $input.x}'}}, "VTL"),
)


@pytest.mark.parametrize(("integration", "named"), REFUSED)
def test_integration_that_cannot_run_is_refused_at_import(driver, integration, named):
    document = {
        "swagger": "2.0",
        "paths": {"/a": {"get": {"x-amazon-apigateway-integration": integration}}},
    }
    with pytest.raises(UnsupportedOperation, match=named):
        driver.call("ImportRestApi", body=orjson.dumps(document))


def test_authorizer_is_refused_by_name(driver, proxy_method):
    scheme = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom"}
    document = {
        "swagger": "2.0",
        "securityDefinitions": {"MyAuthorizer": scheme},
        "paths": {"/a": {"get": proxy_method(security=[{"MyAuthorizer": []}])}},
    }
    with pytest.raises(UnsupportedOperation, match="MyAuthorizer"):
        driver.call("ImportRestApi", body=orjson.dumps(document))


def test_request_validator_is_refused_by_name(driver, proxy_method):
    document = {
        "swagger": "2.0",
        "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
        "paths": {"/a": {"get": proxy_method(**{"x-amazon-apigateway-request-validator": "all"})}},
    }
    with pytest.raises(UnsupportedOperation, match="validator all"):
        driver.call("ImportRestApi", body=orjson.dumps(document))


def test_missing_and_repeated_things(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    with pytest.raises(NotFoundException):
        driver.call("GetRestApi", restApiId="nothing")
    with pytest.raises(NotFoundException):
        driver.call("GetStage", restApiId=api_id, stageName="Dev")
    root = driver.call("GetRestApi", restApiId=api_id)["rootResourceId"]
    with pytest.raises(ConflictException):
        driver.call("CreateResource", restApiId=api_id, parentId=root, pathPart="a")
    with pytest.raises(BadRequestException):
        driver.call("CreateResource", restApiId=api_id, parentId=root, pathPart="a b")


def test_lists_are_paged(driver):
    for name in "abc":
        driver.call("CreateRestApi", name=name)
    first = driver.call("GetRestApis", limit=2)
    rest = driver.call("GetRestApis", limit=2, position=first["position"])
    assert [api["name"] for api in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert "position" not in rest


def test_api_key_value_is_shown_only_when_asked(driver):
    key = driver.call("CreateApiKey", name="k", value="v" * 20)
    assert "value" not in driver.call("GetApiKey", apiKey=key["id"])
    assert driver.call("GetApiKey", apiKey=key["id"], includeValue=True)["value"] == "v" * 20
    assert driver.call("GetApiKeys", nameQuery="other")["items"] == []
    with pytest.raises(ConflictException):
        driver.call("CreateApiKey", name="k2", value="v" * 20)


def test_tags_of_a_stage(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api_id}/stages/Prod"
    driver.call("TagResource", resourceArn=arn, tags={"team": "x"})
    assert driver.call("GetTags", resourceArn=arn) == {"tags": {"team": "x"}}
    assert driver.call("GetStage", restApiId=api_id, stageName="Prod")["tags"] == {"team": "x"}


def test_unsupported_patch_is_named(driver, proxy_method):
    api_id = driver.deploy({"/a": {"get": proxy_method()}})
    patch = [{"op": "replace", "path": "/cacheClusterEnabled", "value": "true"}]
    with pytest.raises(UnsupportedOperation, match="cacheClusterEnabled"):
        driver.call("UpdateStage", restApiId=api_id, stageName="Prod", patchOperations=patch)
