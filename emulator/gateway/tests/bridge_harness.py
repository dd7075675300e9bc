"""An engine with the bridge and a real worker, driven from synchronous tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from emulator.account import Account
from emulator.clock import WallClock
from emulator.engine import Engine, Runner
from emulator.engine.janitor import Janitor
from emulator.errors import AwsError
from emulator.gateway.bridge import MotoBridge
from emulator.gateway.bridged import BridgedService
from emulator.http import HttpRequest, HttpResponse
from emulator.operation import CallContext
from emulator.protocols import Wires

__all__ = ["BridgeHarness"]

SERVICES = ("cloudwatch", "ec2", "efs", "iam", "kms", "secretsmanager", "ssm", "sts")


class BridgeHarness:
    """`call` goes the way of another service's Call, `send` the way of a client's HTTP request."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start())

    async def _start(self) -> None:
        self.engine = Engine(WallClock())
        self.account = Account("http://127.0.0.1:1", account_id="111122223333", region="eu-west-1")
        self.wires = Wires()
        self.janitor = Janitor()
        self.runner = Runner(self.engine)
        self.bridge = MotoBridge(janitor=self.janitor, account=self.account)
        self.bridge.register(self.engine)
        for service in SERVICES:
            self.engine.register(service, BridgedService(service, self.account, self.wires))

    def call(self, service: str, operation: str, params: Mapping[str, Any], request: HttpRequest | None = None) -> Any:
        """The operation's result; raises its error."""
        return self._loop.run_until_complete(self._call(service, operation, params, request))

    async def _call(self, service: str, operation: str, params: Mapping[str, Any], request: HttpRequest | None) -> Any:
        outcome: asyncio.Future[Any] = self._loop.create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if error is None:
                outcome.set_result(result)
            else:
                outcome.set_exception(error)

        context = CallContext(self.engine.clock.now(), "request-id", request=request)
        self.engine.call(service, operation, params, context, done)
        async with asyncio.timeout(60):
            return await outcome

    def preload(self, *services: str) -> None:
        """Start the worker and let it import services."""

        async def preload() -> None:
            self.bridge.preload(services)

        self._loop.run_until_complete(preload())

    def together(self, *calls: tuple[str, str, Mapping[str, Any]]) -> list[Any]:
        """The results of calls made at once; an error stands in the place of a result."""

        async def gather() -> list[Any]:
            return await asyncio.gather(*(self._call(*call, None) for call in calls), return_exceptions=True)

        return self._loop.run_until_complete(gather())

    def send(self, service: str, request: HttpRequest) -> HttpResponse:
        """What a client gets for a request, as the gateway writes it."""
        wire = self.wires.get(service)
        operation = wire.operation_for(request)
        try:
            response: HttpResponse = self.call(service, operation, {}, request)
        except AwsError as error:
            return wire.serialise_error(error, "request-id", operation)
        return response

    def close(self) -> None:
        """End everything."""
        self._loop.run_until_complete(self.bridge.close())
        self.runner.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        self.janitor.close()
