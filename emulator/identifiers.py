"""Every random identifier that a service hands out, from one seeded source, so that the same seed gives the same run."""

from __future__ import annotations

import random

__all__ = ["Identifiers"]

_UUID_VERSION_4 = 0x4 << 76 | 0x2 << 62
_UUID_RANDOM = ~(0xF << 76 | 0x3 << 62)
"""Every bit but those of the version and the variant: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4"""


class Identifiers:
    """Seeded identifiers in AWS's shapes."""

    __slots__ = ("random",)

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def uuid(self) -> str:
        """A version 4 UUID: request ids, message ids, execution names."""
        bits = self.random.getrandbits(128) & _UUID_RANDOM | _UUID_VERSION_4
        digits = f"{bits:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def hex(self, digits: int) -> str:
        """`digits` lower-case hexadecimal digits."""
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def letters(self, length: int) -> str:
        """`length` lower-case letters and digits: API ids, key ids, suffixes of generated names."""
        return "".join(self.random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))

    def trace_root(self, now: float) -> str:
        """An X-Ray trace id, `1-<8 hex of the epoch second>-<24 hex>`."""
        return f"1-{int(now):08x}-{self.hex(24)}"
