"""Operations that moto would store without the effect that they are for. They are refused by name."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["NOT_IN_MOTO"]

_NO_EFFECT = "moto would store it, and nothing would happen"

NOT_IN_MOTO: Mapping[str, Mapping[str, str]] = {"secretsmanager": {"RotateSecret": _NO_EFFECT}}
"""By service and operation: why it is refused."""
