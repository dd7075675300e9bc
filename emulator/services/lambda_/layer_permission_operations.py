"""Who may read a layer version. https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html

Statements are kept and shown; as an emulator plays one account, there is nobody whom they would let in or keep out.
"""

from __future__ import annotations

from typing import Any

import orjson

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import (
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from emulator.services.lambda_.function_name import layer_arn
from emulator.services.lambda_.layer_operations import layer_name, version_number
from emulator.services.lambda_.state import Layer
from emulator.services.lambda_.store import FunctionStore

__all__ = ["LayerPermissionOperations"]


class LayerPermissionOperations(FunctionStore):
    """One policy for each layer version."""

    @operation("AddLayerVersionPermission")
    def add_layer_version_permission(self, params: Params, context: CallContext) -> Reply:
        """Add a statement."""
        layer, number = self._layer_version(params)
        self._check_policy_revision(params, layer, number)
        statements, sid = layer.policies.get(number, {}), params["StatementId"]
        if sid in statements:
            raise ResourceConflictException(
                f"The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing statement."
            )
        principal = params["Principal"]
        if principal.isdecimal():
            principal = self.account.arn("iam", "root", region="", account_id=principal)
        statement: dict[str, Any] = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": principal if principal == "*" else {"AWS": principal},
            "Action": params["Action"],
            "Resource": layer_arn(self.account, layer.name, number),
        }
        if "OrganizationId" in params:
            statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": params["OrganizationId"]}}
        after = {**statements, sid: statement}
        if len(_document(after)) > self.quotas.resource_policy_bytes:
            raise PolicyLengthExceededException(
                f"The final policy size is bigger than the limit ({self.quotas.resource_policy_bytes})."
            )
        layer.policies[number] = after
        layer.policy_revisions[number] = self.account.identifiers.uuid()
        return Reply({"Statement": orjson.dumps(statement).decode(), "RevisionId": layer.policy_revisions[number]})

    @operation("RemoveLayerVersionPermission")
    def remove_layer_version_permission(self, params: Params, context: CallContext) -> Reply:
        """Remove a statement."""
        layer, number = self._layer_version(params)
        statements = layer.policies.get(number, {})
        self._check_policy_revision(params, layer, number)
        if params["StatementId"] not in statements:
            raise ResourceNotFoundException(f"Statement {params['StatementId']} is not found in resource policy.")
        del statements[params["StatementId"]]
        layer.policy_revisions[number] = self.account.identifiers.uuid()
        return Reply()

    @operation("GetLayerVersionPolicy")
    def get_layer_version_policy(self, params: Params, context: CallContext) -> Reply:
        """The policy document."""
        layer, number = self._layer_version(params)
        statements = layer.policies.get(number)
        if not statements:
            raise ResourceNotFoundException("No policy is associated with the given resource.")
        return Reply({"Policy": _document(statements), "RevisionId": layer.policy_revisions[number]})

    def _layer_version(self, params: Params) -> tuple[Layer, int]:
        name, number = layer_name(params["LayerName"]), version_number(params)
        layer = self.layers.get(name)
        if layer is None or number not in layer.versions:
            arn = layer_arn(self.account, name, number)
            raise ResourceNotFoundException(f"Layer version {arn} does not exist.")
        return layer, number

    def _check_policy_revision(self, params: Params, layer: Layer, number: int) -> None:
        self.check_revision(params, layer.policy_revisions.get(number, ""), "GetLayerPolicy")


def _document(statements: dict[str, Any]) -> str:
    return orjson.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [*statements.values()]}).decode()
