"""The composition root: one emulator, put together from its parts. One screen, no behaviour."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from emulator.account import Account
from emulator.cache import CacheServers
from emulator.clock import VirtualClock, WallClock
from emulator.config import EmulatorConfig
from emulator.effects import Call, Process
from emulator.engine import CONTRACT, POLITE, DeliverySchedule, Engine, Faults, Runner
from emulator.engine.http_client import HttpClient
from emulator.engine.janitor import Janitor
from emulator.engine.tools import RunTool, ToolRunner
from emulator.errors import EmulatorError
from emulator.gateway.bridge import MotoBridge
from emulator.gateway.control import Control
from emulator.gateway.front import Front
from emulator.gateway.intake import Intakes
from emulator.gateway.s3_surface import S3Surface
from emulator.gateway.server import HttpServer, Respond
from emulator.http import HttpRequest, HttpResponse
from emulator.identifiers import Identifiers
from emulator.journal import Entry, Journal
from emulator.outbound import SendHttp
from emulator.sandbox import Sandbox
from emulator.service_registry import service_factories

if TYPE_CHECKING:
    from emulator.protocols import Wires

__all__ = ["Emulator"]

_DEPLOYED_FIRST = ("iam", "s3", "ec2", "secretsmanager", "cloudwatch")
"""Bridged services that templates use; the bridge reads them while the template is being expanded."""
_FUNCTION_URL = re.compile(r"^https://([a-z0-9]+)\.lambda-url\.[a-z0-9-]+\.on\.aws(/\S*)$")
_WEBSITE_URL = re.compile(r"^http://([a-z0-9.-]+)\.s3-website[.-][a-z0-9-]+\.amazonaws\.com(/\S*|)$")
_API_URL = re.compile(r"^https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(/\S*)$")


class Emulator:
    """One account and region on one loopback port. `async with Emulator(config) as emulator: ...`; reset means build a new one."""

    def __init__(self, config: EmulatorConfig) -> None:
        self.config = config
        self.seed = random.SystemRandom().randrange(1 << 32) if config.seed is None else config.seed
        self.stacks: dict[str, dict[str, Any]] = {}

    async def start(self) -> None:
        """Bind the port and bring every service up. Raises EmulatorError where the port is taken."""
        config = self.config
        self.janitor = Janitor()
        self.server = HttpServer(_not_yet)
        try:
            host, port = await self.server.listen(config.host, config.port)
        except OSError as error:
            raise EmulatorError(
                f"cannot listen on {config.host}:{config.port}: {error.strerror}; "
                "stop what holds the port, or choose another with --port (0 takes a free one)"
            ) from error
        reachable = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # what it was told to bind
        self.account = Account(
            f"http://{reachable}:{port}", config.account_id, config.region, identifiers=Identifiers(self.seed)
        )
        self.engine = Engine(
            VirtualClock() if config.clock == "virtual" else WallClock(),
            journal=Journal(config.journal_entries),
            identifiers=self.account.identifiers,
            faults=Faults(self.seed),
            delivery=DeliverySchedule(CONTRACT if config.delivery == "contract" else POLITE, self.seed),
        )
        self._stream = None if config.journal_file is None else _JournalStream(self.engine.journal, config.journal_file)
        self.runner = Runner(self.engine, auto=config.auto_advance)
        self._outside()
        for name, make in service_factories(self.account, config, lambda: self.wires).items():
            self.engine.register_lazily(name, make)
        self.control = Control(self.engine, self.runner, self.caches, self.info)
        front = Front(self.engine, self.account, lambda: self.wires, self.control, S3Surface(self.intakes))
        self.server.handler = front
        self.server.intake = front.intake

    def _outside(self) -> None:
        """Everything that touches processes and sockets, each registered for its effects."""
        config = self.config
        self.intakes = Intakes(self.janitor.folder / "bodies")
        self.tools = ToolRunner(self.janitor)
        self.engine.perform(RunTool, self.tools)
        self.http_client = HttpClient(self.account.endpoint_url)
        self.engine.perform(SendHttp, self.http_client)
        self.sandbox = Sandbox(
            janitor=self.janitor,
            cache_dir=config.resolved_cache_dir(),
            isolated=False if config.plain_processes else None,
        )
        self.sandbox.register(self.engine)
        self.caches = CacheServers(janitor=self.janitor, redis_url=config.redis_url)
        self.caches.register(self.engine)
        self.bridge = MotoBridge(janitor=self.janitor, account=self.account)
        self.bridge.register(self.engine)

    @cached_property
    def wires(self) -> Wires:
        """The wire protocols, read when the first AWS request comes: botocore takes longer than all else to import."""
        from emulator.protocols import Wires

        return Wires()

    # -- use ---------------------------------------------------------------------------------------------------------------------

    async def run(self, name: str, process: Process) -> Any:
        """Run a process in the engine and wait for its result."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.engine.spawn(name, process, done=done)
        return await future

    async def deploy(self, template: Path, stack_name: str, parameters: Mapping[str, str]) -> None:
        """Deploy a local template. Raises EmulatorError with the reasons where it fails."""
        from emulator.deploy.local import DeployedStack, deploy_template

        self.bridge.preload(_DEPLOYED_FIRST)
        stack: DeployedStack = await self.run(f"deploy {stack_name}", deploy_template(template, stack_name, parameters))
        keys = await self.run("api keys", _api_keys())
        self.stacks[stack_name] = {
            "template": str(template),
            "stack_id": stack.stack_id,
            "outputs": dict(stack.outputs),
            "api_urls": self._local_urls(_API_URL, "execute-api", stack.outputs.values()),
            "function_urls": self._local_urls(_FUNCTION_URL, "lambda-url", stack.outputs.values()),
            "website_urls": self._local_urls(_WEBSITE_URL, "s3-website", stack.outputs.values()),
            "api_keys": keys if any(map(_API_URL.match, stack.outputs.values())) else [],
        }

    def _local_urls(self, pattern: re.Pattern[str], kind: str, outputs: Iterable[str]) -> list[str]:
        """Where the outputs that are URLs of AWS's form are served here."""
        found = filter(None, map(pattern.match, outputs))
        return [f"{self.account.endpoint_url}/_aws/{kind}/{match[1]}{match[2]}" for match in found]

    def info(self) -> dict[str, Any]:
        """What runs here; for the control API, targets and reports."""
        bundle = self.janitor.folder / "ca" / "bundle.pem"
        return {
            "endpoint_url": self.account.endpoint_url,
            "control_url": f"{self.account.endpoint_url}/_windtunnel",
            "region": self.account.region,
            "account_id": self.account.account_id,
            "seed": self.seed,
            "clock": self.config.clock,
            "delivery": self.config.delivery,
            "functions": {True: "bubblewrap", False: "plain processes", None: "not started yet"}[self.sandbox.isolated],
            "ca_bundle": str(bundle) if bundle.is_file() else None,
            "temporary_folder": str(self.janitor.folder),
            "journal_entries": len(self.engine.journal),
            "caches": self.caches.listing(),
            "stacks": self.stacks,
        }

    async def close(self) -> None:
        """Stop everything; no child and no temporary folder is left."""
        await self.server.close()
        self.intakes.close()
        await self.sandbox.close()
        await self.caches.close()
        await self.bridge.close()
        await self.tools.close()
        self.http_client.close()
        self.runner.close()
        if self._stream is not None:
            self._stream.close()
        self.janitor.close()

    async def __aenter__(self) -> Emulator:
        try:
            await self.start()
        except BaseException:
            await self._abandon()
            raise
        return self

    async def _abandon(self) -> None:
        """Take back what a start that failed had done: no service has been used, so there is no other child."""
        if hasattr(self, "server"):
            await self.server.close()
        if hasattr(self, "janitor"):
            self.janitor.close()

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _not_yet(request: HttpRequest, respond: Respond) -> None:
    respond(HttpResponse(503, (("Retry-After", "1"),), b"the emulator is starting"))


def _api_keys() -> Process:
    """The values of the account's API keys."""
    listed = yield Call("apigateway", "GetApiKeys", {"includeValues": True})
    return [key["value"] for key in listed["items"]]


class _JournalStream:
    """Writes each journal entry to a file as it happens."""

    def __init__(self, journal: Journal, path: Path) -> None:
        try:
            self._file = path.open("ab", buffering=1 << 16)
        except OSError as error:
            raise EmulatorError(f"cannot write the journal to {path}: {error.strerror}") from error
        journal.listeners.append(self._write)

    def _write(self, entry: Entry) -> None:
        self._file.write(orjson.dumps(entry.as_dict()) + b"\n")

    def close(self) -> None:
        self._file.close()
