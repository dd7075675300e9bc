"""Operations on REST APIs and their gateway responses.

https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html
"""

from __future__ import annotations

from typing import Any

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.apigateway.errors import BadRequestException, NotFoundException
from emulator.services.apigateway.gateway_response import FALLBACKS, TYPES, check
from emulator.services.apigateway.open_api import Definition, read_definition
from emulator.services.apigateway.patch_operations import patches, unsupported_patch
from emulator.services.apigateway.resource_tree import add_root, resource_for
from emulator.services.apigateway.state import GatewayResponse, RestApi
from emulator.services.apigateway.store import ApiGatewayStore
from emulator.services.apigateway.wire import gateway_response_shape, rest_api_shape

__all__ = ["RestApiOperations"]

ENDPOINT_TYPES = ("EDGE", "REGIONAL", "PRIVATE")


class RestApiOperations(ApiGatewayStore):
    """CreateRestApi, ImportRestApi, PutRestApi and what belongs to them."""

    @operation("CreateRestApi", unsupported=("cloneFrom", "minimumCompressionSize", "policy", "endpointAccessMode"))
    def create_rest_api(self, params: Params, context: CallContext) -> Reply:
        """A new API with its root resource."""
        if params.get("name", "") == "":
            raise BadRequestException("Api name cannot be null or empty")
        api = self._new_api(params["name"], context.now)
        api.description = params.get("description")
        api.version = params.get("version")
        api.binary_media_types = tuple(params.get("binaryMediaTypes") or ())
        api.tags.update(params.get("tags") or {})
        if params.get("endpointConfiguration") is not None:
            self._set_endpoint(api, params["endpointConfiguration"])
        self._set_api_key_source(api, params.get("apiKeySource", "HEADER"))
        self._set_endpoint_disabled(api, params.get("disableExecuteApiEndpoint", False))
        self.apis[api.id] = api
        return Reply(rest_api_shape(api))

    @operation("ImportRestApi")
    def import_rest_api(self, params: Params, context: CallContext) -> Reply:
        """A new API out of an OpenAPI definition."""
        definition = read_definition(params["body"], self.quotas)
        api = self._new_api(definition.name, context.now)
        self._apply(api, definition, params)
        self.apis[api.id] = api
        return Reply(rest_api_shape(api))

    @operation("PutRestApi")
    def put_rest_api(self, params: Params, context: CallContext) -> Reply:
        """Merge a definition into an API, or replace the API's draft with it (`mode` overwrite)."""
        api = self.api(params)
        definition = read_definition(params["body"], self.quotas)
        if params.get("mode", "merge") == "overwrite":
            root = api.resources[api.root_resource_id]
            root.methods.clear()
            api.resources = {root.id: root}
            api.gateway_responses = {}
            api.binary_media_types = ()
        self._apply(api, definition, params)
        return Reply(rest_api_shape(api))

    @operation("GetRestApi")
    def get_rest_api(self, params: Params, context: CallContext) -> Reply:
        """One API."""
        return Reply(rest_api_shape(self.api(params)))

    @operation("GetRestApis")
    def get_rest_apis(self, params: Params, context: CallContext) -> Reply:
        """All APIs."""
        return Reply(self.page((rest_api_shape(api) for api in self.apis.values()), params))

    @operation("DeleteRestApi")
    def delete_rest_api(self, params: Params, context: CallContext) -> Reply:
        """Delete an API with its stages."""
        api = self.api(params)
        for plan in self.usage_plans.plans.values():
            if any(api_id == api.id for api_id, _ in plan.api_stages):
                raise BadRequestException(f"Cannot delete API {api.id}: usage plan {plan.id} covers one of its stages")
        del self.apis[api.id]
        return Reply()

    @operation("UpdateRestApi")
    def update_rest_api(self, params: Params, context: CallContext) -> Reply:
        """Patch name, description, version, binary media types, key source, endpoint type."""
        api = self.api(params)
        for patch in patches(params):
            match patch.parts:
                case ["name"]:
                    api.name = patch.text
                case ["description"]:
                    api.description = patch.text
                case ["version"]:
                    api.version = patch.text
                case ["apiKeySource"]:
                    self._set_api_key_source(api, patch.text)
                case ["disableExecuteApiEndpoint"]:
                    self._set_endpoint_disabled(api, patch.boolean)
                case ["binaryMediaTypes", media_type] if patch.op == "remove":
                    api.binary_media_types = tuple(kept for kept in api.binary_media_types if kept != media_type)
                case ["binaryMediaTypes", media_type] if media_type not in api.binary_media_types:
                    api.binary_media_types = (*api.binary_media_types, media_type)
                case ["endpointConfiguration", "types", _]:
                    self._set_endpoint(api, {"types": [patch.text]})
                case _:
                    raise unsupported_patch(patch, "UpdateRestApi")
        return Reply(rest_api_shape(api))

    @operation("PutGatewayResponse")
    def put_gateway_response(self, params: Params, context: CallContext) -> Reply:
        """Customise an answer of the gateway itself; it takes effect with the next deployment."""
        api = self.api(params)
        response = GatewayResponse(
            response_type=params["responseType"],
            status_code=params.get("statusCode"),
            response_parameters=dict(params.get("responseParameters") or {}),
            response_templates=dict(params.get("responseTemplates") or {}),
        )
        check(response)
        api.gateway_responses[response.response_type] = response
        return Reply(gateway_response_shape(response.response_type, response))

    @operation("GetGatewayResponse")
    def get_gateway_response(self, params: Params, context: CallContext) -> Reply:
        """One gateway response, customised or default."""
        kind = params["responseType"]
        if kind not in TYPES and kind not in FALLBACKS:
            raise NotFoundException(f"Invalid gateway response type specified: {kind}")
        return Reply(gateway_response_shape(kind, self.api(params).gateway_responses.get(kind)))

    @operation("GetGatewayResponses")
    def get_gateway_responses(self, params: Params, context: CallContext) -> Reply:
        """All gateway responses, customised or default."""
        customised = self.api(params).gateway_responses
        return Reply(
            self.page((gateway_response_shape(kind, customised.get(kind)) for kind in (*FALLBACKS, *TYPES)), params)
        )

    @operation("DeleteGatewayResponse")
    def delete_gateway_response(self, params: Params, context: CallContext) -> Reply:
        """Take a customisation back."""
        if self.api(params).gateway_responses.pop(params["responseType"], None) is None:
            raise NotFoundException("Invalid gateway response type specified")
        return Reply()

    def _new_api(self, name: str, now: float) -> RestApi:
        identifiers = self.account.identifiers
        api = RestApi(identifiers.letters(10), name, now, root_resource_id=identifiers.letters(10))
        add_root(api)
        return api

    def _apply(self, api: RestApi, definition: Definition, params: Params) -> None:
        """Make resources and methods of a definition."""
        options = dict(params.get("parameters") or {})
        # The URI of ImportRestApi ends in `?mode=import`, and `parameters` is the rest of the query.
        for harmless in ("mode", "ignore"):
            options.pop(harmless, None)
        endpoint_types = options.pop("endpointConfigurationTypes", None)
        if options.pop("basepath", "ignore") != "ignore" or options:
            raise UnsupportedOperation(
                f"import parameters {sorted(params['parameters'])} are not supported by this emulator"
            )
        if endpoint_types is not None:
            self._set_endpoint(api, {"types": endpoint_types.split(",")})
        elif definition.endpoint_configuration is not None:
            self._set_endpoint(api, definition.endpoint_configuration)
        api.name = definition.name if definition.name != "" else api.name
        api.description = definition.description if definition.description is not None else api.description
        api.version = definition.version if definition.version is not None else api.version
        new = tuple(kept for kept in definition.binary_media_types if kept not in api.binary_media_types)
        api.binary_media_types = (*api.binary_media_types, *new)
        api.gateway_responses.update(definition.gateway_responses)
        for path, method in definition.methods:
            resource_for(api, path, self.account.identifiers, self.quotas).methods[method.http_method] = method

    @staticmethod
    def _set_endpoint(api: RestApi, configuration: Any) -> None:
        types = configuration.get("types") or ["EDGE"]
        unknown = [kind for kind in types if kind not in ENDPOINT_TYPES]
        if unknown:
            raise BadRequestException(f"Invalid EndpointTypes specified: {', '.join(unknown)}")
        api.endpoint_configuration = {**configuration, "types": list(types)}

    @staticmethod
    def _set_api_key_source(api: RestApi, source: str) -> None:
        if source != "HEADER":
            raise UnsupportedOperation(f"apiKeySource {source} is not supported (HEADER is)")
        api.api_key_source = source

    @staticmethod
    def _set_endpoint_disabled(api: RestApi, disabled: bool) -> None:
        if disabled:
            raise UnsupportedOperation(
                "disableExecuteApiEndpoint is not supported: custom domain names are not emulated"
            )
        api.disable_execute_api_endpoint = disabled
