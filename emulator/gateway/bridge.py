"""The bridge to moto: services that only have to be stored and looked up run there, in one child process.

moto is Python that works for tens of milliseconds on a large request; in a process of its own it never holds up the loop that serves
ingests. The worker starts with the first request, answers one request after the other, and ends when the emulator does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from emulator.account import Account
from emulator.engine import Done, Engine, Undo
from emulator.engine.janitor import Janitor
from emulator.errors import InternalFailure, UnsupportedOperation
from emulator.gateway.bridge_frames import FrameProtocol, frame_head
from emulator.gateway.bridge_request import BridgeRequest
from emulator.http import HttpResponse

__all__ = ["MotoBridge"]

logger = logging.getLogger(__name__)

# First parts of host names that differ from the service's name.
_HOSTS = {"cloudwatch": "monitoring"}


@dataclass(slots=True)
class _Pending:
    """A request whose answer has not come."""

    request: BridgeRequest
    done: Done
    wanted: bool = field(default=True)

    def call_off(self) -> None:
        self.wanted = False


class MotoBridge:
    """Performs BridgeRequest. `preload` starts the worker early and has it import services before they are asked for."""

    def __init__(self, *, janitor: Janitor, account: Account) -> None:
        self._janitor = janitor
        self._account = account
        self._worker: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._unsent: list[bytes] = []
        self._pending: deque[_Pending] = deque()

    def register(self, engine: Engine) -> None:
        """Perform an engine's bridge requests."""
        engine.perform(BridgeRequest, self)

    @property
    def process_id(self) -> int | None:
        """The worker's process id; None before the first request and after it has ended."""
        return None if self._worker is None else self._worker.pid

    def preload(self, services: Iterable[str]) -> None:
        """Start the worker now and let it import these services, so that their first request is fast."""
        region = self._account.region
        urls = [f"https://{_HOSTS.get(service, service)}.{region}.amazonaws.com/" for service in sorted(services)]
        self._send(frame_head({"preload": urls}, 0), b"")

    def __call__(self, effect: BridgeRequest, done: Done) -> Undo:
        pending = _Pending(effect, done)
        self._pending.append(pending)
        header = {
            "service": effect.service,
            "operation": effect.operation,
            "method": effect.method,
            "url": effect.url,
            "headers": effect.headers,
        }
        try:
            self._send(frame_head(header, len(effect.body)), effect.body)
        except OSError as error:
            self._pending.pop()
            done(None, InternalFailure(f"the bridge to moto cannot start: {error}"))
        return pending.call_off

    # -- the worker --------------------------------------------------------------------------------------------------

    def _send(self, head: bytes, body: bytes) -> None:
        if self._worker is None:
            self._start()
        if self._transport is None:
            self._unsent += [head, body]
            return
        self._transport.write(head)
        if body:
            self._transport.write(body)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with open(self._log_path, "ab") as log:
                self._worker = subprocess.Popen(
                    [sys.executable, "-m", "emulator.gateway.bridge_worker", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self._environment(),
                    start_new_session=True,
                )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._janitor.watch(self._worker.pid)
        ours.setblocking(False)
        self._connecting = asyncio.get_running_loop().create_task(self._connect(ours))

    async def _connect(self, ours: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: FrameProtocol(self._received, self._lost), sock=ours)
        self._transport = transport
        unsent, self._unsent = self._unsent, []
        for part in unsent:
            if part:
                transport.write(part)

    def _environment(self) -> dict[str, str]:
        # The user's profile, region and endpoint settings are not for moto.
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MOTO_"))}
        return {
            **inherited,
            "AWS_ACCESS_KEY_ID": "bridge",
            "AWS_SECRET_ACCESS_KEY": "bridge",
            "AWS_DEFAULT_REGION": self._account.region,
            "MOTO_ACCOUNT_ID": self._account.account_id,
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # roles attach AWS's own policies, AWSLambdaBasicExecutionRole first
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }

    @property
    def _log_path(self) -> str:
        return str(self._janitor.folder / "bridge.log")

    def _received(self, header: dict[str, Any], body: bytes) -> None:
        pending = self._pending.popleft()
        if not pending.wanted:
            return
        effect = pending.request
        if "unsupported" in header:
            reason = header["unsupported"]
            message = f"{effect.service}:{effect.operation} is not supported by this emulator ({reason})"
            pending.done(None, UnsupportedOperation(message))
        elif "failed" in header:
            message = f"{effect.service}:{effect.operation} failed in moto: {header['failed']}"
            logger.error("%s", message)
            pending.done(None, InternalFailure(message))
        else:
            headers = tuple((name, value) for name, value in header["headers"])
            pending.done(HttpResponse(header["status"], headers, body), None)

    def _lost(self) -> None:
        """The worker has ended: what waits for it fails, and the next request starts another, without what was stored."""
        worker, self._worker, self._transport = self._worker, None, None
        if worker is None:
            return
        self._end(worker)
        waiting, self._pending = self._pending, deque()
        message = (
            f"the bridge's worker ended (exit code {worker.returncode}); what it stored is lost.{self._last_words()}"
        )
        logger.error("%s", message)
        for pending in waiting:
            if pending.wanted:
                pending.done(None, InternalFailure(message))

    def _end(self, worker: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self._janitor.forget(worker.pid)

    def _last_words(self) -> str:
        with suppress(OSError):
            with open(self._log_path, "rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - 1000))
                words = log.read().decode("utf-8", "replace").strip()
            return f" Its last words: {words}" if words else ""
        return ""

    async def close(self) -> None:
        """End the worker."""
        worker, self._worker = self._worker, None
        if self._connecting is not None:
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        if worker is not None:
            self._end(worker)
        waiting, self._pending = self._pending, deque()
        for pending in waiting:
            if pending.wanted:
                pending.done(None, InternalFailure("the emulator is closing"))
