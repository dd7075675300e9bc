"""Loopback addresses that belong to one environment on this machine, whoever else runs environments here.

A block is owned by whoever has bound the abstract unix socket of its name: names and loopback have the same scope, the network namespace,
and the kernel gives the name back when its owner ends, however it ends.
"""

from __future__ import annotations

import errno
import random
import socket
from ipaddress import IPv4Address

__all__ = ["LoopbackBlock"]

_FIRST = int(IPv4Address("127.64.0.0"))
_BLOCKS = 1 << 20
_ADDRESSES = 4
"""In a block; a million blocks are 127.64.0.0/10, away from the addresses that people choose."""
_TRIES = 100


class LoopbackBlock:
    """Addresses of one's own until `close`. Raises OSError where none can be had.

    `ipv4` stands for 127.0.0.1, `ipv6` for ::1 (an address of IPv4 too: IPv6 has one loopback address), `spare` is never bound for long.
    """

    def __init__(self, choose: random.Random | None = None) -> None:
        choose = random.SystemRandom() if choose is None else choose
        self._name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        for _ in range(_TRIES):
            first = IPv4Address(_FIRST + _ADDRESSES * choose.randrange(_BLOCKS))
            try:
                self._name.bind(f"\0windtunnel environment at {first}")
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    self._name.close()
                    raise
                continue
            self.ipv4, self.ipv6, self.spare = (str(first + number) for number in (1, 2, 3))
            return
        self._name.close()
        raise OSError(errno.EADDRNOTAVAIL, f"no free loopback addresses for an environment after {_TRIES} tries")

    def close(self) -> None:
        """Give them back."""
        self._name.close()
