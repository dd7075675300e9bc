"""The `patchOperations` of Update calls: JSON Pointer paths with `~1` for a slash.

https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from emulator.errors import UnsupportedOperation
from emulator.services.apigateway.errors import BadRequestException

__all__ = ["Patch", "patches", "unsupported_patch"]


class Patch(NamedTuple):
    """One operation; `parts` are the unescaped parts of its path, `value` None where it has none."""

    op: str
    path: str
    parts: tuple[str, ...]
    value: str | None

    @property
    def text(self) -> str:
        """The value, where one is needed. Raises BadRequestException."""
        if self.value is None:
            raise BadRequestException(f"Invalid patch: a value is needed for {self.path}")
        return self.value

    @property
    def boolean(self) -> bool:
        """The value as a boolean. Raises BadRequestException."""
        if self.text not in ("true", "false"):
            raise BadRequestException(f"Invalid patch value for {self.path}: '{self.text}' is no boolean")
        return self.text == "true"

    @property
    def number(self) -> float:
        """The value as a number. Raises BadRequestException."""
        try:
            return float(self.text)
        except ValueError:
            raise BadRequestException(f"Invalid patch value for {self.path}: '{self.text}' is no number") from None


def patches(params: Mapping[str, Any]) -> Iterator[Patch]:
    """The patches of a call. Raises BadRequestException."""
    for item in params.get("patchOperations") or ():
        path = item.get("path", "")
        if item.get("op") not in ("add", "remove", "replace"):
            raise UnsupportedOperation(f"patch operation {item.get('op')} on {path} is not supported")
        if not path.startswith("/"):
            raise BadRequestException(f"Invalid patch path '{path}'")
        parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/"))
        yield Patch(item["op"], path, parts, item.get("value"))


def unsupported_patch(patch: Patch, what: str) -> UnsupportedOperation:
    """The error for a path that this emulator does not change."""
    return UnsupportedOperation(f"{what}: patch {patch.op} {patch.path} is not supported by this emulator")
