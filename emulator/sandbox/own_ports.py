"""The ports of one environment: what binds a port on loopback binds it at addresses that are this environment's alone.

On Lambda every environment has a loopback of its own, so an extension or a web server that binds a fixed port (2772, 8080, ...) works in
all of them at once. Here they share the machine's, because functions must reach the emulator, the cache and the machine's own servers.
So the calls that name an address are looked at on their way into the kernel (see `socket_calls`):

    bind      to 127.0.0.1, ::1 or any address, of TCP or UDP, with a port: done here, at an address of this environment
    connect   to 127.0.0.1, ::1 or any address: done here where the environment has bound that port, else left to the kernel
    sendto    (and sendmsg, sendmmsg) with such an address: the address is replaced, the kernel goes on

Everything else is left to the kernel: port 0, ports that need a privilege, other addresses, other families. Where a program outside has
the port on all addresses (0.0.0.0), another port is bound in its place, and connections are led there.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import socket
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulator.sandbox.filtered_start import FilteredStart
from emulator.sandbox.loopback_block import LoopbackBlock
from emulator.sandbox.socket_address import LONGEST_ADDRESS, SocketAddress, in_ipv6
from emulator.sandbox.socket_calls import CallName, SocketCall, answer, let_through, receive, still_waits

__all__ = ["OwnPorts"]

_IPV4, _IPV6 = 4, 6
_LATER = -1
"""In place of an errno: the call is answered when its connection is there, or refused."""
_UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY)
_MESSAGE = struct.Struct("=QI")
"""The first members of `struct msghdr`: address and its length."""
_MMSGHDR_BYTES = 64
_MOST_MESSAGES = 64


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a port that a program has bound really is."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Connecting:
    """A caller that waits for its connection."""

    call: SocketCall
    taken: socket.socket
    target: tuple[str, int]


class OwnPorts:
    """Everything of one environment: create, `start` its process, `close` after the process was collected."""

    hosts: Path | None = None
    """A file that goes when this is closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._block = LoopbackBlock()
        self._start: FilteredStart | None = None
        self._bound: dict[tuple[int, int, int], _Place] = {}
        """By kind of socket, version of IP that clients use, and port as the programs know it."""
        self._connecting: dict[int, _Connecting] = {}

    @property
    def addresses(self) -> tuple[str, str]:
        """What stands for 127.0.0.1, and for ::1: a program sees it where it asks for the name of its socket."""
        return self._block.ipv4, self._block.ipv6

    def start(self, start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        """Call `start` so that what it starts, and all below that, binds ports of its own. Raises OSError."""
        self._start = FilteredStart(start)
        self._loop.add_reader(self._start.listener, self._readable)
        return self._start.process

    def locate(self, port: int) -> tuple[str, int]:
        """Where a server of this environment listens that programs in it reach at `port` on loopback, over TCP."""
        place = self._bound.get((socket.SOCK_STREAM, _IPV4, port)) or self._bound.get((socket.SOCK_STREAM, _IPV6, port))
        return ("127.0.0.1", port) if place is None else (place.host, place.port)

    def close(self) -> None:
        """Give everything back."""
        for descriptor, connecting in self._connecting.items():
            self._loop.remove_writer(descriptor)
            connecting.taken.close()
        self._connecting.clear()
        if self._start is not None:
            self._loop.remove_reader(self._start.listener)
            self._start.close()
            self._start = None
        self._block.close()
        if self.hosts is not None:
            self.hosts.unlink(missing_ok=True)

    # -- one call after the other ------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        if self._start is None:
            return
        call = receive(self._start.listener)
        if call is None:
            return
        try:
            error = self._decide(call)
        except OSError:
            # Its caller is gone, or cannot be looked into: it is the kernel's, as without all this.
            error = None
        except BaseException:
            let_through(self._start.listener, call)  # a defect of ours, told by the loop, leaves no program hanging
            raise
        if error is None:
            let_through(self._start.listener, call)
        elif error != _LATER:
            answer(self._start.listener, call, error)

    def _decide(self, call: SocketCall) -> int | None:
        """The errno of the call that was made in the caller's place; None where the kernel shall go on; or `_LATER`."""
        if call.name is CallName.BIND:
            return self._bind(call)
        if not self._bound:
            return None
        if call.name is CallName.CONNECT:
            return self._connect(call)
        self._redirect(call)
        return None

    def _socket_of(self, call: SocketCall) -> socket.socket:
        taken = call.take_socket()
        if self._start is None or not still_waits(self._start.listener, call):
            taken.close()
            raise ProcessLookupError(errno.ESRCH, "the caller has ended")
        return taken

    # -- bind --------------------------------------------------------------------------------------------------------------------

    def _bind(self, call: SocketCall) -> int | None:
        address = _address(call, call.arguments[1], call.arguments[2])
        if address is None or not address.is_local or address.port < _first_unprivileged_port():
            return None
        with self._socket_of(call) as taken:
            if taken.family != address.family or taken.type not in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                return None
            versions = [_IPV6 if address.means_ipv6 else _IPV4]
            if address.means_ipv6 and address.is_any and not taken.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
                versions = [_IPV4, _IPV6]
            host = self._block.ipv4 if _IPV4 in versions else self._block.ipv6
            known = self._bound.get((taken.type, versions[0], address.port))
            port = address.port if known is None or known.host != host else known.port
            error = _bind_at(taken, host, port)
            if error == errno.EADDRINUSE and port == address.port and self._taken_outside(taken.type, port):
                error = _bind_at(taken, host, 0)
            if error:
                return error
            place = _Place(host, int(taken.getsockname()[1]))
            for version in versions:
                self._bound[taken.type, version, address.port] = place
            return 0

    def _taken_outside(self, kind: int, port: int) -> bool:
        """Whether somebody has the port on all addresses, and so on ours as well."""
        with socket.socket(socket.AF_INET, kind) as tried:
            return _bind_at(tried, self._block.spare, port) == errno.EADDRINUSE

    # -- connect -----------------------------------------------------------------------------------------------------------------

    def _connect(self, call: SocketCall) -> int | None:
        address = _address(call, call.arguments[1], call.arguments[2])
        if address is None or not self._may_be_ours(address):
            return None
        with self._socket_of(call) as taken:
            place = self._place(taken.type, address)
            if taken.family != address.family:
                return None
            if place is None:  # bound for the other version of IP, perhaps: a server outside is not what is meant
                other = self._bound.get((taken.type, _IPV4 if address.means_ipv6 else _IPV6, address.port))
                return None if other is None or taken.type != socket.SOCK_STREAM else errno.ECONNREFUSED
            waits = taken.type == socket.SOCK_STREAM and os.get_blocking(taken.fileno())
            target = _for(taken, place.host), place.port
            if not waits:
                return taken.connect_ex(target)
            # Nobody waits for a connection in this thread: the caller does, and its socket is as it was when it is answered.
            os.set_blocking(taken.fileno(), False)
            error = taken.connect_ex(target)
            if error in _UNDER_WAY and _is_writable(taken):
                error = taken.connect_ex(target)
            if error in _UNDER_WAY:
                kept = taken.dup()
                self._connecting[kept.fileno()] = _Connecting(call, kept, target)
                self._loop.add_writer(kept.fileno(), self._connected, kept.fileno())
                return _LATER
            os.set_blocking(taken.fileno(), True)
            return error

    def _connected(self, descriptor: int) -> None:
        self._loop.remove_writer(descriptor)
        connecting = self._connecting.pop(descriptor)
        with connecting.taken as taken:
            error = taken.connect_ex(connecting.target)
            os.set_blocking(descriptor, True)
        if self._start is not None:
            answer(self._start.listener, connecting.call, error)

    def _may_be_ours(self, address: SocketAddress) -> bool:
        return address.is_local and any(port == address.port for _, _, port in self._bound)

    def _place(self, kind: int, address: SocketAddress) -> _Place | None:
        return self._bound.get((kind, _IPV6 if address.means_ipv6 else _IPV4, address.port))

    # -- datagrams ---------------------------------------------------------------------------------------------------------------

    def _redirect(self, call: SocketCall) -> None:
        """Replace addresses in the caller's memory: what it sends need not pass through here."""
        if not any(kind == socket.SOCK_DGRAM for kind, _, _ in self._bound):
            return
        if call.name is CallName.SENDTO:
            self._redirect_one(call, call.arguments[4], call.arguments[5])
            return
        count = min(call.arguments[2] & 0xFFFFFFFF, _MOST_MESSAGES) if call.name is CallName.SENDMMSG else 1
        for number in range(count):
            message = call.read(call.arguments[1] + number * _MMSGHDR_BYTES, _MESSAGE.size)
            where, length = _MESSAGE.unpack(message)
            if where:
                self._redirect_one(call, where, length)

    def _redirect_one(self, call: SocketCall, where: int, length: int) -> None:
        address = _address(call, where, length)
        place = None if address is None or not address.is_local else self._place(socket.SOCK_DGRAM, address)
        if address is not None and place is not None:
            call.write(where, address.moved(place.host, place.port))


def _address(call: SocketCall, where: int, length: int) -> SocketAddress | None:
    return SocketAddress.of(call.read(where, min(length & 0xFFFFFFFF, LONGEST_ADDRESS)))


def _bind_at(taken: socket.socket, host: str, port: int) -> int:
    """The errno of it, or 0."""
    try:
        taken.bind((_for(taken, host), port))
    except OSError as error:
        # A signal interrupted the caller after this was done once (on kernels that cannot prevent it): it is as wished.
        done = error.errno == errno.EINVAL and taken.getsockname()[:2] == (_for(taken, host), port)
        return 0 if done else error.errno or errno.EINVAL
    return 0


def _for(taken: socket.socket, host: str) -> str:
    """The address as this socket wants it, which then takes IPv4's addresses too."""
    if taken.family != socket.AF_INET6:
        return host
    with contextlib.suppress(OSError):  # bound already: then it stays what it is
        taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return in_ipv6(host)


def _is_writable(taken: socket.socket) -> bool:
    poll = select.poll()
    poll.register(taken.fileno(), select.POLLOUT)
    return bool(poll.poll(0))


@cache
def _first_unprivileged_port() -> int:
    """Below it the kernel decides, by the rights of the program (and of port 0 always)."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) or 1
    except OSError:
        return 1024
