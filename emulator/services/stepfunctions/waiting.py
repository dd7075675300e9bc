"""How long a Wait state waits, and what AWS says where a path gives nothing to wait for."""

from __future__ import annotations

from typing import Any

from emulator.services.stepfunctions.asl.definition import Environment, Expression, WaitState
from emulator.services.stepfunctions.asl.document import dumps
from emulator.services.stepfunctions.asl.failures import DataFlowError
from emulator.services.stepfunctions.asl.timestamps import parse_timestamp

__all__ = ["positive_seconds", "wait_seconds"]

_LONGEST_SECONDS = 99_999_999


def wait_seconds(state: WaitState, environment: Environment, now: float) -> float:
    """Seconds from now; a moment in the past is none. Raises DataFlowError."""
    if state.seconds is not None:
        return state.seconds
    if state.timestamp is not None:
        return max(0.0, state.timestamp - now)
    if state.seconds_path is not None:
        return _seconds(state.seconds_path, environment, "Seconds" if state.is_jsonata else "SecondsPath")
    assert state.timestamp_path is not None
    value = state.timestamp_path.evaluate(environment)
    field = "Timestamp" if state.is_jsonata else "TimestampPath"
    try:
        return max(0.0, parse_timestamp(value) - now)
    except (TypeError, ValueError) as error:
        raise DataFlowError(
            f"The {field} parameter does not reference a valid ISO-8601 extended offset date-time format string: "
            f"{state.timestamp_path.text} == {_written(value)}"
        ) from error


def _seconds(path: Expression, environment: Environment, field: str) -> float:
    value = path.evaluate(environment)
    where = f"{path.text} == {_written(value)}"
    number = _whole_number(value)
    if number is None:
        raise DataFlowError(f"The {field} parameter cannot be parsed as a long value: {where}")
    if number < 0:
        raise DataFlowError(f"The {field} parameter references a negative value: {where}")
    if number > _LONGEST_SECONDS:
        raise DataFlowError(f"The {field} parameter references a value above {_LONGEST_SECONDS}: {where}")
    return float(number)


def positive_seconds(path: Expression, environment: Environment, field: str) -> float:
    """TimeoutSecondsPath and HeartbeatSecondsPath: a whole number above zero. Raises DataFlowError."""
    value = path.evaluate(environment)
    number = _whole_number(value)
    if number is None or not 0 < number <= _LONGEST_SECONDS:
        raise DataFlowError(
            f"The {field} parameter must reference an integer from 1 to {_LONGEST_SECONDS}: {path.text} == {_written(value)}"
        )
    return float(number)


def _whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return None
    return None


def _written(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)
