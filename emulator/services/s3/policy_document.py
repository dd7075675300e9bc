"""Bucket policies: what is wrong with a document, whom its statements are about, whether it is public.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.services.s3.configuration_errors import MalformedPolicy
from emulator.services.s3.policy_actions import check_actions
from emulator.services.s3.policy_conditions import Keys, holds, is_operator, like, strings

__all__ = ["Statement", "is_public", "matching", "statements_of", "validated_policy"]

Statement = Mapping[str, Any]

_ACCOUNT = re.compile(r"\d{12}")
_IAM_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user/.+|role/.+|assumed-role/.+|federated-user/.+)")
_FIXING_KEYS = frozenset(
    {
        "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "aws:sourcearn",
        "aws:sourceaccount", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:userid", "aws:sourceip",
        "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)  # fmt: skip
"""A statement for everyone whose condition fixes one of these is not public.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status"""


def statements_of(policy: str) -> list[Statement]:
    """The statements of a policy that was checked."""
    found = json.loads(policy)["Statement"]
    return found if isinstance(found, list) else [found]


def validated_policy(text: str, bucket_arn: str) -> str:
    """The policy as it is kept. Raises MalformedPolicy."""
    try:
        document = json.loads(text) if text.startswith("{") else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise MalformedPolicy("Policies must be valid JSON and the first byte must be '{'")
    if "Statement" not in document:
        raise MalformedPolicy("Missing required field Statement")
    if document.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        raise MalformedPolicy("The policy must contain a valid version string")
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        _check_statement(statement, bucket_arn)
    return text


def _check_statement(statement: Any, bucket_arn: str) -> None:
    if not isinstance(statement, dict):
        raise MalformedPolicy("Policy statement must be an object")
    for name in ("Effect", "Principal", "Action", "Resource"):
        if name not in statement and (name == "Effect" or f"Not{name}" not in statement):
            raise MalformedPolicy(f"Missing required field {name}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise MalformedPolicy(f"Invalid effect : {statement['Effect']}")
    _check_principal(statement.get("Principal", statement.get("NotPrincipal")))
    for resource in strings(statement.get("Resource", statement.get("NotResource"))):
        if resource != "*" and resource != bucket_arn and not resource.startswith(f"{bucket_arn}/"):
            if "Resource" in statement and not like(bucket_arn, resource.partition("/")[0]):
                raise MalformedPolicy("Policy has invalid resource")
    if "Action" in statement:
        check_actions(strings(statement["Action"]), strings(statement["Resource"]) if "Resource" in statement else ())
    else:
        check_actions(strings(statement["NotAction"]), ())
    conditions = statement.get("Condition", {})
    if not isinstance(conditions, dict):
        raise MalformedPolicy("Policy has an invalid condition")
    for operator, row in conditions.items():
        if not is_operator(operator):
            raise MalformedPolicy(f"Invalid Condition type : {operator}")
        for key in row:
            if ":" not in key:
                raise MalformedPolicy("Policy has an invalid condition key")


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal:
        raise MalformedPolicy("Invalid policy syntax.")
    for kind, values in principal.items():
        if kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
            raise MalformedPolicy("Invalid principal in policy", fields={"Detail": f'"{kind}"'})
        for value in strings(values) if kind == "AWS" else ():
            if value != "*" and _ACCOUNT.fullmatch(value) is None and _IAM_ARN.fullmatch(value) is None:
                raise MalformedPolicy("Invalid principal in policy", fields={"Detail": f'"AWS" : "{value}"'})


# -- evaluation ------------------------------------------------------------


def matching(
    statements: list[Statement], *, principal: str, account_id: str, action: str, resource: str, keys: Keys
) -> Iterator[Statement]:
    """The statements that apply to a request; an empty principal is anonymous."""
    for statement in statements:
        if (
            _for_principal(statement, principal, account_id)
            and _for(statement, "Action", action.lower(), lower=True)
            and _for(statement, "Resource", resource)
            and holds(statement.get("Condition", {}), keys)
        ):
            yield statement


def _for(statement: Statement, name: str, value: str, *, lower: bool = False) -> bool:
    negated = name not in statement
    patterns = strings(statement[f"Not{name}" if negated else name])
    found = any(like(value, pattern.lower() if lower else pattern) for pattern in patterns)
    return found is not negated


def _for_principal(statement: Statement, principal: str, account_id: str) -> bool:
    if "Principal" in statement:
        return _names(statement["Principal"], principal, account_id)
    return not _names(statement["NotPrincipal"], principal, account_id)


def _names(named: Any, principal: str, account_id: str) -> bool:
    if named == "*":
        return True
    for kind, values in named.items():
        for value in strings(values):
            if kind == "AWS" and (value == "*" or (principal != "" and _is(value, principal, account_id))):
                return True
            if kind == "Service" and principal != "" and value in ("*", principal):
                return True
    return False


def _is(value: str, principal: str, account_id: str) -> bool:
    """Whether an account, a user or a role of a policy is the caller; an account is all of its callers."""
    if value == account_id or (value.endswith(":root") and value.split(":")[4] == account_id):
        return principal.startswith("arn:")
    if value == principal:
        return True
    role = re.fullmatch(r"arn:([^:]+):sts::(\d{12}):assumed-role/(.+)/[^/]+", principal)
    return role is not None and like(value, f"arn:{role[1]}:iam::{role[2]}:role/*{role[3]}") if role else False


def is_public(statements: list[Statement]) -> bool:
    """Whether a statement lets everyone do something, whatever they are."""
    for statement in statements:
        if statement["Effect"] != "Allow":
            continue
        named = statement.get("Principal", "*")
        everyone = named == "*" or any("*" in strings(values) for kind, values in named.items() if kind == "AWS")
        fixed = any(
            key.lower() in _FIXING_KEYS and not any(value in ("*", "0.0.0.0/0", "::/0") for value in strings(values))
            for row in statement.get("Condition", {}).values()
            for key, values in row.items()
        )
        if everyone and not fixed:
            return True
    return False
