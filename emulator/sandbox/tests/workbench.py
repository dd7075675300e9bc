"""An engine with a real sandbox, and verbs for tests: everything runs inside one event loop and is gone afterwards."""

from __future__ import annotations

import asyncio
import json
import textwrap
from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path
from typing import Any

from emulator.clock import Clock, WallClock
from emulator.effects import Effect, Process, WaitFor
from emulator.engine import Engine, Runner
from emulator.engine.janitor import Janitor
from emulator.operation import CallContext
from emulator.sandbox import Sandbox
from emulator.sandbox.effects import (
    EnvironmentSpec,
    InvocationResult,
    RunInvocation,
    StartedEnvironment,
    StartEnvironment,
    TakeLateLines,
)
from emulator.sandbox.response_stream import ResponseStream

RUNTIME = "python3.11"
RESPONSE_LIMIT = 6_291_556


class Collected(ResponseStream):
    """A streamed response in the parts in which it came."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.content_type = ""
        self.parts: list[bytes] = []

    @property
    def opened(self) -> bool:
        return self.begun

    def open(self, content_type: str) -> None:
        self.content_type = content_type

    def add(self, part: bytes) -> None:
        self.parts.append(part)


class Workbench:
    """One engine, one sandbox, one folder for code."""

    def __init__(self, folder: Path, cache: Path, clock: Clock, *, auto: bool, isolated: bool | None) -> None:
        self.folder = folder
        self.janitor = Janitor(folder)
        self.engine = Engine(clock)
        self.runner = Runner(self.engine, auto=auto)
        self.sandbox = Sandbox(janitor=self.janitor, cache_dir=cache, isolated=isolated)
        self.sandbox.register(self.engine)

    def code(self, source: str, name: str = "code", file: str = "app.py") -> Path:
        """A code folder with one module."""
        path = self.folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        return self.folder / name

    async def do(self, effect: Effect) -> Any:
        """Apply one effect; its result, or its error raised."""
        outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def process() -> Process:
            return (yield effect)

        self.engine.run_now("test", process(), _settle(outcome))
        return await asyncio.wait_for(outcome, 30.0)

    def call(self, service: str, operation: str, **params: Any) -> Awaitable[Any]:
        """A client's call."""
        outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        context = CallContext(now=self.engine.clock.now(), request_id=self.engine.identifiers.uuid())
        self.engine.call(service, operation, params, context, _settle(outcome))
        return asyncio.wait_for(outcome, 30.0)

    async def late_lines(self) -> list[str]:
        """What came late until now."""
        return [line.text for late in await self.do(TakeLateLines()) for line in late.lines]

    async def wait_for(self, topic: Hashable) -> None:
        """Wait until something is notified, or a second has passed."""
        await self.do(WaitFor(topic, 1.0))

    async def start(self, *code: Path, handler: str = "app.handler", **members: Any) -> StartedEnvironment:
        """Start an environment."""
        spec = EnvironmentSpec(
            function_name="f",
            runtime=members.pop("runtime", RUNTIME),
            handler=handler,
            code=tuple(map(str, code)),
            layers=tuple(map(str, members.pop("layers", ()))),
            memory_mb=members.pop("memory_mb", 128),
            ephemeral_storage_mb=members.pop("ephemeral_storage_mb", 512),
            variables=members.pop("variables", ()),
            **members,
        )
        started: StartedEnvironment = await self.do(StartEnvironment(spec))
        return started

    async def invoke(
        self, started: StartedEnvironment, event: Any = None, timeout_seconds: float = 10.0, **members: Any
    ) -> InvocationResult:
        """Run an invocation."""
        payload = members.pop("payload", None)
        result: InvocationResult = await self.do(
            RunInvocation(
                environment_id=started.environment_id,
                request_id=members.pop("request_id", "11111111-2222-3333-4444-555555555555"),
                payload=json.dumps(event).encode() if payload is None else payload,
                timeout_seconds=timeout_seconds,
                function_arn="arn:aws:lambda:us-east-1:000000000000:function:f",
                response_limit_bytes=RESPONSE_LIMIT,
                **members,
            )
        )
        return result


def _settle(outcome: asyncio.Future[Any]) -> Callable[[Any, BaseException | None], None]:
    def done(value: Any, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(value)
        else:
            outcome.set_exception(error)

    return done


def run_with_workbench(
    test: Callable[[Workbench], Awaitable[None]],
    folder: Path,
    cache: Path,
    *,
    clock: Clock | None = None,
    auto: bool = False,
    isolated: bool | None = None,
) -> None:
    """Run a test in a loop of its own and take everything down."""

    async def main() -> None:
        bench = Workbench(folder, cache, WallClock() if clock is None else clock, auto=auto, isolated=isolated)
        try:
            await test(bench)
        finally:
            await bench.sandbox.close()
            bench.runner.close()
            bench.janitor.close()

    asyncio.run(main())
