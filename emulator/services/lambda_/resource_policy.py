"""Whether a function's resource policy lets an AWS service invoke it, as it must before API Gateway, SNS or S3 may.

https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

__all__ = ["INVOKE", "allows", "needs_permission"]

INVOKE: Final = "lambda:InvokeFunction"

_BY_ROLE: Final = frozenset({"lambda.amazonaws.com", "states.amazonaws.com"})
"""Services that invoke with a role of the caller's: the execution role of a function with destinations, of a state machine."""


def _like(value: str, pattern: str) -> bool:
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def _equals(value: str, pattern: str) -> bool:
    return value == pattern


_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "ArnLike": _like,
    "StringEquals": _equals,
    "Bool": _equals,
}


def needs_permission(principal: str) -> bool:
    """Whether a caller invokes by the resource policy alone: a service principal that has no role of its own."""
    return principal.endswith(".amazonaws.com") and principal not in _BY_ROLE


def allows(statements: Iterable[Mapping[str, Any]], *, principal: str, source_arn: str, account_id: str) -> bool:
    """Whether one of AddPermission's statements lets a service principal invoke on behalf of `source_arn`.

    A condition on something that the call does not carry (an organization, a function URL) does not hold.
    """
    keys = {"aws:sourcearn": source_arn, "aws:sourceaccount": _account_of(source_arn, account_id)}
    return any(
        _names(statement["Principal"], principal)
        and _like(INVOKE.lower(), str(statement["Action"]).lower())
        and _holds(statement.get("Condition", {}), keys)
        for statement in statements
    )


def _names(named: Any, principal: str) -> bool:
    """Whether a statement's principal is the caller; a service may be named with its region (`logs.us-east-1.amazonaws.com`)."""
    if named == "*":
        return True
    service = named.get("Service") if isinstance(named, Mapping) else None
    return isinstance(service, str) and _REGION.sub(".amazonaws.com", service) == principal


_REGION: Final = re.compile(r"\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com$")


def _holds(condition: Mapping[str, Mapping[str, str]], keys: Mapping[str, str]) -> bool:
    return all(
        key.lower() in keys and _OPERATORS[operator](keys[key.lower()], wanted)
        for operator, wanted_by_key in condition.items()
        for key, wanted in wanted_by_key.items()
    )


def _account_of(source_arn: str, account_id: str) -> str:
    """The account in the source's ARN; S3's ARNs have none, and all buckets here are this account's."""
    parts = source_arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4] != "" else account_id
