"""Whether environments on this machine can have ports of their own: tries with one program what `own_ports` does for all."""

from __future__ import annotations

import errno
import os
import select
import socket
import subprocess
import sys

from emulator.sandbox.filtered_start import FilteredStart
from emulator.sandbox.isolation import probe_command
from emulator.sandbox.loopback_block import LoopbackBlock
from emulator.sandbox.socket_calls import CallName, answer, let_through, receive, supported

__all__ = ["LOST_WITHOUT_OWN_PORTS", "reason_for_shared_ports"]

LOST_WITHOUT_OWN_PORTS = (
    "function environments share this machine's ports: an extension or a web server that binds a fixed port works in one environment "
    "at a time"
)
_SECONDS = 10.0
_PROGRAM = (
    "import _socket, sys; s = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0); "
    "s.bind(('127.0.0.1', 0)); sys.exit(0 if s.getsockname()[0] == sys.argv[1] else 9)"
)


def reason_for_shared_ports(*, isolated: bool) -> str | None:
    """Why environments cannot have ports of their own here; None where they can. Takes as long as a small program does.

    `isolated` is whether environments run in namespaces.
    """
    if not supported():
        return "it needs Linux on x86_64 or aarch64"
    block = None
    try:
        block = LoopbackBlock()
        return _try(block.ipv4, isolated=isolated)
    except OSError as error:
        return f"this machine does not allow it ({error})"
    finally:
        if block is not None:
            block.close()


def _try(address: str, *, isolated: bool) -> str | None:
    program = (sys.executable, "-I", "-S", "-c", _PROGRAM, address)
    command = probe_command(*program) if isolated else list(program)
    if command is None:
        return "there is no bubblewrap"
    started = FilteredStart(
        lambda: subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    )
    process = started.process
    ended = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(started.listener, select.POLLIN)
        poll.register(ended, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poll.poll(_SECONDS * 1000.0)]
            if not ready:
                return f"a program that binds a port did not end within {_SECONDS:.0f} s"
            if ended in ready:
                code = process.wait()
                return None if code == 0 else f"a program that binds a port ended with {code}"
            _bind_for_it(started.listener, address)
    finally:
        os.close(ended)
        process.kill()
        process.wait()
        started.close()


def _bind_for_it(listener: int, address: str) -> None:
    call = receive(listener)
    if call is None:
        return
    if call.name is not CallName.BIND:
        let_through(listener, call)
        return
    try:
        call.read(call.arguments[1], 16)
        with call.take_socket() as taken:
            if taken.family != socket.AF_INET:
                let_through(listener, call)
                return
            taken.bind((address, 0))
    except OSError as error:
        answer(listener, call, error.errno or errno.EINVAL)
        raise
    answer(listener, call)
