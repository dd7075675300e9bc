"""Requests to outside, against a server of its own on the loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from emulator.clock import VirtualClock
from emulator.effects import Process
from emulator.engine import Engine, Runner
from emulator.engine.http_client import HttpClient
from emulator.http import HttpResponse
from emulator.outbound import HttpUnreachable, SendHttp


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; `/slow` answers late, `/away` elsewhere."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/slow":
            threading.Event().wait(0.5)  # on a thread of the server's: what is tested is who gives up
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("X-Twice", "1")
        self.send_header("X-Twice", "2")
        answer = f"{self.path} {self.headers['Host']} {self.headers.get('X-Mine')} ".encode() + body
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def send(request: SendHttp, endpoint_url: str = "http://127.0.0.1:1") -> HttpResponse:
    async def run() -> HttpResponse:
        engine = Engine(VirtualClock())
        client = HttpClient(endpoint_url)
        engine.perform(SendHttp, client)
        runner = Runner(engine)
        answer: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()

        def process() -> Process:
            return (yield request)

        def done(value: HttpResponse, error: BaseException | None) -> None:
            if error is None:
                answer.set_result(value)
            else:
                answer.set_exception(error)

        engine.spawn("request", process(), done=done)
        try:
            return await answer
        finally:
            runner.close()
            client.close()

    return asyncio.run(run())


def test_a_request_goes_out_whole_and_the_answer_comes_back_whole(address: str) -> None:
    answer = send(SendHttp("POST", f"http://{address}/a?b=c", (("X-Mine", "yes"),), b"body"))
    assert answer.status == 200
    assert answer.body == f"/a?b=c {address} yes body".encode()
    assert [value for name, value in answer.headers if name == "X-Twice"] in (["1", "2"], ["1, 2"])


def test_redirects_are_answers(address: str) -> None:
    assert send(SendHttp("POST", f"http://{address}/away")).status == 302


def test_of_a_long_answer_one_byte_too_many_is_read(address: str) -> None:
    answer = send(SendHttp("POST", f"http://{address}/", body=b"x" * 5_000, maximum_bytes=100))
    assert len(answer.body) == 101


def test_an_api_of_the_account_is_served_by_the_emulator(address: str) -> None:
    url = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/x?y=1"
    answer = send(SendHttp("POST", url), f"http://{address}")
    assert answer.body.startswith(b"/prod/x?y=1 abc123.execute-api.us-east-1.amazonaws.com ")


@pytest.mark.parametrize(("path", "seconds", "kind"), [("/slow", 0.1, "timeout"), (None, 5.0, "connection")])
def test_no_answer_is_an_error_of_its_kind(address: str, path: str | None, seconds: float, kind: str) -> None:
    url = "http://127.0.0.1:1/" if path is None else f"http://{address}{path}"
    with pytest.raises(HttpUnreachable) as caught:
        send(SendHttp("POST", url, timeout_seconds=seconds))
    assert caught.value.kind == kind
