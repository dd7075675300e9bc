"""Operations on resources, methods and integrations of an API's draft.

https://docs.aws.amazon.com/apigateway/latest/api/API_Method.html
"""

from __future__ import annotations

from dataclasses import replace

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from emulator.services.apigateway.integrations import integration, integration_response
from emulator.services.apigateway.resource_tree import add_child, descendants
from emulator.services.apigateway.state import Integration, Method, Resource
from emulator.services.apigateway.store import ApiGatewayStore
from emulator.services.apigateway.wire import (
    integration_response_shape,
    integration_shape,
    method_shape,
    resource_shape,
)

__all__ = ["MethodOperations"]

VERBS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY")


class MethodOperations(ApiGatewayStore):
    """CreateResource, PutMethod, PutIntegration and what belongs to them."""

    @operation("CreateResource")
    def create_resource(self, params: Params, context: CallContext) -> Reply:
        """A path part below another."""
        api = self.api(params)
        parent = api.resources.get(params["parentId"])
        if parent is None:
            raise NotFoundException("Invalid Resource identifier specified")
        child = add_child(api, parent, params["pathPart"], self.account.identifiers, self.quotas)
        return Reply(resource_shape(child, methods=False))

    @operation("GetResource")
    def get_resource(self, params: Params, context: CallContext) -> Reply:
        """One resource."""
        return Reply(resource_shape(self.resource(params), methods="methods" in (params.get("embed") or ())))

    @operation("GetResources")
    def get_resources(self, params: Params, context: CallContext) -> Reply:
        """All resources of an API."""
        methods = "methods" in (params.get("embed") or ())
        resources = self.api(params).resources.values()
        return Reply(self.page((resource_shape(resource, methods=methods) for resource in resources), params))

    @operation("DeleteResource")
    def delete_resource(self, params: Params, context: CallContext) -> Reply:
        """Delete a resource and all below it."""
        api = self.api(params)
        resource = self.resource(params)
        if resource.parent_id is None:
            raise BadRequestException("Root resource cannot be deleted")
        for below in descendants(api, resource):
            del api.resources[below.id]
        return Reply()

    @operation("PutMethod", unsupported=("authorizerId", "requestValidatorId", "authorizationScopes"))
    def put_method(self, params: Params, context: CallContext) -> Reply:
        """A new method of a resource."""
        resource = self.resource(params)
        verb = params["httpMethod"].upper()
        if verb not in VERBS:
            raise BadRequestException(f"Invalid HTTP method specified: {verb}")
        if params["authorizationType"] != "NONE":
            raise UnsupportedOperation(
                f"{verb} {resource.path}: authorizationType {params['authorizationType']} is not supported (NONE is)"
            )
        if verb in resource.methods:
            raise ConflictException("Method already exists for this resource")
        method = Method(
            http_method=verb,
            api_key_required=params.get("apiKeyRequired", False),
            operation_name=params.get("operationName"),
            request_parameters=dict(params.get("requestParameters") or {}),
            request_models=dict(params.get("requestModels") or {}),
        )
        resource.methods[verb] = method
        return Reply(method_shape(method))

    @operation("GetMethod")
    def get_method(self, params: Params, context: CallContext) -> Reply:
        """One method."""
        return Reply(method_shape(self.method(params)[1]))

    @operation("DeleteMethod")
    def delete_method(self, params: Params, context: CallContext) -> Reply:
        """Delete a method."""
        resource, method = self.method(params)
        del resource.methods[method.http_method]
        return Reply()

    @operation("PutMethodResponse")
    def put_method_response(self, params: Params, context: CallContext) -> Reply:
        """Declare a status that a method answers with."""
        resource, method = self.method(params)
        shape = {"statusCode": params["statusCode"]}
        for member in ("responseParameters", "responseModels"):
            if params.get(member) is not None:
                shape[member] = dict(params[member])
        resource.methods[method.http_method] = replace(
            method, responses={**method.responses, params["statusCode"]: shape}
        )
        return Reply(shape)

    @operation("PutIntegration")
    def put_integration(self, params: Params, context: CallContext) -> Reply:
        """Set where a method's requests go."""
        resource, method = self.method(params)
        built = integration(params, self.quotas, f"{method.http_method} {resource.path}")
        resource.methods[method.http_method] = replace(method, integration=built)
        return Reply(integration_shape(built))

    @operation("GetIntegration")
    def get_integration(self, params: Params, context: CallContext) -> Reply:
        """Where a method's requests go."""
        return Reply(integration_shape(self._integration(params)[2]))

    @operation("DeleteIntegration")
    def delete_integration(self, params: Params, context: CallContext) -> Reply:
        """Take a method's integration away."""
        resource, method, _ = self._integration(params)
        resource.methods[method.http_method] = replace(method, integration=None)
        return Reply()

    @operation("PutIntegrationResponse")
    def put_integration_response(self, params: Params, context: CallContext) -> Reply:
        """Set how a MOCK integration answers; a proxy integration has no use for it."""
        resource, method, current = self._integration(params)
        response = integration_response(params, f"{method.http_method} {resource.path}")
        changed = replace(current, responses={**current.responses, response.status_code: response})
        resource.methods[method.http_method] = replace(method, integration=changed)
        return Reply(integration_response_shape(response))

    def _integration(self, params: Params) -> tuple[Resource, Method, Integration]:
        resource, method = self.method(params)
        if method.integration is None:
            raise NotFoundException("Invalid Integration identifier specified")
        return resource, method, method.integration
