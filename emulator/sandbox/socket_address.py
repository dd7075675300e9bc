"""`struct sockaddr_in` and `sockaddr_in6` as they lie in a program's memory. https://man7.org/linux/man-pages/man7/ip.7.html"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

__all__ = ["LONGEST_ADDRESS", "SocketAddress", "in_ipv6"]

LONGEST_ADDRESS = 28
_SHORTEST = {int(socket.AF_INET): 16, int(socket.AF_INET6): 24}
_LOOPBACK_4, _ANY_4 = bytes((127, 0, 0, 1)), bytes(4)
_LOOPBACK_6, _ANY_6 = bytes(15) + b"\1", bytes(16)
_MAPPED = bytes(10) + b"\xff\xff"


@dataclass(frozen=True, slots=True)
class SocketAddress:
    """Where a program binds or connects to: `means_ipv6` is whether clients of ::1 are meant, and not those of 127.0.0.1."""

    family: int
    port: int
    host: bytes

    @classmethod
    def of(cls, data: bytes) -> SocketAddress | None:
        """Read it; None for other families, and for what is too short."""
        if len(data) < 2:
            return None
        family = int(struct.unpack_from("=H", data)[0])
        if len(data) < _SHORTEST.get(family, 1 << 16):
            return None
        port = int(struct.unpack_from(">H", data, 2)[0])
        return cls(family, port, data[4:8] if family == socket.AF_INET else data[8:24])

    @property
    def is_local(self) -> bool:
        """Whether it is one of the two loopback addresses that all programs use, or any address."""
        host = self.host.removeprefix(_MAPPED) if len(self.host) == 16 else self.host
        return host in (_LOOPBACK_4, _ANY_4, _LOOPBACK_6, _ANY_6)

    @property
    def is_any(self) -> bool:
        """Whether it is every address of its family."""
        return self.host in (_ANY_4, _ANY_6)

    @property
    def means_ipv6(self) -> bool:
        """Whether it is ::1 or ::, and not an address of IPv4 as IPv6 writes it."""
        return self.host in (_LOOPBACK_6, _ANY_6)

    def moved(self, host: str, port: int) -> bytes:
        """The same kind of address for `host`, an address of IPv4, as a program's memory holds it."""
        packed = socket.inet_aton(host)
        if self.family == socket.AF_INET:
            return struct.pack("=H", self.family) + struct.pack(">H", port) + packed + bytes(8)
        return struct.pack("=H", self.family) + struct.pack(">H", port) + bytes(4) + _MAPPED + packed


def in_ipv6(host: str) -> str:
    """An address of IPv4 for a socket of IPv6."""
    return f"::ffff:{host}"
