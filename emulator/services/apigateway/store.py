"""All of API Gateway's state, and how operations look things up in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.account import Account
from emulator.operation import Service
from emulator.services.apigateway.data_plane import DataPlane
from emulator.services.apigateway.errors import BadRequestException, NotFoundException
from emulator.services.apigateway.quotas import ApiGatewayQuotas
from emulator.services.apigateway.state import Method, Resource, RestApi, Stage
from emulator.services.apigateway.usage_plans import ApiKey, UsagePlan, UsagePlans

__all__ = ["ApiGatewayStore"]


class ApiGatewayStore(Service):
    """The base of the operation classes."""

    def __init__(self, account: Account, quotas: ApiGatewayQuotas | None = None) -> None:
        super().__init__(account)
        self.quotas = ApiGatewayQuotas() if quotas is None else quotas
        self.apis: dict[str, RestApi] = {}
        self.usage_plans = UsagePlans()
        self.cloudwatch_role_arn: str | None = None
        self.data_plane = DataPlane(account, self.quotas, self.apis, self.usage_plans)

    def api(self, params: Mapping[str, Any]) -> RestApi:
        """The API that a call names. Raises NotFoundException."""
        api = self.apis.get(params["restApiId"])
        if api is None:
            raise NotFoundException(f"Invalid API identifier specified {self.account.account_id}:{params['restApiId']}")
        return api

    def resource(self, params: Mapping[str, Any]) -> Resource:
        """The resource that a call names. Raises NotFoundException."""
        resource = self.api(params).resources.get(params["resourceId"])
        if resource is None:
            raise NotFoundException("Invalid Resource identifier specified")
        return resource

    def method(self, params: Mapping[str, Any]) -> tuple[Resource, Method]:
        """The method that a call names, and its resource. Raises NotFoundException."""
        resource = self.resource(params)
        method = resource.methods.get(params["httpMethod"].upper())
        if method is None:
            raise NotFoundException("Invalid Method identifier specified")
        return resource, method

    def stage(self, params: Mapping[str, Any]) -> tuple[RestApi, Stage]:
        """The stage that a call names, and its API. Raises NotFoundException."""
        api = self.api(params)
        stage = api.stages.get(params["stageName"])
        if stage is None:
            raise NotFoundException("Invalid stage identifier specified")
        return api, stage

    def api_key(self, key_id: str) -> ApiKey:
        """A key by its id. Raises NotFoundException."""
        key = self.usage_plans.keys.get(key_id)
        if key is None:
            raise NotFoundException("Invalid API Key identifier specified")
        return key

    def usage_plan(self, params: Mapping[str, Any]) -> UsagePlan:
        """The plan that a call names. Raises NotFoundException."""
        plan = self.usage_plans.plans.get(params["usagePlanId"])
        if plan is None:
            raise NotFoundException("Invalid Usage Plan ID specified")
        return plan

    def page(self, items: Iterable[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, Any]:
        """One page of a list: `position` in and out is the index of the first item to show."""
        everything = list(items)
        try:
            start = int(params.get("position") or 0)
        except ValueError:
            raise BadRequestException("Invalid position parameter specified") from None
        limit = min(params.get("limit") or self.quotas.page_size, self.quotas.page_size)
        page: dict[str, Any] = {"items": everything[start : start + limit]}
        if start + limit < len(everything):
            page["position"] = str(start + limit)
        return page
