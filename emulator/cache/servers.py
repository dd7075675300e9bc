"""All caches of one emulator: performs the cache effects, says what runs, takes caches down and up, leaves nothing
behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator.cache.certificates import Certificates, issue_certificates
from emulator.cache.effects import CacheEndpoint, PauseCache, ResumeCache, SetAuthTokens, StartCache, StopCache
from emulator.cache.programs import ServerProgram, choose_program
from emulator.cache.server import CacheServer
from emulator.engine.janitor import Janitor
from emulator.engine.task import Done, Undo
from emulator.errors import EmulatorError

if TYPE_CHECKING:
    from emulator.engine import Engine

__all__ = ["CacheServers"]


class CacheServers:
    """Starts servers on demand. The program is chosen, and certificates are made, when the first cache needs them."""

    def __init__(
        self,
        *,
        janitor: Janitor,
        redis_url: str | None = None,
        choose: Callable[[str | None], ServerProgram] = choose_program,
    ) -> None:
        self._janitor = janitor
        self._redis_url = redis_url
        self._choose = choose
        self._program: ServerProgram | None = None
        self._certificates: Certificates | None = None
        self._servers: dict[str, CacheServer] = {}
        self._external: dict[str, CacheEndpoint] = {}
        self._preparing = asyncio.Lock()
        self._started = 0
        self._work: set[asyncio.Task[None]] = set()

    def register(self, engine: Engine) -> None:
        """Perform the cache effects for `engine`."""
        engine.perform(StartCache, self._performer(self._start))
        engine.perform(StopCache, self._performer(self._stop))
        engine.perform(PauseCache, self._performer(self._pause))
        engine.perform(ResumeCache, self._performer(self._resume))
        engine.perform(SetAuthTokens, self._performer(self._set_auth_tokens))

    # -- for the control API and reports -----------------------------------------------------------

    def program(self) -> ServerProgram:
        """The program that runs caches here. Raises EmulatorError where there is none."""
        if self._program is None:
            self._program = self._choose(self._redis_url)
        return self._program

    def describe(self) -> str:
        """What runs caches, in one line for people; for `doctor` and reports."""
        try:
            return self.program().title
        except EmulatorError as error:
            return str(error)

    def listing(self) -> list[dict[str, Any]]:
        """Every cache: what the template asked for, what runs, where, its state and processes."""
        rows = [
            {
                "id": name,
                "engine": server.spec.engine,
                "engine_version": server.spec.engine_version,
                "server": server.program.title,
                "tls": "relay" if server.spec.tls else "none",
                "host": server.endpoint.host,
                "port": server.port,
                "state": server.state,
                "process_ids": server.process_ids,
            }
            for name, server in self._servers.items()
        ]
        rows += [
            {
                "id": name,
                "server": self.program().title,
                "tls": "its own" if endpoint.tls else "none",
                "host": endpoint.host,
                "port": endpoint.port,
                "state": "external",
                "process_ids": [],
            }
            for name, endpoint in self._external.items()
        ]
        return rows

    async def take_down(self, cache_id: str, *, keep_data: bool = True) -> None:
        """Break every connection and refuse new ones until `bring_up`. A cache that is down stays down.

        Raises EmulatorError where there is no such cache, or it is not ours to stop.
        """
        server = self._server(cache_id, "taken down")
        if server.state == "running":
            await server.pause(keep_data=keep_data)

    async def bring_up(self, cache_id: str) -> CacheEndpoint:
        """Start a cache that is down, on its own port. Raises EmulatorError as `take_down` does."""
        server = self._server(cache_id, "brought up")
        if server.state != "running":
            await server.start()
        return server.endpoint

    async def close(self) -> None:
        """Stop every cache."""
        for work in tuple(self._work):
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        for server in self._servers.values():
            await server.stop()
        self._servers.clear()

    # -- effects -----------------------------------------------------------------------------------

    async def _start(self, effect: StartCache) -> CacheEndpoint:
        name = effect.resource
        if name in self._servers or name in self._external:
            raise EmulatorError(f"there is a cache {name} already")
        async with self._preparing:  # the first one prepares, on a thread: to run a binary and make keys takes a while
            program = await asyncio.to_thread(self.program)
            if effect.tls and self._certificates is None and program.kind != "external":
                self._certificates = await asyncio.to_thread(issue_certificates, self._janitor.folder / "ca")
        if program.kind == "external":
            self._external[name] = _external_endpoint(program, effect)
            return self._external[name]
        self._started += 1
        # A short name: a unix socket's path has room for 107 bytes.
        folder = self._janitor.folder / "cache" / str(self._started)
        server = CacheServer(effect, program, folder, self._janitor, self._certificates)
        self._servers[name] = server
        try:
            await server.start()
        except BaseException:
            del self._servers[name]
            await server.stop()
            raise
        return server.endpoint

    async def _stop(self, effect: StopCache) -> None:
        if self._external.pop(effect.resource, None) is None:
            await self._server(effect.resource, "stopped").stop()
            del self._servers[effect.resource]

    async def _pause(self, effect: PauseCache) -> None:
        await self.take_down(effect.resource, keep_data=effect.keep_data)

    async def _resume(self, effect: ResumeCache) -> CacheEndpoint:
        return await self.bring_up(effect.resource)

    async def _set_auth_tokens(self, effect: SetAuthTokens) -> None:
        await self._server(effect.resource, "given another AUTH token").set_auth_tokens(effect.auth_tokens)

    def _server(self, name: str, what: str) -> CacheServer:
        server = self._servers.get(name)
        if server is not None:
            return server
        if name in self._external:
            raise EmulatorError(f"cache {name} is served by {self.program().title}, which is not ours to be {what}")
        known = ", ".join(sorted(self._servers)) or "none"
        raise EmulatorError(f"there is no cache {name!r} to be {what}; there are: {known}")

    def _performer(self, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Callable[[Any, Done], Undo]:
        async def run(effect: Any, done: Done) -> None:
            try:
                result = await work(effect)
            except EmulatorError as error:
                done(None, error)
            except (OSError, TimeoutError) as error:
                done(None, EmulatorError(f"cache {effect.resource}: {error!r}"))
            else:
                done(result, None)

        def perform(effect: Any, done: Done) -> Undo:
            task = asyncio.get_running_loop().create_task(run(effect, done))
            self._work.add(task)
            task.add_done_callback(self._work.discard)

            def call_off() -> None:
                task.cancel()

            return call_off

        return perform


def _external_endpoint(program: ServerProgram, effect: StartCache) -> CacheEndpoint:
    parts = urlsplit(program.location)
    tls = parts.scheme == "rediss"
    if tls != effect.tls:
        wanted, there = ("TLS", "none") if effect.tls else ("no TLS", "TLS")
        raise EmulatorError(
            f"cache {effect.resource} wants {wanted} (TransitEncryptionEnabled) and {program.location} has {there}: "
            "name a server that fits, or none, so that one is started"
        )
    return CacheEndpoint(parts.hostname or "", parts.port or 6379, tls)
