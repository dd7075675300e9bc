"""The expression parameters of each operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.services.dynamodb.expressions.conditions import Condition
from emulator.services.dynamodb.expressions.key_conditions import KeyCondition
from emulator.services.dynamodb.expressions.projections import Projection
from emulator.services.dynamodb.expressions.updates import Update

__all__ = ["Expressions", "check_parameters", "read_expressions"]


@dataclass(frozen=True, slots=True)
class Expressions:
    """What a request's expressions or legacy parameters say; None for what it does not have."""

    condition: Condition | None = None
    filter: Condition | None = None
    projection: Projection | None = None
    key_condition: KeyCondition | None = None
    update: Update | None = None


def check_parameters(operation: str, params: Mapping[str, Any]) -> None:
    """Refuse legacy parameters beside expressions, and names or values without an expression.

    `operation` is the API's name; the members of a TransactWriteItems are `Put`, `Update`, `Delete`, `ConditionCheck`, of a
    TransactGetItems `Get`, and a table of a BatchGetItem is `KeysAndAttributes`.
    """
    raise NotImplementedError


def read_expressions(operation: str, params: Mapping[str, Any]) -> Expressions:
    """Parse and check a request's expressions, with its names and values. `params` have passed `check_parameters`."""
    raise NotImplementedError
