"""The API Gateway service: its operations by resource, and `handle_http`, which serves requests to stages."""

from __future__ import annotations

from emulator.arn import Arn
from emulator.effects import Process
from emulator.errors import EmulatorError
from emulator.http import HttpRequest
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.apigateway.api_key_operations import ApiKeyOperations
from emulator.services.apigateway.errors import BadRequestException, NotFoundException
from emulator.services.apigateway.method_operations import MethodOperations
from emulator.services.apigateway.patch_operations import patches, unsupported_patch
from emulator.services.apigateway.rest_api_operations import RestApiOperations
from emulator.services.apigateway.stage_operations import StageOperations
from emulator.services.apigateway.usage_plan_operations import UsagePlanOperations

__all__ = ["ApiGatewayService"]


class ApiGatewayService(RestApiOperations, MethodOperations, StageOperations, ApiKeyOperations, UsagePlanOperations):
    """API Gateway's REST APIs for one account and region."""

    service_id = "apigateway"
    resource_members = ("restApiId", "usagePlanId", "apiKey", "resourceArn", "name")

    def handle_http(
        self, request: HttpRequest, api_id: str, stage: str, path: str, now: float, request_id: str, trace_id: str
    ) -> Process:
        """Serve one request to a stage: a process whose result is the HttpResponse; it raises nothing of AWS's.

        `path` is what follows the stage, percent-encoded; `now` epoch seconds; `trace_id` an X-Ray root (`1-...`).
        """
        return self.data_plane.serve(request, api_id, stage, path, now, request_id, trace_id)

    @operation("GetAccount")
    def get_account(self, params: Params, context: CallContext) -> Reply:
        """The account's throttle and the role that API Gateway logs with."""
        throttle = {"burstLimit": self.quotas.account_burst_limit, "rateLimit": self.quotas.account_rate_limit}
        account = {"throttleSettings": throttle, "features": ["UsagePlans"], "apiKeyVersion": "4"}
        if self.cloudwatch_role_arn is not None:
            account["cloudwatchRoleArn"] = self.cloudwatch_role_arn
        return Reply(account)

    @operation("UpdateAccount")
    def update_account(self, params: Params, context: CallContext) -> Reply:
        """Set the role that API Gateway logs with."""
        for patch in patches(params):
            if patch.parts != ("cloudwatchRoleArn",):
                raise unsupported_patch(patch, "UpdateAccount")
            self.cloudwatch_role_arn = None if patch.op == "remove" else patch.text
        return self.get_account(params, context)

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Add tags to an API, stage, key or plan."""
        self._tags(params["resourceArn"]).update(params["tags"])
        return Reply()

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Take tags away."""
        tags = self._tags(params["resourceArn"])
        for key in params["tagKeys"]:
            tags.pop(key, None)
        return Reply()

    @operation("GetTags", unsupported=("position", "limit"))
    def get_tags(self, params: Params, context: CallContext) -> Reply:
        """The tags of an API, stage, key or plan."""
        return Reply({"tags": dict(self._tags(params["resourceArn"]))})

    def _tags(self, resource_arn: str) -> dict[str, str]:
        """`arn:aws:apigateway:<region>::/restapis/<id>[/stages/<name>]`, `/apikeys/<id>`, `/usageplans/<id>`."""
        try:
            parts = Arn.parse(resource_arn).resource.strip("/").split("/")
        except EmulatorError:
            raise BadRequestException(f"Invalid ARN specified in the request: {resource_arn}") from None
        match parts:
            case ["restapis", api_id]:
                return self.api({"restApiId": api_id}).tags
            case ["restapis", api_id, "stages", stage_name]:
                return self.stage({"restApiId": api_id, "stageName": stage_name})[1].tags
            case ["apikeys", key_id]:
                return self.api_key(key_id).tags
            case ["usageplans", plan_id]:
                return self.usage_plan({"usagePlanId": plan_id}).tags
        raise NotFoundException(f"Invalid resource identifier specified: {resource_arn}")
