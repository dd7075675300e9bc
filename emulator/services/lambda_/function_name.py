"""What a client may call a function: name, partial ARN or ARN, with or without a qualifier.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax (FunctionName)
"""

from __future__ import annotations

from emulator.account import Account
from emulator.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from emulator.value import value

__all__ = ["LATEST", "FunctionName", "function_arn", "layer_arn"]

LATEST = "$LATEST"


@value
class FunctionName:
    """A function and the qualifier that the caller named: a version, an alias, `$LATEST`, or nothing."""

    name: str
    qualifier: str | None

    @classmethod
    def parse(cls, text: str, qualifier: str | None, account: Account) -> FunctionName:
        """Read `FunctionName` and `Qualifier`. Raises ResourceNotFoundException for another region, AccessDenied for another account."""
        parts = text.split(":")
        if parts[0] == "arn" and len(parts) >= 7:
            region, account_id, name, rest = parts[3], parts[4], parts[6], parts[7:]
        elif len(parts) >= 3 and parts[1] == "function":
            region, account_id, name, rest = account.region, parts[0], parts[2], parts[3:]
        elif parts[0] == "function" and len(parts) >= 2:
            region, account_id, name, rest = account.region, account.account_id, parts[1], parts[2:]
        else:
            region, account_id, name, rest = account.region, account.account_id, parts[0], parts[1:]
        if region != account.region:
            raise ResourceNotFoundException(
                f"Functions from '{region}' are not reachable in this region ('{account.region}')"
            )
        if account_id != account.account_id:
            raise AccessDeniedException
        named = rest[0] if rest else None
        if named is not None and qualifier is not None and named != qualifier:
            raise InvalidParameterValueException(
                "The derived qualifier from the function name does not match the specified qualifier."
            )
        return cls(name, named if qualifier is None else qualifier)


def function_arn(account: Account, name: str, qualifier: str | None = None) -> str:
    """`arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`."""
    return account.arn("lambda", f"function:{name}" if qualifier is None else f"function:{name}:{qualifier}")


def layer_arn(account: Account, name: str, version: int | None = None) -> str:
    """`arn:aws:lambda:<region>:<account>:layer:<name>[:<version>]`."""
    return account.arn("lambda", f"layer:{name}" if version is None else f"layer:{name}:{version}")
