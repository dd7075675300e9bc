"""Lets moto's STS say who calls as all other services here do, and refuse roles that do not exist.

moto calls a stranger `user/moto`, and lets anyone assume any role: a misspelt role would fail on AWS alone.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["patch_identities"]

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")


def patch_identities() -> None:
    """Correct STS. Called once, in the bridge's worker."""
    from moto.iam.models import iam_backends
    from moto.sts.exceptions import STSClientError, STSValidationError
    from moto.sts.models import STSBackend

    identity, assume = STSBackend.get_caller_identity, STSBackend.assume_role

    def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
        user_id, arn, account_id = identity(self, access_key_id, region)
        if arn.endswith(":user/moto"):
            return account_id, f"arn:aws:iam::{account_id}:root", account_id
        return user_id, arn, account_id

    def assume_role(self: Any, *, role_arn: str, **arguments: Any) -> Any:
        match = _ROLE.fullmatch(role_arn)
        if match is None:
            raise STSValidationError(f"{role_arn} is invalid")
        roles = iam_backends[self.account_id][self.partition].roles.values() if match[1] == self.account_id else ()
        if not any(role.arn == role_arn for role in roles):
            caller = f"arn:aws:iam::{self.account_id}:root"
            raise STSClientError(
                "AccessDenied",
                f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            )
        return assume(self, role_arn=role_arn, **arguments)

    STSBackend.get_caller_identity = get_caller_identity  # type: ignore[method-assign]
    STSBackend.assume_role = assume_role  # type: ignore[method-assign, assignment]
