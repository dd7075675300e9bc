"""Resource policies of the account: which services may write into its log groups. Kept and shown; nothing here is refused by them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from __future__ import annotations

from typing import Any

import orjson

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.logs.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from emulator.services.logs.state import ResourcePolicy
from emulator.services.logs.store import LogStore

__all__ = ["ResourcePolicyOperations"]

_DEFAULT_VERSION = "2008-10-17"
"""What a document without a version means.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html"""
_STATEMENT_ORDER = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")
_SINGLE = ("Action", "NotAction", "Resource", "NotResource")


class ResourcePolicyOperations(LogStore):
    """Policies by name, a few in a region."""

    @operation("PutResourcePolicy", unsupported=("resourceArn", "expectedRevisionId"))
    def put_resource_policy(self, params: Params, context: CallContext) -> Reply:
        """Make a policy, or change the one of that name. The answer has the document as it came."""
        if "policyName" not in params or "policyDocument" not in params:
            raise InvalidParameterException("policyName and policyDocument must be given.")
        name, document = params["policyName"], params["policyDocument"]
        normal = _normal(document)
        known = self.resource_policies.get(name)
        if known is None and len(self.resource_policies) >= self.quotas.resource_policies:
            raise LimitExceededException("Resource limit exceeded.")
        now = int(context.now * 1000)
        updated = now if known is None else max(now, known.updated + 1)  # a change is always seen to be one
        policy = self.resource_policies[name] = ResourcePolicy(name, normal, updated)
        return Reply({"resourcePolicy": {**_shape(policy), "policyDocument": document}})

    @operation("DescribeResourcePolicies", unsupported=("resourceArn",))
    def describe_resource_policies(self, params: Params, context: CallContext) -> Reply:
        """All policies, in the form that AWS brings them to."""
        shown = [_shape(policy) for _, policy in sorted(self.resource_policies.items())]
        if params.get("policyScope", "ACCOUNT") != "ACCOUNT":
            shown = []
        return Reply(self.page(params, "resourcePolicies", shown))

    @operation("DeleteResourcePolicy", unsupported=("resourceArn", "expectedRevisionId"))
    def delete_resource_policy(self, params: Params, context: CallContext) -> Reply:
        """Take a policy away."""
        name = params.get("policyName", "")
        if self.resource_policies.pop(name, None) is None:
            raise ResourceNotFoundException(f"Policy with name [{name}] does not exist.")
        return Reply()


def _shape(policy: ResourcePolicy) -> dict[str, Any]:
    return {
        "policyName": policy.name,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated,
        "policyScope": "ACCOUNT",
    }


def _normal(document: str) -> str:
    """The document with its version, its members in IAM's order and lists of one as the one. Raises InvalidParameterException."""
    try:
        policy = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise InvalidParameterException("Malformed policy document: it is no JSON.") from error
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(one, dict) for one in statements):
        raise InvalidParameterException("Malformed policy document: it has no statements.")
    normal = {"Version": policy.get("Version", _DEFAULT_VERSION)}
    if "Id" in policy:
        normal["Id"] = policy["Id"]
    normal["Statement"] = [_normal_statement(one) for one in statements]
    return orjson.dumps(normal).decode()


def _normal_statement(statement: dict[str, Any]) -> dict[str, Any]:
    ordered = {name: statement[name] for name in _STATEMENT_ORDER if name in statement}
    ordered |= {name: value for name, value in statement.items() if name not in ordered}
    for name in _SINGLE:
        if name in ordered:
            ordered[name] = _one_or_all(ordered[name])
    principal = ordered.get("Principal")
    if isinstance(principal, dict):
        ordered["Principal"] = {kind: _one_or_all(who) for kind, who in principal.items()}
    return ordered


def _one_or_all(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
