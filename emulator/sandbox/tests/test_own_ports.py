"""Ports that environments bind: each environment's are its own.

Where this machine does not allow it, one test shows that the log says so; the others show that nothing else is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import random
import socket
import textwrap
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from emulator.sandbox.effects import Outcome, StartedEnvironment, StopEnvironment, TakeLateLines
from emulator.sandbox.isolation import Command
from emulator.sandbox.language_runtimes import Folders
from emulator.sandbox.loopback_block import LoopbackBlock
from emulator.sandbox.ports_probe import LOST_WITHOUT_OWN_PORTS, reason_for_shared_ports
from emulator.sandbox.programs import Programs
from emulator.sandbox.tests.test_extensions import layer
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench

_SERVER = """
    import socket, socketserver, uuid
    ME = str(uuid.uuid4())
    class Tell(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.send_header("Content-Length", str(len(ME))); self.end_headers(); self.wfile.write(ME.encode())
        def do_POST(self):
            events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for event in events: print("HEARD", event["record"].strip(), flush=True)
            self.do_GET()
        def log_message(self, *_): pass
"""
_SERVE = """
    identifier, facts = register("INVOKE", "SHUTDOWN")
    print("ME", ME, flush=True)
    start()
    while following(identifier)["eventType"] == "INVOKE": pass
"""
_ASKING = """
import http.client, os, socket, threading
def ask(host, port):
    try:
        connection = http.client.HTTPConnection(host, port, timeout=20)
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except OSError as error:
        return type(error).__name__
def handler(event, context):
    if event.get("crash"): os._exit(3)
    print("said by", event.get("name"))
    return [ask(host, port) for host, port in event["ask"]]
"""


@functools.cache
def shared(*, isolated: bool = True) -> bool:
    """Whether this machine cannot do it; the probe is tested by what environments do where it says that they can."""
    return reason_for_shared_ports(isolated=isolated) is not None


HTTP = """
    def start():
        server = HTTPServer(("127.0.0.1", PORT), Tell)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    """


def serving(bench: Workbench, port: int, start: str = HTTP) -> tuple[Path, ...]:
    """A layer whose extension has a name that no other has, and tells it to whoever asks at the port."""
    parts = (_SERVER, f"PORT = {port}\n", start, _SERVE)
    return (layer(bench, "".join(map(textwrap.dedent, parts))),)


def name_of(started: StartedEnvironment) -> str:
    """The name with which its extension answers."""
    assert started.failure is None, (started.failure, started.lines)
    return next(line.text.split()[-1] for line in started.lines if " ME " in f" {line.text} ")


async def two(bench: Workbench, layers: tuple[Path, ...], code: str = _ASKING) -> dict[str, StartedEnvironment]:
    """Two environments at once, by the names of their extensions."""
    folder = bench.code(code)
    found = {name_of(one): one for one in await asyncio.gather(*(bench.start(folder, layers=layers) for _ in range(2)))}
    assert len(found) == 2
    return found


Test = Callable[[Workbench], Awaitable[None]]


def run(test: Test, folder: Path, cache: Path, *, isolated: bool = True) -> None:
    """Run it where the machine can do it; where not, look at what the log says instead."""
    if shared(isolated=isolated):
        run_where_ports_are_shared(folder, cache, isolated=isolated)
    else:
        run_with_workbench(test, folder, cache, isolated=isolated)


def run_where_ports_are_shared(folder: Path, cache: Path, *, isolated: bool) -> None:
    """One environment after the other works, and the log tells of the loss, once."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("emulator.sandbox.sandbox")
    logger.addHandler(handler)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])

    async def test(bench: Workbench) -> None:
        layers = serving(bench, port)
        for _ in range(2):
            started = await bench.start(bench.code(_ASKING), layers=layers)
            assert await answers(bench, started, ("127.0.0.1", port)) == [name_of(started)]
            await bench.do(StopEnvironment(started.environment_id))

    try:
        run_with_workbench(test, folder, cache, isolated=isolated)
    finally:
        logger.removeHandler(handler)
    assert [LOST_WITHOUT_OWN_PORTS in line for line in told].count(True) == 1


async def answers(bench: Workbench, started: StartedEnvironment, *asked: tuple[str, int]) -> Any:
    """What the function of an environment hears."""
    result = await bench.invoke(started, {"ask": asked}, timeout_seconds=30.0)
    assert result.outcome is Outcome.OK, result
    return json.loads(result.payload)


