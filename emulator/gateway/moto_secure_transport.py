"""Lets moto judge the policy condition `aws:SecureTransport`, which it knows nothing of: it denies everything to everyone otherwise.

A client that talks to this machine's loopback stands for one that talks TLS to AWS, so the condition's value is always `true`.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["patch_secure_transport"]

_OPERATORS = ("Bool", "BoolIfExists")


def patch_secure_transport() -> None:
    """Leave out statements whose condition on `aws:SecureTransport` does not hold. Called once, in the bridge's worker."""
    from moto.iam.access_control import IAMPolicyStatement, PermissionResult

    judged = IAMPolicyStatement.is_action_permitted

    def is_action_permitted(self: Any, *arguments: Any, **named: Any) -> Any:
        if not holds(self._statement.get("Condition") or {}):
            return PermissionResult.NEUTRAL
        return judged(self, *arguments, **named)

    IAMPolicyStatement.is_action_permitted = is_action_permitted  # type: ignore[method-assign]


def holds(condition: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a condition holds, as far as it asks for `aws:SecureTransport`."""
    for operator in _OPERATORS:
        for key, value in condition.get(operator, {}).items():
            if key.lower() == "aws:securetransport":
                wanted = value if isinstance(value, list) else [value]
                if "true" not in {str(item).lower() for item in wanted}:
                    return False
    return True
