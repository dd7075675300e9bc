"""Whether a queue's policy lets an AWS service send to it, as it must before SNS, S3 or EventBridge may.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-creating-custom-policies.html
Operators and keys that are not known here are refused by name, so that no policy is half understood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from emulator.errors import UnsupportedOperation

__all__ = ["RESOURCE_POLICY_CALLERS", "allows"]

RESOURCE_POLICY_CALLERS: Final = frozenset({"sns.amazonaws.com", "s3.amazonaws.com", "events.amazonaws.com"})
"""Service principals that send by the queue's policy alone; other services use an execution role."""


def _like(value: str, pattern: str) -> bool:
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def _equals(value: str, pattern: str) -> bool:
    return value == pattern


OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": _equals,
    "StringEquals": _equals,
    "StringLike": _like,
}
"""ArnEquals and ArnLike behave identically, says IAM's reference of condition operators."""


def allows(policy: Mapping[str, Any] | None, *, principal: str, action: str, queue_arn: str, source_arn: str) -> bool:
    """Whether a service principal may do `action` (`sqs:SendMessage`) on the queue. Raises UnsupportedOperation."""
    if policy is None:
        return False
    allowed = False
    statements = policy.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        if not _applies(statement, principal, action, queue_arn, source_arn):
            continue
        if statement.get("Effect") == "Deny":
            return False
        allowed = True
    return allowed


def _applies(statement: Mapping[str, Any], principal: str, action: str, queue_arn: str, source_arn: str) -> bool:
    for member in ("NotPrincipal", "NotAction", "NotResource"):
        if member in statement:
            raise UnsupportedOperation(f"{member} in a queue's policy is not supported by this emulator")
    if not _names(statement.get("Principal"), principal):
        return False
    if not any(_like(action.lower(), pattern.lower()) for pattern in _strings(statement.get("Action"))):
        return False
    resources = list(_strings(statement.get("Resource")))
    if resources and not any(_like(queue_arn, pattern) for pattern in resources):
        return False
    keys = {
        "aws:securetransport": "true",
        "aws:sourceaccount": queue_arn.split(":")[4],
        "aws:sourcearn": source_arn,
    }
    for operator, conditions in statement.get("Condition", {}).items():
        compare = OPERATORS.get(operator)
        if compare is None:
            raise UnsupportedOperation(
                f"condition operator {operator} in a queue's policy is not supported by this emulator"
            )
        for key, patterns in conditions.items():
            value = keys.get(key.lower())
            if value is None:
                raise UnsupportedOperation(f"condition key {key} in a queue's policy is not supported by this emulator")
            if not any(compare(value, str(pattern)) for pattern in _strings(patterns)):
                return False
    return True


def _names(named: Any, principal: str) -> bool:
    if named == "*":
        return True
    if not isinstance(named, dict):
        return False
    return "*" in _strings(named.get("AWS")) or any(name in ("*", principal) for name in _strings(named.get("Service")))


def _strings(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (value,) if isinstance(value, str) else tuple(value)
