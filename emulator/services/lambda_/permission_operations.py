"""Resource policies. https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"""

from __future__ import annotations

import re
from typing import Any

import orjson

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from emulator.services.lambda_.function_name import LATEST, FunctionName, function_arn
from emulator.services.lambda_.state import Function
from emulator.services.lambda_.store import FunctionStore

__all__ = ["PermissionOperations"]


class PermissionOperations(FunctionStore):
    """Who may invoke a function. Invoke enforces the statements for AWS's services: see `resource_policy`."""

    @operation("AddPermission")
    def add_permission(self, params: Params, context: CallContext) -> Reply:
        """Add a statement."""
        name = self.named(params)
        if name.qualifier == LATEST:
            raise InvalidParameterValueException("We currently do not support adding policies for $LATEST.")
        function, key = self._policy_key(name)
        self.check_revision(params, self._policy_revision(function, key, context.now))
        statements = function.policies.get(key, {})
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
        self.move_revision(function, key)
        return Reply({"Statement": orjson.dumps(statement).decode()})

    @operation("RemovePermission")
    def remove_permission(self, params: Params, context: CallContext) -> Reply:
        """Remove a statement."""
        name = self.named(params)
        if name.name not in self.functions:
            arn = function_arn(self.account, name.name, name.qualifier)
            raise ResourceNotFoundException(f"No policy found for: {arn}")
        function, key = self._policy_key(name)
        statements = function.policies.get(key)
        if not statements:
            raise ResourceNotFoundException("No policy is associated with the given resource.")
        if params["StatementId"] not in statements:
            raise ResourceNotFoundException(f"Statement {params['StatementId']} is not found in resource policy.")
        self.check_revision(params, self._policy_revision(function, key, context.now))
        del statements[params["StatementId"]]
        self.move_revision(function, key)
        return Reply()

    @operation("GetPolicy")
    def get_policy(self, params: Params, context: CallContext) -> Reply:
        """The policy document; its revision is that of the function, version or alias."""
        name = self.named(params)
        function = self.function(FunctionName(name.name, None))
        key = "" if name.qualifier in (None, LATEST) else name.qualifier or ""
        statements = function.policies.get(key)
        if not statements:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        revision_id = self._policy_revision(function, key, context.now)
        return Reply({"Policy": self._document(statements), "RevisionId": revision_id})

    def _policy_key(self, name: FunctionName) -> tuple[Function, str]:
        """The function, and the qualifier whose policy it is. Raises ResourceNotFoundException."""
        function = self.function(FunctionName(name.name, None))
        qualifier = "" if name.qualifier in (None, LATEST) else name.qualifier or ""
        if qualifier and qualifier not in function.versions and qualifier not in function.aliases:
            raise self.missing(name.name, qualifier)
        return function, qualifier

    def _policy_revision(self, function: Function, key: str, now: float) -> str:
        alias = function.aliases.get(key)
        if alias is not None:
            return alias.revision_id
        return (function.versions[key] if key else function.latest).shown_revision_id(now)

    def _document(self, statements: dict[str, Any]) -> str:
        return orjson.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [*statements.values()]}).decode()

    def _statement(self, function: Function, key: str, params: Params) -> dict[str, Any]:
        principal: str = params["Principal"]
        if principal == "*":
            shown: Any = "*"
        elif _ACCOUNT.fullmatch(principal) is not None:
            shown = {"AWS": self.account.arn("iam", "root", region="", account_id=principal)}
        elif principal.startswith("arn:"):
            shown = {"AWS": principal}
        elif principal.endswith((".amazonaws.com", ".amazon.com")):
            shown = {"Service": principal}
        else:
            raise InvalidParameterValueException(
                "The provided principal was invalid. Please check the principal and try again."
            )
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


_ACCOUNT = re.compile(r"\d{12}")
_CONDITIONS = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
)
