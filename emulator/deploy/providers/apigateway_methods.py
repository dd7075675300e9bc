"""Amazon API Gateway, REST APIs: resources, methods and gateway responses, for APIs that are written without a Body.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from emulator.deploy.properties import BOOL, INT, STR, Each
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]


def _create_resource(request: Request) -> Process:
    params = pick(request.properties, ParentId="parentId", PathPart="pathPart", RestApiId="restApiId")
    answer = yield Call("apigateway", "CreateResource", params)
    return Made(answer["id"], {"ResourceId": answer["id"]})


def _delete_resource(request: Request) -> Process:
    yield Call("apigateway", "DeleteResource", {"restApiId": request["RestApiId"], "resourceId": request.physical_id})


def _put_method(request: Request) -> Process:
    where = pick(request.properties, HttpMethod="httpMethod", ResourceId="resourceId", RestApiId="restApiId")
    method = {
        "authorizationType": request.get("AuthorizationType", "NONE"),
        **pick(
            request.properties,
            ApiKeyRequired="apiKeyRequired",
            OperationName="operationName",
            RequestModels="requestModels",
            RequestParameters="requestParameters",
        ),
    }
    yield Call("apigateway", "PutMethod", {**where, **method})
    made = Made(f"{where['restApiId']}|{where['resourceId']}|{where['httpMethod']}")
    yield from finished(made, _put_responses(request, where))
    return made


def _put_responses(request: Request, where: dict[str, str]) -> Process:
    for response in request.get("MethodResponses", []):
        params = pick(
            response,
            ResponseModels="responseModels",
            ResponseParameters="responseParameters",
            StatusCode="statusCode",
        )
        yield Call("apigateway", "PutMethodResponse", {**where, **params})
    integration = request.get("Integration")
    if integration is None:
        return
    params = pick(
        integration,
        ContentHandling="contentHandling",
        Credentials="credentials",
        IntegrationHttpMethod="integrationHttpMethod",
        PassthroughBehavior="passthroughBehavior",
        RequestParameters="requestParameters",
        RequestTemplates="requestTemplates",
        TimeoutInMillis="timeoutInMillis",
        Type="type",
        Uri="uri",
    )
    yield Call("apigateway", "PutIntegration", {**where, **params})
    for response in integration.get("IntegrationResponses", []):
        params = pick(
            response,
            ContentHandling="contentHandling",
            ResponseParameters="responseParameters",
            ResponseTemplates="responseTemplates",
            SelectionPattern="selectionPattern",
            StatusCode="statusCode",
        )
        yield Call("apigateway", "PutIntegrationResponse", {**where, **params})


def _delete_method(request: Request) -> Process:
    where = pick(request.properties, HttpMethod="httpMethod", ResourceId="resourceId", RestApiId="restApiId")
    yield Call("apigateway", "DeleteMethod", where)


def _put_gateway_response(request: Request) -> Process:
    params = pick(
        request.properties,
        ResponseParameters="responseParameters",
        ResponseTemplates="responseTemplates",
        ResponseType="responseType",
        RestApiId="restApiId",
        StatusCode="statusCode",
    )
    yield Call("apigateway", "PutGatewayResponse", params)
    physical_id = request.physical_id or request.generated_name(128)
    return Made(physical_id, {"Id": physical_id})


def _delete_gateway_response(request: Request) -> Process:
    params = pick(request.properties, ResponseType="responseType", RestApiId="restApiId")
    yield Call("apigateway", "DeleteGatewayResponse", params)


TYPES = (
    ResourceType(
        "AWS::ApiGateway::Resource",
        {"ParentId": STR, "PathPart": STR, "RestApiId": STR},
        _create_resource,
        _delete_resource,
        attributes=("ResourceId",),
        replacing=EVERY_PROPERTY,
        required=("ParentId", "PathPart", "RestApiId"),
    ),
    ResourceType(
        "AWS::ApiGateway::Method",
        {
            "ApiKeyRequired": BOOL,
            "AuthorizationType": STR,
            "HttpMethod": STR,
            "Integration": {
                "ContentHandling": STR,
                "Credentials": STR,
                "IntegrationHttpMethod": STR,
                "IntegrationResponses": {
                    "ContentHandling": STR,
                    "ResponseParameters": Each(STR),
                    "ResponseTemplates": Each(STR),
                    "SelectionPattern": STR,
                    "StatusCode": STR,
                },
                "PassthroughBehavior": STR,
                "RequestParameters": Each(STR),
                "RequestTemplates": Each(STR),
                "TimeoutInMillis": INT,
                "Type": STR,
                "Uri": STR,
            },
            "MethodResponses": {"ResponseModels": Each(STR), "ResponseParameters": Each(BOOL), "StatusCode": STR},
            "OperationName": STR,
            "RequestModels": Each(STR),
            "RequestParameters": Each(BOOL),
            "ResourceId": STR,
            "RestApiId": STR,
        },
        _put_method,
        _delete_method,
        replacing=frozenset({"HttpMethod", "ResourceId", "RestApiId"}),
        required=("HttpMethod", "ResourceId", "RestApiId"),
    ),
    ResourceType(
        "AWS::ApiGateway::GatewayResponse",
        {
            "ResponseParameters": Each(STR),
            "ResponseTemplates": Each(STR),
            "ResponseType": STR,
            "RestApiId": STR,
            "StatusCode": STR,
        },
        _put_gateway_response,
        _delete_gateway_response,
        attributes=("Id",),
        update=_put_gateway_response,
        updatable=frozenset({"ResponseParameters", "ResponseTemplates", "StatusCode"}),
        replacing=frozenset({"ResponseType", "RestApiId"}),
        required=("ResponseType", "RestApiId"),
    ),
)
