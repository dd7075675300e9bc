"""Names, ARNs and page tokens of the API: what is allowed, and AWS's words for what is not."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import TypeVar

from emulator.operation import Params
from emulator.services.stepfunctions.errors import InvalidArn, InvalidName, InvalidToken
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas

__all__ = ["check_arn", "check_name", "page"]

_FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff]")
Item = TypeVar("Item")


def check_name(name: str) -> None:
    """Raise InvalidName where a name holds a forbidden character."""
    if name == "" or _FORBIDDEN.search(name) is not None:
        raise InvalidName(f"Invalid Name: '{name}'")


def check_arn(arn: str, *kinds: str) -> None:
    """Raise InvalidArn unless this is an ARN of Step Functions of one of the kinds (`stateMachine`, `execution`)."""
    parts = arn.split(":")
    if parts[0] != "arn":
        raise InvalidArn(f"Invalid Arn: 'Invalid ARN prefix: {arn}'")
    if len(parts) < 7 or parts[2] != "states":
        raise InvalidArn(f"Invalid Arn: 'ARN is not valid: {arn}'")
    if parts[5] not in kinds:
        raise InvalidArn(f"Invalid Arn: 'Resource type not valid in this context: {parts[5]}'")


def page(items: Sequence[Item], params: Params, quotas: StepFunctionsQuotas) -> tuple[Sequence[Item], dict[str, str]]:
    """The part of a list that a call asks for, and `nextToken` where there is more. Raises InvalidToken."""
    size = params.get("maxResults")
    size = quotas.default_page_size if size in (None, 0) else min(size, quotas.maximum_page_size)
    start = 0 if params.get("nextToken") is None else _decode(params["nextToken"])
    end = start + size
    return items[start:end], ({"nextToken": _encode(end)} if end < len(items) else {})


def _encode(position: int) -> str:
    return base64.urlsafe_b64encode(f"page {position}".encode()).decode()


def _decode(token: str) -> int:
    try:
        word, _, position = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "page":
            return int(position)
    except (binascii.Error, ValueError) as error:
        raise InvalidToken("Invalid Token: 'Invalid token'") from error
    raise InvalidToken("Invalid Token: 'Invalid token'")
