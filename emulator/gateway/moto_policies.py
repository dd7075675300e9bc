"""Lets moto's IAM take the policies that AWS takes: one that names no version is of version 2008-10-17, and allowed.

The policy templates of the Serverless Application Model name none.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""

from __future__ import annotations

from typing import Any

__all__ = ["patch_policies"]

_VERSIONS = ("2008-10-17", "2012-10-17")


def patch_policies() -> None:
    """Correct IAM. Called once, in the bridge's worker."""
    from moto.iam.policy_validation import BaseIAMPolicyValidator

    def validate_version(self: Any) -> None:
        if self._policy_json.get("Version", _VERSIONS[0]) not in _VERSIONS:
            raise ValueError("neither of the two versions")

    BaseIAMPolicyValidator._validate_version = validate_version  # type: ignore[method-assign]  # noqa: SLF001
