"""Operations on usage plans and their keys.

https://docs.aws.amazon.com/apigateway/latest/api/API_UsagePlan.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    LimitExceededException,
    NotFoundException,
)
from emulator.services.apigateway.patch_operations import Patch, patches, unsupported_patch
from emulator.services.apigateway.store import ApiGatewayStore
from emulator.services.apigateway.usage_plans import ApiKey, ApiStage, Quota, Throttle, UsagePlan
from emulator.services.apigateway.wire import usage_plan_shape

__all__ = ["UsagePlanOperations"]

PERIODS = ("DAY", "WEEK", "MONTH")


class UsagePlanOperations(ApiGatewayStore):
    """CreateUsagePlan, CreateUsagePlanKey and what belongs to them."""

    @operation("CreateUsagePlan")
    def create_usage_plan(self, params: Params, context: CallContext) -> Reply:
        """A new plan."""
        if len(self.usage_plans.plans) >= self.quotas.usage_plans:
            raise LimitExceededException("Maximum number of usage plans has been reached")
        throttle, quota = params.get("throttle"), params.get("quota")
        plan = UsagePlan(
            id=self.account.identifiers.letters(6),
            name=params["name"],
            created_date=context.now,
            description=params.get("description"),
            throttle=None if throttle is None else _throttle(throttle),
            quota=None if quota is None else _quota(quota),
            tags=dict(params.get("tags") or {}),
        )
        for shape in params.get("apiStages") or ():
            self._cover(plan, shape)
        self.usage_plans.plans[plan.id] = plan
        return Reply(usage_plan_shape(plan))

    @operation("GetUsagePlan")
    def get_usage_plan(self, params: Params, context: CallContext) -> Reply:
        """One plan."""
        return Reply(usage_plan_shape(self.usage_plan(params)))

    @operation("GetUsagePlans")
    def get_usage_plans(self, params: Params, context: CallContext) -> Reply:
        """All plans, or those that a key is in."""
        key_id = params.get("keyId")
        plans = self.usage_plans.plans.values() if key_id is None else self.usage_plans.plans_of(key_id)
        return Reply(self.page((usage_plan_shape(plan) for plan in plans), params))

    @operation("UpdateUsagePlan")
    def update_usage_plan(self, params: Params, context: CallContext) -> Reply:
        """Patch name, description, stages, throttle and quota."""
        plan = self.usage_plan(params)
        for patch in patches(params):
            self._patch_plan(plan, patch)
        plan.limits_changed()
        return Reply(usage_plan_shape(plan))

    @operation("DeleteUsagePlan")
    def delete_usage_plan(self, params: Params, context: CallContext) -> Reply:
        """Delete a plan that covers no stage any more."""
        plan = self.usage_plan(params)
        if plan.api_stages:
            raise BadRequestException("Cannot delete a usage plan with associated API stages: remove them first")
        del self.usage_plans.plans[plan.id]
        return Reply()

    @operation("CreateUsagePlanKey")
    def create_usage_plan_key(self, params: Params, context: CallContext) -> Reply:
        """Put a key into a plan."""
        plan = self.usage_plan(params)
        key = self.api_key(params["keyId"])
        if params["keyType"] != "API_KEY":
            raise BadRequestException("Usage plan key type must be API_KEY")
        if key.id in plan.key_ids:
            raise ConflictException(f"Usage Plan Key {key.id} already exists in usage plan {plan.id}")
        for place in plan.api_stages:
            self._refuse_second_plan(key.id, plan, place)
        plan.add_key(key.id)
        return Reply(_key_shape(key))

    @operation("GetUsagePlanKey")
    def get_usage_plan_key(self, params: Params, context: CallContext) -> Reply:
        """One key of a plan."""
        return Reply(_key_shape(self._plan_key(params)[1]))

    @operation("GetUsagePlanKeys")
    def get_usage_plan_keys(self, params: Params, context: CallContext) -> Reply:
        """The keys of a plan."""
        prefix = params.get("nameQuery", "")
        keys = [self.usage_plans.keys[key_id] for key_id in self.usage_plan(params).key_ids]
        return Reply(self.page((_key_shape(key) for key in keys if key.name.startswith(prefix)), params))

    @operation("DeleteUsagePlanKey")
    def delete_usage_plan_key(self, params: Params, context: CallContext) -> Reply:
        """Take a key out of a plan."""
        plan, key = self._plan_key(params)
        del plan.key_ids[key.id]
        return Reply()

    def _plan_key(self, params: Params) -> tuple[UsagePlan, ApiKey]:
        plan = self.usage_plan(params)
        if params["keyId"] not in plan.key_ids:
            raise NotFoundException("Invalid Usage Plan Key identifier specified")
        return plan, self.usage_plans.keys[params["keyId"]]

    def _cover(self, plan: UsagePlan, shape: Mapping[str, Any]) -> None:
        _, stage = self.stage({"restApiId": shape["apiId"], "stageName": shape["stage"]})
        place = (shape["apiId"], stage.stage_name)
        for key_id in plan.key_ids:
            self._refuse_second_plan(key_id, plan, place)
        throttle = {key: _throttle(limits) for key, limits in (shape.get("throttle") or {}).items()}
        plan.api_stages[place] = ApiStage(*place, throttle)

    def _refuse_second_plan(self, key_id: str, plan: UsagePlan, place: tuple[str, str]) -> None:
        for other in self.usage_plans.plans_of(key_id):
            if other is not plan and place in other.api_stages:
                raise ConflictException(
                    f"API Key {key_id} is in usage plan {other.id}, which covers stage {place[1]} of API {place[0]}"
                )

    def _patch_plan(self, plan: UsagePlan, patch: Patch) -> None:
        match patch.parts:
            case ["name"]:
                plan.name = patch.text
            case ["description"]:
                plan.description = patch.text
            case ["apiStages"]:
                api_id, _, stage = patch.text.partition(":")
                if patch.op == "add":
                    self._cover(plan, {"apiId": api_id, "stage": stage})
                elif plan.api_stages.pop((api_id, stage), None) is None:
                    raise NotFoundException("Usage plan does not contain the API stage specified")
            case ["throttle"] if patch.op == "remove":
                plan.throttle = None
            case ["throttle", "rateLimit"]:
                burst = max(1, int(patch.number)) if plan.throttle is None else plan.throttle.burst_limit
                plan.throttle = Throttle(patch.number, burst)
            case ["throttle", "burstLimit"]:
                rate = patch.number if plan.throttle is None else plan.throttle.rate_limit
                plan.throttle = Throttle(rate, int(patch.number))
            case ["quota"] if patch.op == "remove":
                plan.quota = None
            case ["quota", "limit" | "offset" | "period" as member]:
                shape: dict[str, Any] = {"limit": 0, "period": "DAY"} if plan.quota is None else asdict(plan.quota)
                plan.quota = _quota({**shape, member: patch.text if member == "period" else patch.number})
            case _:
                raise unsupported_patch(patch, f"UpdateUsagePlan {plan.id}")


def _key_shape(key: ApiKey) -> dict[str, Any]:
    """`UsagePlanKey`."""
    return {"id": key.id, "type": "API_KEY", "value": key.value, "name": key.name}


def _throttle(shape: Mapping[str, Any]) -> Throttle:
    rate = float(shape.get("rateLimit", 0.0))
    return Throttle(rate, int(shape.get("burstLimit", 0)))


def _quota(shape: Mapping[str, Any]) -> Quota:
    if shape.get("period") not in PERIODS:
        raise BadRequestException(f"Quota period must be one of {', '.join(PERIODS)}")
    return Quota(int(shape.get("limit", 0)), shape["period"], int(shape.get("offset", 0)))