@pytest.fixture
def port() -> int:
    """A port that nobody has now, to stand for one that is written down in a program."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextlib.contextmanager
def server_outside(address: str, port: int = 0) -> Iterator[int]:
    """A server of this machine."""

    class Tell(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"outside")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer((address, port), Tell) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


def test_machine_without_it_is_told_once_in_one_line(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.sandbox.sandbox.reason_for_shared_ports", lambda isolated: "it is forbidden")
    run_where_ports_are_shared(tmp_path, cache, isolated=True)


@pytest.mark.parametrize("isolated", [True, False])
def test_two_environments_bind_the_same_port_and_reach_their_own(
    tmp_path: Path, cache: Path, port: int, isolated: bool
) -> None:
    async def test(bench: Workbench) -> None:
        for name, started in (await two(bench, serving(bench, port))).items():
            assert await answers(bench, started, ("localhost", port), ("127.0.0.1", port)) == [name, name]

    run(test, tmp_path, cache, isolated=isolated)


def test_servers_of_ipv6_are_reached_as_they_are_on_a_loopback_of_their_own(
    tmp_path: Path, cache: Path, port: int
) -> None:
    """`::` takes clients of both versions; a socket for IPv6 only leaves the port of IPv4 to another; and a thread may bind."""
    start = """
        class Six(HTTPServer):
            address_family = socket.AF_INET6
            only = 0
            def server_bind(self):
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, self.only)
                super().server_bind()
        class OnlySix(Six):
            only = 1
        def start():
            bound = threading.Event()
            def serve():
                servers = [Six(("::", PORT), Tell), OnlySix(("::1", OTHER), Tell), HTTPServer(("0.0.0.0", OTHER), Tell)]
                bound.set()
                for server in servers: threading.Thread(target=server.serve_forever, daemon=True).start()
            threading.Thread(target=serve).start()
            assert bound.wait(10)
            try: HTTPServer(("127.0.0.1", OTHER), Tell)
            except OSError as error: assert error.errno == 98
            else: assert False, "bound twice"
        """
    with socket.create_server(("127.0.0.1", 0)) as free:
        other = int(free.getsockname()[1])

    async def test(bench: Workbench) -> None:
        hosts = ("127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "localhost")
        asked = [(host, number) for host in hosts for number in (port, other)]
        for name, started in (
            await two(bench, serving(bench, port, f"OTHER = {other}\n" + textwrap.dedent(start)))
        ).items():
            assert await answers(bench, started, *asked) == [name] * len(asked)

    run(test, tmp_path, cache)


def test_port_binds_again_after_a_reset(tmp_path: Path, cache: Path, port: int) -> None:
    async def test(bench: Workbench) -> None:
        for name, started in (await two(bench, serving(bench, port))).items():
            crashed = await bench.invoke(started, {"crash": True})
            assert (crashed.outcome, crashed.exit_code) == (Outcome.EXIT, 3)
            again, refused = await answers(bench, started, ("127.0.0.1", port), ("::1", port))
            assert len(again) == len(name) and again != name, "the extension of the next init"
            assert refused == "ConnectionRefusedError"

    run(test, tmp_path, cache)


def test_everything_else_is_reached_where_it_is(tmp_path: Path, cache: Path, port: int) -> None:
    async def test(bench: Workbench) -> None:
        with server_outside("127.0.0.1") as outside, socket.create_server(("127.0.0.1", 0)) as free:
            nobody = free.getsockname()[1]
            free.close()
            found = await two(bench, serving(bench, port))
            for name, started in found.items():
                asked = (("127.0.0.1", outside), ("localhost", outside), ("127.0.0.1", nobody), ("127.0.0.1", port))
                assert await answers(bench, started, *asked) == ["outside", "outside", "ConnectionRefusedError", name]

    run(test, tmp_path, cache)


def test_server_outside_that_has_the_port_on_all_addresses_is_not_in_the_way(
    tmp_path: Path, cache: Path, port: int
) -> None:
    async def test(bench: Workbench) -> None:
        with server_outside("0.0.0.0", port):
            for name, started in (await two(bench, serving(bench, port))).items():
                assert await answers(bench, started, ("127.0.0.1", port), ("localhost", port)) == [name, name]

    run(test, tmp_path, cache)


def test_telemetry_comes_to_the_subscriber_in_the_same_environment(tmp_path: Path, cache: Path, port: int) -> None:
    subscribe = """
        status, body, _ = ask("PUT", "/2022-07-01/telemetry", {
            "schemaVersion": "2022-12-13", "types": ["function"], "buffering": {"timeoutMs": 25},
            "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{PORT}"}},
            Lambda_Extension_Identifier=identifier)
        assert status == 200, body
        """

    async def test(bench: Workbench) -> None:
        start = textwrap.dedent(HTTP).rstrip() + textwrap.indent(textwrap.dedent(subscribe), "    ")
        found = await two(bench, serving(bench, port, start))
        heard: list[str] = []
        for name, started in found.items():
            await bench.invoke(started, {"ask": [], "name": name})
        for name, started in found.items():
            while not any("HEARD" in line for line in heard):
                result = await bench.invoke(started, {"ask": [], "name": name})
                heard += [line.text for line in result.lines]
                heard += [
                    line.text
                    for late in await bench.do(TakeLateLines())
                    if late.environment_id == started.environment_id
                    for line in late.lines
                ]
            assert {line for line in heard if "HEARD" in line} == {f"HEARD said by {name}"}
            heard.clear()

    run(test, tmp_path, cache)


def test_datagrams_reach_the_server_in_the_same_environment(tmp_path: Path, cache: Path, port: int) -> None:
    start = """
        def start():
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind(("0.0.0.0", PORT))
            def serve():
                while True: server.sendto(ME.encode(), server.recvfrom(99)[1])
            threading.Thread(target=serve, daemon=True).start()
        """
    code = """
        import socket
        def handler(event, context):
            to, answers = ("127.0.0.1", event["ask"][0][1]), []
            for send in (
                lambda client: client.sendto(b"?", to),
                lambda client: client.sendmsg([b"?"], [], 0, to),
                lambda client: (client.connect(to), client.send(b"?")),
            ):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                    client.settimeout(20)
                    send(client)
                    answers.append(client.recv(99).decode())
            return answers
        """

    async def test(bench: Workbench) -> None:
        for name, started in (await two(bench, serving(bench, port, start), code)).items():
            assert await answers(bench, started, ("127.0.0.1", port)) == [name] * 3

    run(test, tmp_path, cache)


def test_connections_wait_for_a_server_that_does_not_accept_and_nobody_else_waits(
    tmp_path: Path, cache: Path, port: int
) -> None:
    start = """
        def start():
            server = socket.socket()
            server.bind(("127.0.0.1", PORT))
            server.listen(0)
            def serve():
                while not os.path.exists("/mnt/told/accept"): time.sleep(0.01)
                while True: kept.append(server.accept()[0])
            threading.Thread(target=serve, daemon=True).start()
        import time
        kept = []
        """
    code = """
        import socket, threading
        connected, threads = [], []
        def connect(port):
            with socket.create_connection(("127.0.0.1", port)) as client:
                connected.append(client.getpeername()[1])
        def handler(event, context):
            if not threads:
                threads.extend(threading.Thread(target=connect, args=(event["ask"][0][1],)) for _ in range(4))
                for thread in threads: thread.start()
                return sum(thread.is_alive() for thread in threads)
            for thread in threads: thread.join(20)
            return len(connected)
        """

    async def test(bench: Workbench) -> None:
        layers = serving(bench, port, start)
        started = await bench.start(bench.code(code), layers=layers, file_systems=(("told", "/mnt/told"),))
        assert await answers(bench, started, ("127.0.0.1", port)) >= 1, "some wait, and the answer came nevertheless"
        (bench.janitor.folder / "efs" / "told" / "accept").touch()
        assert await answers(bench, started, ("127.0.0.1", port)) == 4

    run(test, tmp_path, cache)


def test_nothing_is_left_of_environments_that_ended(tmp_path: Path, cache: Path, port: int) -> None:
    async def test(bench: Workbench) -> None:
        async def once() -> None:
            for started in (await two(bench, serving(bench, port))).values():
                await bench.do(StopEnvironment(started.environment_id))

        def left() -> tuple[int, int, list[Path]]:
            starters = [thread for thread in threading.enumerate() if thread.name == "starts with a filter"]
            return (
                len(list(Path("/proc/self/fd").iterdir())),
                len(starters),
                list(bench.janitor.folder.glob("etc/hosts-*")),
            )

        await once()
        descriptors = left()[0]
        await once()
        for thread in threading.enumerate():
            if thread.name == "starts with a filter":
                thread.join(20.0)
        assert left() == (descriptors, 0, [])

    run(test, tmp_path, cache)


def test_addresses_belong_to_one_at_a_time() -> None:
    first, second = LoopbackBlock(random.Random(7)), LoopbackBlock(random.Random(7))
    assert len({*_addresses(first), *_addresses(second)}) == 6
    first.close()
    third = LoopbackBlock(random.Random(7))
    assert _addresses(third) == _addresses(first)
    second.close()
    third.close()


def _addresses(block: LoopbackBlock) -> tuple[str, ...]:
    return block.ipv4, block.ipv6, block.spare


def test_lambdas_own_runtimes_have_no_filter_and_whatever_brings_programs_has(tmp_path: Path) -> None:
    folders = Folders("/var/task", "/opt", "/var/runtime", "/var/lang")
    lambdas = Command((), folders, {}, ("/var/lang/bin/python", "bootstrap.py"), 2)
    plain, provided = (
        Programs.of(lambdas, tmp_path, None, ""),
        Programs.of(Command((), folders, {}, (), 2), tmp_path, None, ""),
    )
    assert not plain.may_listen
    assert not provided.may_listen, "there is nothing to run"
    assert Programs.of(lambdas, tmp_path, None, "/opt/bootstrap").may_listen
    bootstrap = tmp_path / "bootstrap"
    bootstrap.touch(mode=0o755)
    assert Programs.of(Command((), folders, {}, (), 2), tmp_path, None, "").may_listen
    (tmp_path / "extensions").mkdir()
    (tmp_path / "extensions" / "agent").touch()
    assert Programs.of(lambdas, tmp_path, tmp_path, "").may_listen
