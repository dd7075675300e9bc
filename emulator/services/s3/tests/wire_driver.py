"""S3 behind its HTTP surface, without a socket: requests in, responses out, recorded deliveries."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.effects import Process
from emulator.engine import Engine
from emulator.errors import AwsError
from emulator.gateway.front import Front
from emulator.gateway.intake import Intakes
from emulator.gateway.s3_surface import S3Surface
from emulator.http import HttpRequest, HttpResponse
from emulator.operation import CallContext, Params, Reply
from emulator.protocols import Wires
from emulator.services.s3 import S3Service

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
WIRES = Wires()


class Recorder:
    """Stands for the service that S3 delivers to: keeps its calls, refuses what it is told to refuse."""

    def __init__(self, service: str) -> None:
        self.service_id = service
        self.calls: list[tuple[str, Params, CallContext]] = []
        self.refusals: list[AwsError] = []

    def handle(self, name: str, params: Params, context: CallContext) -> Reply | Process:
        self.calls.append((name, params, context))
        if self.refusals:
            raise self.refusals.pop(0)
        return Reply({"StatusCode": 204, "Payload": b""})

    def resource_of(self, name: str, params: Params, context: CallContext) -> str:
        return ""


class WireDriver:
    """One emulator's S3 as HTTP clients see it; `call` is another service's way in."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.engine = Engine(self.clock)
        account = Account("http://127.0.0.1:4566")
        self.service = S3Service(account)
        self.engine.register("s3", self.service)
        self.recorders = {name: Recorder(name) for name in ("sqs", "sns", "lambda", "events")}
        for name, recorder in self.recorders.items():
            self.engine.register(name, recorder)
        surface = S3Surface(Intakes(Path(tempfile.gettempdir()) / "windtunnel-no-body-is-this-large"))
        self.front = Front(self.engine, account, lambda: WIRES, None, surface)  # type: ignore[arg-type]

    def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        signed: bool = True,
        host: str = "127.0.0.1:4566",
    ) -> HttpResponse:
        path, _, query = target.partition("?")
        given = {"Host": host, "Content-Length": str(len(body)), **(headers or {})}
        if signed:
            given["Authorization"] = SIGNED
        answers: list[HttpResponse] = []
        self.front(HttpRequest(method, path, query, tuple(given.items()), body), answers.append)
        self.settle()
        [answer] = answers
        return answer

    def call(self, name: str, /, **params: Any) -> Any:
        outcome: list[tuple[Any, BaseException | None]] = []
        context = CallContext(
            self.clock.now(), "11111111-2222-4333-8444-555555555555", principal="arn:aws:iam::000000000000:root"
        )
        self.engine.call("s3", name, params, context, lambda *ended: outcome.append(ended))
        self.settle()
        [(result, error)] = outcome
        if error is not None:
            raise error
        return result

    def refused(self, name: str, /, **params: Any) -> AwsError:
        try:
            result = self.call(name, **params)
        except AwsError as error:
            return error
        raise AssertionError(f"{name} was not refused: {result}")

    def settle(self) -> None:
        while self.engine.has_ready:
            self.engine.run_ready()

    def advance(self, seconds: float) -> None:
        """Move time, firing what is due on the way in order."""
        end = self.clock.now() + seconds
        self.engine.release_background(0.0)
        self.settle()
        while (due := self.engine.timers.next_deadline()) is not None and due <= end:
            self.clock.move_to(due)
            self.engine.fire_due()
            self.engine.release_background(0.0)
            self.settle()
        self.clock.move_to(end)

    def open_bucket(self, name: str = "bucket") -> str:
        """A bucket that may have public lists and policies."""
        self.call("CreateBucket", Bucket=name)
        self.call("DeletePublicAccessBlock", Bucket=name)
        self.call("DeleteBucketOwnershipControls", Bucket=name)
        return name


def text_of(response: HttpResponse) -> str:
    return (response.body if response.content is None else bytes(response.content)).decode()


def code_of(response: HttpResponse) -> str:
    return text_of(response).partition("<Code>")[2].partition("</Code>")[0]


def header(response: HttpResponse, name: str) -> str | None:
    return {key.lower(): value for key, value in response.headers}.get(name.lower())
