"""The context object that TestState may be given: what it may hold.

https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.services.stepfunctions.errors import ValidationException

__all__ = ["check_context"]

_STRING, _NUMBER, _ANY = "a string", "a number", ""
_MEMBERS: Mapping[str, Mapping[str, str]] = {
    "Execution": {
        "Id": _STRING,
        "Input": _ANY,
        "Name": _STRING,
        "RedriveCount": _NUMBER,
        "RedriveTime": _STRING,
        "RoleArn": _STRING,
        "StartTime": _STRING,
    },
    "State": {"EnteredTime": _STRING, "Name": _STRING, "RetryCount": _NUMBER},
    "StateMachine": {"Id": _STRING, "Name": _STRING},
    "Task": {"Token": _STRING},
}


def check_context(context: Mapping[str, Any], *, waits: bool) -> None:
    """Raises ValidationException in AWS's words. `waits` tells whether the state waits for a token or a job."""
    if "Map" in context:
        raise _invalid("'Map' field is not supported when mocking a Context object")
    for name, value in context.items():
        members = _MEMBERS.get(name)
        if members is None:
            raise _invalid(f"Field '{name}' is not allowed")
        if not isinstance(value, Mapping):
            raise _invalid(f"{name} must be an object")
        for member, inner in value.items():
            _check_member(members, name, member, inner)
    if "Task" in context and not waits:
        raise _invalid(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service "
            "integration pattern"
        )


def _check_member(members: Mapping[str, str], name: str, member: str, value: Any) -> None:
    expected = members.get(member)
    if expected is None:
        raise _invalid(f"Field '{member}' is not allowed")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if (expected == _STRING and not isinstance(value, str)) or (expected == _NUMBER and not number):
        raise _invalid(f"{name}.{member} must be {expected}")


def _invalid(reason: str) -> ValidationException:
    return ValidationException(f"Invalid Context object provided: {reason}")
