"""The socket calls of other processes, stopped on their way into the kernel: seccomp's user notifications, for x86_64 and aarch64.

A thread that called `install_filter`, and every process that it starts afterwards, waits in each bind, connect and addressed send until
whoever holds the descriptor answered: with a result, with an error, or with "go on".

https://man7.org/linux/man-pages/man2/seccomp_unotify.2.html, https://man7.org/linux/man-pages/man2/pidfd_getfd.2.html; the numbers are
those of linux/seccomp.h, linux/filter.h, linux/audit.h and of the two architectures' unistd.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
import sys
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["CallName", "SocketCall", "answer", "install_filter", "let_through", "receive", "still_waits", "supported"]


class CallName(IntEnum):
    """The calls that are stopped, in the order of `_NUMBERS`."""

    BIND = 0
    CONNECT = 1
    SENDTO = 2
    SENDMSG = 3
    SENDMMSG = 4


_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NUMBERS = {"x86_64": (49, 42, 44, 46, 307), "aarch64": (200, 203, 206, 211, 269)}
_SECCOMP_NUMBER = {"x86_64": 317, "aarch64": 277}
_PIDFD_GETFD_NUMBER = 438
_X32_BIT = 0x40000000

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
_SPEC_ALLOW, _NEW_LISTENER, _WAIT_KILLABLE_RECV = 1 << 2, 1 << 3, 1 << 5
_RET_ALLOW, _RET_USER_NOTIF, _RET_ERRNO = 0x7FFF0000, 0x7FC00000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
"""BPF: load a word of `struct seccomp_data`, jump if equal, jump if greater or equal, return."""
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIFTH_ARGUMENT = 0, 4, 48

_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=QqiI")
_RECEIVE, _SEND, _ID_VALID = 0xC0502100, 0xC0182101, 0x40082102
_FLAG_CONTINUE = 1

_MACHINE = platform.machine()
_libc = ctypes.CDLL(None, use_errno=True)


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


@dataclass(frozen=True, slots=True)
class SocketCall:
    """A thread that waits in a call. `thread` is its id as this process sees it."""

    notification: int
    thread: int
    name: CallName
    arguments: tuple[int, ...]

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the caller's memory. Raises OSError where it is gone, or where this process must not look into it."""
        memory = os.open(f"/proc/{self.thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(memory, size, address)
        finally:
            os.close(memory)

    def write(self, address: int, data: bytes) -> None:
        """Change the caller's memory. Raises OSError."""
        memory = os.open(f"/proc/{self.thread}/mem", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.pwrite(memory, data, address)
        finally:
            os.close(memory)

    def take_socket(self) -> socket.socket:
        """The very socket of the call's first argument, under a descriptor of this process. Raises OSError."""
        process = self._open_process()
        try:
            descriptor = _system_call(_PIDFD_GETFD_NUMBER, process, self.arguments[0] & 0xFFFFFFFF, 0)
        finally:
            os.close(process)
        try:
            return socket.socket(fileno=descriptor)
        except OSError:  # a file, not a socket: what the call does with it is the kernel's business
            os.close(descriptor)
            raise

    def _open_process(self) -> int:
        with contextlib.suppress(OSError):  # not the first thread of its process: only that one can be opened
            return os.pidfd_open(self.thread)
        with open(f"/proc/{self.thread}/status", "rb") as status:
            for line in status:
                if line.startswith(b"Tgid:"):
                    return os.pidfd_open(int(line[5:]))
        raise ProcessLookupError(errno.ESRCH, "the caller has ended")


def supported() -> bool:
    """Whether the numbers above are those of this machine; whether its kernel and rights allow it is another question."""
    return sys.platform.startswith("linux") and _MACHINE in _NUMBERS and hasattr(os, "pidfd_open")


def install_filter() -> int:
    """Stop the socket calls of this thread, for good, and of all that it starts; the descriptor that tells of them.

    Never call it in a thread that goes on to use sockets. Raises OSError where the kernel does not have it, or forbids it.
    """
    if not supported():
        raise OSError(errno.ENOSYS, "no filter of socket calls on this platform")
    instructions = _instructions()
    array = (_Instruction * len(instructions))(*instructions)
    program = _Program(len(instructions), array)
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
    flags = _NEW_LISTENER | _SPEC_ALLOW
    try:
        # A signal (the freeze) must not interrupt a call that is being answered: it would be made twice.
        return _install(flags | _WAIT_KILLABLE_RECV, program)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return _install(flags, program)  # before Linux 5.19


def receive(listener: int) -> SocketCall | None:
    """The next call, where `listener` is readable; None where its caller was killed meanwhile. Raises OSError."""
    data = bytearray(_NOTIFICATION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, data, True)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    notification, thread, _, number, _, _, *arguments = _NOTIFICATION.unpack(data)
    return SocketCall(notification, thread, CallName(_NUMBERS[_MACHINE].index(number)), tuple(arguments))


def still_waits(listener: int, call: SocketCall) -> bool:
    """Whether the caller is there still: if not, its id may be another's by now."""
    try:
        fcntl.ioctl(listener, _ID_VALID, struct.pack("=Q", call.notification))
    except OSError:
        return False
    return True


def answer(listener: int, call: SocketCall, error: int = 0) -> None:
    """Let the call return 0, or fail with an errno."""
    _respond(listener, _RESPONSE.pack(call.notification, 0, -error, 0))


def let_through(listener: int, call: SocketCall) -> None:
    """Let the kernel do what the caller asks for."""
    _respond(listener, _RESPONSE.pack(call.notification, 0, 0, _FLAG_CONTINUE))


def _respond(listener: int, response: bytes) -> None:
    try:
        fcntl.ioctl(listener, _SEND, response)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EINPROGRESS):  # the caller was killed, or interrupted by a signal
            raise


def _instructions() -> list[_Instruction]:
    """Allow what is of a foreign architecture, refuse x32, stop the calls; of `sendto` only what has an address."""
    bind, connect, sendto, sendmsg, sendmmsg = _NUMBERS[_MACHINE]
    return [
        _Instruction(_LOAD, 0, 0, _AT_ARCHITECTURE),
        _Instruction(_EQUAL, 0, 13, _AUDIT_ARCHITECTURE[_MACHINE]),  # else 15
        _Instruction(_LOAD, 0, 0, _AT_NUMBER),
        _Instruction(_AT_LEAST, 9, 0, _X32_BIT),  # then 13
        _Instruction(_EQUAL, 9, 0, bind),  # then 14
        _Instruction(_EQUAL, 8, 0, connect),
        _Instruction(_EQUAL, 7, 0, sendmsg),
        _Instruction(_EQUAL, 6, 0, sendmmsg),
        _Instruction(_EQUAL, 0, 6, sendto),  # else 15
        _Instruction(_LOAD, 0, 0, _AT_FIFTH_ARGUMENT),
        _Instruction(_EQUAL, 0, 3, 0),  # else 14
        _Instruction(_LOAD, 0, 0, _AT_FIFTH_ARGUMENT + 4),
        _Instruction(_EQUAL, 2, 1, 0),  # then 15, else 14
        _Instruction(_RETURN, 0, 0, _RET_ERRNO | errno.ENOSYS),
        _Instruction(_RETURN, 0, 0, _RET_USER_NOTIF),
        _Instruction(_RETURN, 0, 0, _RET_ALLOW),
    ]


def _install(flags: int, program: _Program) -> int:
    return _system_call(_SECCOMP_NUMBER[_MACHINE], _SET_MODE_FILTER, flags, ctypes.byref(program))


def _system_call(number: int, *arguments: object) -> int:
    passed = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    result: int = _libc.syscall(ctypes.c_long(number), *passed)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
