"""Resource policies. https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"""

from __future__ import annotations

from typing import Any

import orjson

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import (
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from emulator.services.lambda_.function_name import function_arn
from emulator.services.lambda_.state import Function
from emulator.services.lambda_.store import FunctionStore

__all__ = ["PermissionOperations"]


class PermissionOperations(FunctionStore):
    """Who may invoke a function. Invoke enforces the statements for AWS's services: see `resource_policy`."""

    @operation("AddPermission")
    def add_permission(self, params: Params, context: CallContext) -> Reply:
        """Add a statement."""
        function, key = self._policy_key(params)
        statements = function.policies.get(key, {})
        self.check_revision(params, function.policy_revisions.get(key, ""))
        sid = params["StatementId"]
        if sid in statements:
            raise ResourceConflictException(
                f"The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing statement."
            )
        statement = self._statement(function, key, params)
        after = {**statements, sid: statement}
        if len(self._document(after)) > self.quotas.resource_policy_bytes:
            raise PolicyLengthExceededException(
                f"The final policy size is bigger than the limit ({self.quotas.resource_policy_bytes})."
            )
        function.policies[key] = after
        function.policy_revisions[key] = self.account.identifiers.uuid()
        return Reply({"Statement": orjson.dumps(statement).decode()})

    @operation("RemovePermission")
    def remove_permission(self, params: Params, context: CallContext) -> Reply:
        """Remove a statement."""
        function, key = self._policy_key(params)
        statements = function.policies.get(key, {})
        if params["StatementId"] not in statements:
            raise ResourceNotFoundException(f"Statement {params['StatementId']} is not found in resource policy.")
        self.check_revision(params, function.policy_revisions[key])
        del statements[params["StatementId"]]
        function.policy_revisions[key] = self.account.identifiers.uuid()
        return Reply()

    @operation("GetPolicy")
    def get_policy(self, params: Params, context: CallContext) -> Reply:
        """The policy document."""
        function, key = self._policy_key(params)
        statements = function.policies.get(key)
        if not statements:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        return Reply({"Policy": self._document(statements), "RevisionId": function.policy_revisions[key]})

    def _policy_key(self, params: Params) -> tuple[Function, str]:
        name = self.named(params)
        function = self.function(name)
        if name.qualifier is not None:
            self.configuration(function, name.qualifier)
        return function, name.qualifier or ""

    def _document(self, statements: dict[str, Any]) -> str:
        return orjson.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [*statements.values()]}).decode()

    def _statement(self, function: Function, key: str, params: Params) -> dict[str, Any]:
        principal: str = params["Principal"]
        if principal == "*":
            shown: Any = "*"
        elif principal.endswith((".amazonaws.com", ".amazon.com")):
            shown = {"Service": principal}
        elif principal.isdecimal():
            shown = {"AWS": self.account.arn("iam", "root", region="", account_id=principal)}
        else:
            shown = {"AWS": principal}
        statement: dict[str, Any] = {
            "Sid": params["StatementId"],
            "Effect": "Allow",
            "Principal": shown,
            "Action": params["Action"],
            "Resource": function_arn(self.account, function.name, key or None),
        }
        condition: dict[str, dict[str, str]] = {}
        for member, operator, name in _CONDITIONS:
            if member in params:
                value = params[member]
                shown_value = str(value).lower() if isinstance(value, bool) else value
                condition.setdefault(operator, {})[name] = shown_value
        if condition:
            statement["Condition"] = condition
        return statement


_CONDITIONS = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
)
