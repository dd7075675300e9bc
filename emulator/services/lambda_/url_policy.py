"""Who may use a function URL.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: since October 2025 a URL needs two permissions, `lambda:InvokeFunctionUrl` and
`lambda:InvokeFunction`; the condition `lambda:InvokedViaFunctionUrl` keeps the second one to URLs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

__all__ = ["URL_ACTIONS", "everybody_may"]

URL_ACTIONS: Final = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


def everybody_may(statements: Iterable[Mapping[str, Any]], auth_type: str) -> bool:
    """Whether AddPermission's statements let everybody, signed or not, invoke through a URL of that auth type."""
    keys = {"lambda:functionurlauthtype": auth_type, "lambda:invokedviafunctionurl": "true"}
    held = [one for one in statements if _is_everybody(one["Principal"]) and _holds(one.get("Condition", {}), keys)]
    return all(any(fnmatchcase(action.lower(), str(one["Action"]).lower()) for one in held) for action in URL_ACTIONS)


def _is_everybody(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and principal.get("AWS") == "*")


def _holds(condition: Mapping[str, Mapping[str, str]], keys: Mapping[str, str]) -> bool:
    """A condition on something that a URL's request does not carry does not hold."""
    return all(keys.get(key.lower()) == wanted for by_key in condition.values() for key, wanted in by_key.items())
