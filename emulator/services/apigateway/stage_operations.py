"""Operations on deployments and stages.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-deployments.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    LimitExceededException,
    NotFoundException,
)
from emulator.services.apigateway.patch_operations import Patch, patches, unsupported_patch
from emulator.services.apigateway.routes import Routes
from emulator.services.apigateway.state import Deployment, RestApi, Stage
from emulator.services.apigateway.store import ApiGatewayStore
from emulator.services.apigateway.wire import deployment_shape, stage_shape

__all__ = ["StageOperations"]

METHOD_SETTINGS: Final[Mapping[tuple[str, str], str]] = {
    ("throttling", "rateLimit"): "throttlingRateLimit",
    ("throttling", "burstLimit"): "throttlingBurstLimit",
    ("metrics", "enabled"): "metricsEnabled",
    ("logging", "loglevel"): "loggingLevel",
    ("logging", "dataTrace"): "dataTraceEnabled",
    ("caching", "enabled"): "cachingEnabled",
}
CACHES_AND_CANARIES: Final = ("cacheClusterEnabled", "cacheClusterSize", "canarySettings")


class StageOperations(ApiGatewayStore):
    """CreateDeployment, CreateStage, UpdateStage and what belongs to them."""

    @operation("CreateDeployment")
    def create_deployment(self, params: Params, context: CallContext) -> Reply:
        """Snapshot the draft; with `stageName`, let that stage serve it, made if it does not exist."""
        api = self.api(params)
        _refuse_caches_and_canaries(params, "CreateDeployment")
        methods = [method for resource in api.resources.values() for method in resource.methods.values()]
        if not methods:
            raise BadRequestException("The REST API doesn't contain any methods")
        if any(method.integration is None for method in methods):
            raise BadRequestException("No integration defined for method")
        deployment = Deployment(
            id=self.account.identifiers.letters(6),
            created_date=context.now,
            description=params.get("description"),
            routes=Routes(api.resources.values()),
            binary_media_types=api.binary_media_types,
            gateway_responses=dict(api.gateway_responses),
        )
        api.deployments[deployment.id] = deployment
        stage_name = params.get("stageName")
        if stage_name is not None:
            stage = api.stages.get(stage_name)
            if stage is None:
                self._add_stage(
                    api, {**params, "deploymentId": deployment.id}, params.get("stageDescription"), context.now
                )
            else:
                stage.deployment_id = deployment.id
                stage.last_updated_date = context.now
                stage.variables.update(params.get("variables") or {})
        return Reply(deployment_shape(deployment))

    @operation("GetDeployment", unsupported=("embed",))
    def get_deployment(self, params: Params, context: CallContext) -> Reply:
        """One deployment."""
        return Reply(deployment_shape(self._deployment(self.api(params), params["deploymentId"])))

    @operation("GetDeployments")
    def get_deployments(self, params: Params, context: CallContext) -> Reply:
        """All deployments of an API."""
        deployments = self.api(params).deployments.values()
        return Reply(self.page((deployment_shape(deployment) for deployment in deployments), params))

    @operation("DeleteDeployment")
    def delete_deployment(self, params: Params, context: CallContext) -> Reply:
        """Delete a deployment that no stage serves."""
        api = self.api(params)
        deployment = self._deployment(api, params["deploymentId"])
        if any(stage.deployment_id == deployment.id for stage in api.stages.values()):
            raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
        del api.deployments[deployment.id]
        return Reply()

    @operation("CreateStage")
    def create_stage(self, params: Params, context: CallContext) -> Reply:
        """A stage that serves a deployment."""
        api = self.api(params)
        return Reply(stage_shape(self._add_stage(api, params, params.get("description"), context.now)))

    @operation("GetStage")
    def get_stage(self, params: Params, context: CallContext) -> Reply:
        """One stage."""
        return Reply(stage_shape(self.stage(params)[1]))

    @operation("GetStages")
    def get_stages(self, params: Params, context: CallContext) -> Reply:
        """All stages of an API, or those that serve one deployment."""
        wanted = params.get("deploymentId")
        stages = [
            stage for stage in self.api(params).stages.values() if wanted is None or stage.deployment_id == wanted
        ]
        return Reply({"item": [stage_shape(stage) for stage in stages]})

    @operation("UpdateStage")
    def update_stage(self, params: Params, context: CallContext) -> Reply:
        """Patch a stage: deployment, variables, throttles, tracing, log settings."""
        api, stage = self.stage(params)
        for patch in patches(params):
            self._patch_stage(api, stage, patch)
        stage.last_updated_date = context.now
        return Reply(stage_shape(stage))

    @operation("DeleteStage")
    def delete_stage(self, params: Params, context: CallContext) -> Reply:
        """Delete a stage that no usage plan covers."""
        api, stage = self.stage(params)
        for plan in self.usage_plans.plans.values():
            if (api.id, stage.stage_name) in plan.api_stages:
                raise BadRequestException(f"Cannot delete stage '{stage.stage_name}': usage plan {plan.id} covers it")
        del api.stages[stage.stage_name]
        return Reply()

    def _add_stage(self, api: RestApi, params: Params, description: str | None, now: float) -> Stage:
        _refuse_caches_and_canaries(params, "CreateStage")
        name = params["stageName"]
        if name in api.stages:
            raise ConflictException("Stage already exists")
        if len(api.stages) >= self.quotas.stages_per_api:
            raise LimitExceededException("Maximum number of stages for this API has been reached")
        stage = Stage(
            stage_name=name,
            deployment_id=self._deployment(api, params["deploymentId"]).id,
            created_date=now,
            last_updated_date=now,
            description=description,
            variables=dict(params.get("variables") or {}),
            tracing_enabled=params.get("tracingEnabled", False),
            tags=dict(params.get("tags") or {}),
        )
        api.stages[name] = stage
        return stage

    @staticmethod
    def _deployment(api: RestApi, deployment_id: str) -> Deployment:
        deployment = api.deployments.get(deployment_id)
        if deployment is None:
            raise NotFoundException("Invalid Deployment identifier specified")
        return deployment

    def _patch_stage(self, api: RestApi, stage: Stage, patch: Patch) -> None:
        match patch.parts:
            case ["deploymentId"]:
                stage.deployment_id = self._deployment(api, patch.text).id
            case ["description"]:
                stage.description = patch.text
            case ["tracingEnabled"]:
                stage.tracing_enabled = patch.boolean
            case ["variables", name] if patch.op == "remove":
                stage.variables.pop(name, None)
            case ["variables", name]:
                stage.variables[name] = patch.text
            case ["accessLogSettings", member] if patch.op != "remove":
                stage.access_log_settings[member] = patch.text
            case ["accessLogSettings"] if patch.op == "remove":
                stage.access_log_settings.clear()
            case [path, verb] if patch.op == "remove":
                stage.method_settings.pop(_setting_key(path, verb), None)
            case [path, verb, group, member] if (group, member) in METHOD_SETTINGS:
                _set_method_setting(stage, patch, _setting_key(path, verb), METHOD_SETTINGS[group, member])
            case _:
                raise unsupported_patch(patch, f"UpdateStage {stage.stage_name}")


def _setting_key(path: str, verb: str) -> str:
    """`*/*`, or the resource's path without its leading slash, and the verb."""
    return f"{path.lstrip('/')}/{verb}"


def _set_method_setting(stage: Stage, patch: Patch, key: str, member: str) -> None:
    value: Any = patch.text
    if member.startswith("throttling"):
        value = patch.number if member == "throttlingRateLimit" else int(patch.number)
    elif member.endswith("Enabled"):
        value = patch.boolean
    if member == "cachingEnabled" and value:
        raise UnsupportedOperation(f"UpdateStage {stage.stage_name}: caching is not supported by this emulator")
    settings = stage.method_settings.setdefault(key, {})
    settings[member] = value
    if member == "throttlingRateLimit":
        settings.setdefault("throttlingBurstLimit", max(1, int(value)))


def _refuse_caches_and_canaries(params: Params, what: str) -> None:
    for member in CACHES_AND_CANARIES:
        if params.get(member):
            raise UnsupportedOperation(f"{what}: {member} is not supported by this emulator")
