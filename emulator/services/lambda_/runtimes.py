"""Which runtimes there are, and which of them run here. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from emulator.account import Account
from emulator.errors import UnsupportedOperation
from emulator.services.lambda_.errors import InvalidParameterValueException

__all__ = ["OFFERED", "checked_runtime", "is_runtime", "runtime_version_arn"]

_RUN_HERE: Final = re.compile(r"python3\.\d+|nodejs\d+\.x|provided\.al2(023)?")
_AWS_HAS: Final = re.compile(r"(nodejs|java|python|dotnet|dotnetcore|go|ruby|provided)[\w.-]*")
OFFERED: Final = (
    "nodejs20.x, nodejs22.x, nodejs24.x, python3.9, python3.10, python3.11, python3.12, python3.13, python3.14, java8.al2, "
    "java11, java17, java21, java25, dotnet8, dotnet10, ruby3.2, ruby3.3, ruby3.4, provided.al2, provided.al2023"
)


def is_runtime(runtime: str) -> bool:
    """Whether AWS has, or had, a runtime of that name."""
    return _AWS_HAS.fullmatch(runtime) is not None


def checked_runtime(runtime: str) -> str:
    """The runtime. Raises InvalidParameterValueException for none of AWS's, UnsupportedOperation for one that does not run here."""
    if _RUN_HERE.fullmatch(runtime) is not None:
        return runtime
    if not is_runtime(runtime):
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{OFFERED}] or be a valid ARN"
        )
    raise UnsupportedOperation(
        f"lambda: runtime {runtime} is not supported by this emulator; it runs python3.x, nodejs*.x, provided.al2 and provided.al2023"
    )


def runtime_version_arn(runtime: str, account: Account) -> str:
    """An ARN of AWS's form that stands for the interpreter of this machine; it changes with the runtime only."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return account.arn("lambda", f"runtime:{digest}", account_id="")
