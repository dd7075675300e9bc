"""Operations on API keys.

https://docs.aws.amazon.com/apigateway/latest/api/API_ApiKey.html
"""

from __future__ import annotations

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.apigateway.errors import BadRequestException, ConflictException, LimitExceededException
from emulator.services.apigateway.patch_operations import patches, unsupported_patch
from emulator.services.apigateway.store import ApiGatewayStore
from emulator.services.apigateway.usage_plans import ApiKey
from emulator.services.apigateway.wire import api_key_shape

__all__ = ["ApiKeyOperations"]

SHORTEST_VALUE = 20
"""20 to 128 characters: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-keys.html"""
GENERATED_VALUE = 40


class ApiKeyOperations(ApiGatewayStore):
    """CreateApiKey, GetApiKey and what belongs to them."""

    @operation("CreateApiKey")
    def create_api_key(self, params: Params, context: CallContext) -> Reply:
        """A new key; its value is generated where none is given. `enabled` is false by default, as on AWS."""
        identifiers = self.account.identifiers
        value = params.get("value")
        if value is None:
            value = identifiers.letters(GENERATED_VALUE)
        elif len(value) < SHORTEST_VALUE:
            raise BadRequestException(f"API Key value should be at least {SHORTEST_VALUE} characters")
        if self.usage_plans.key_of_value(value) is not None:
            raise ConflictException("API Key already exists")
        if len(self.usage_plans.keys) >= self.quotas.api_keys:
            raise LimitExceededException("Maximum number of API keys has been reached")
        key_id = identifiers.letters(10)
        key = ApiKey(
            id=key_id,
            value=value,
            name=params.get("name", key_id),
            created_date=context.now,
            last_updated_date=context.now,
            enabled=params.get("enabled", False),
            description=params.get("description"),
            customer_id=params.get("customerId"),
            stage_keys=tuple(f"{stage['restApiId']}/{stage['stageName']}" for stage in params.get("stageKeys") or ()),
            tags=dict(params.get("tags") or {}),
        )
        self.usage_plans.add_key(key)
        return Reply(api_key_shape(key, value=True))

    @operation("GetApiKey")
    def get_api_key(self, params: Params, context: CallContext) -> Reply:
        """One key; its value with `includeValue`."""
        return Reply(api_key_shape(self.api_key(params["apiKey"]), value=params.get("includeValue", False)))

    @operation("GetApiKeys")
    def get_api_keys(self, params: Params, context: CallContext) -> Reply:
        """All keys, or those whose name begins with `nameQuery`; their values with `includeValues`."""
        prefix, customer = params.get("nameQuery", ""), params.get("customerId")
        keys = [
            key
            for key in self.usage_plans.keys.values()
            if key.name.startswith(prefix) and customer in (None, key.customer_id)
        ]
        include = params.get("includeValues", False)
        return Reply(self.page((api_key_shape(key, value=include) for key in keys), params))

    @operation("UpdateApiKey")
    def update_api_key(self, params: Params, context: CallContext) -> Reply:
        """Patch name, description, customer or whether the key is enabled."""
        key = self.api_key(params["apiKey"])
        for patch in patches(params):
            match patch.parts:
                case ["name"]:
                    key.name = patch.text
                case ["description"]:
                    key.description = patch.text
                case ["customerId"]:
                    key.customer_id = patch.text
                case ["enabled"]:
                    key.enabled = patch.boolean
                case _:
                    raise unsupported_patch(patch, "UpdateApiKey")
        key.last_updated_date = context.now
        return Reply(api_key_shape(key, value=False))

    @operation("DeleteApiKey")
    def delete_api_key(self, params: Params, context: CallContext) -> Reply:
        """Delete a key."""
        self.usage_plans.remove_key(self.api_key(params["apiKey"]))
        return Reply()
