"""Values that are made thousands of times a second: dataclasses that only type checking keeps frozen.

Python's own frozen dataclass sets each member through a call, and takes three to four times as long to be made as one that is not frozen.
A request passes through a dozen such values. Those that every call makes are marked with `value`; all others stay frozen dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

__all__ = ["value"]

Kind = TypeVar("Kind")

if TYPE_CHECKING:
    from typing import dataclass_transform

    @dataclass_transform(frozen_default=True, field_specifiers=(field,))
    def value(kind: type[Kind]) -> type[Kind]:
        """A frozen, slotted, hashable dataclass to the type checker."""
        raise NotImplementedError

else:
    value = dataclass(slots=True, unsafe_hash=True)
