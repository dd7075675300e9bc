"""Performs the sandbox's effects: the owner of all environments and of the folders they are made of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from emulator.engine import Done, Engine, Undo
from emulator.engine.janitor import Janitor
from emulator.engine.tools import RunTool, ToolResult, ToolRunner
from emulator.errors import EmulatorError
from emulator.sandbox.bundle import RuntimeBundle
from emulator.sandbox.content_store import ContentStore
from emulator.sandbox.effects import (
    LATE_LINES,
    EnvironmentSpec,
    InvocationResult,
    LateLines,
    Outcome,
    PrepareFolder,
    PrepareZip,
    RunInvocation,
    StartEnvironment,
    StopEnvironment,
    TakeLateLines,
)
from emulator.sandbox.environment import Environment
from emulator.sandbox.interpreters import Interpreters
from emulator.sandbox.isolation import (
    LOST_WITHOUT_NAMESPACES,
    Etc,
    Layout,
    bubblewrap_command,
    plain_command,
    probe_command,
)
from emulator.sandbox.language_runtimes import LanguageRuntimes
from emulator.sandbox.memory_watch import MemoryWatch
from emulator.sandbox.own_ports import OwnPorts
from emulator.sandbox.packages import Packages
from emulator.sandbox.ports_probe import LOST_WITHOUT_OWN_PORTS, reason_for_shared_ports
from emulator.sandbox.programs import Programs
from emulator.sandbox.requirements import Requirements

__all__ = ["Sandbox"]

logger = logging.getLogger(__name__)


class Sandbox:
    """Function environments on this machine.

    `cache_dir` holds what is built once and shared (unzipped code, installed requirements, runtimes); `janitor` owns what must not outlive
    this emulator. Where `<janitor.folder>/ca/bundle.pem` exists when an environment starts, functions trust it.
    """

    def __init__(self, *, janitor: Janitor, cache_dir: Path, isolated: bool | None = None) -> None:
        self._janitor = janitor
        self._tools = ToolRunner(janitor)
        store = ContentStore(cache_dir)
        self._interpreters = Interpreters(self._run_tool)
        requirements = Requirements(store, self._run_tool)
        self._packages = Packages(store, requirements, self._interpreters)
        bundle = RuntimeBundle(store, requirements, self._run_tool)
        self._languages = LanguageRuntimes(self._interpreters, bundle, self._run_tool)
        self._isolated = isolated
        """Whether bubblewrap works here; None until it was tried."""
        self._own_ports: asyncio.Task[bool] | None = None
        """Whether environments can have ports of their own; None until one wanted to know."""
        self._etc: Etc | None = None
        self._environments: dict[str, Environment] = {}
        self._stopping: dict[str, Done] = {}
        self._late: list[LateLines] = []
        self._engine: Engine | None = None
        self._memory = MemoryWatch()
        self._gone: list[asyncio.Future[None]] = []
        self._ids = count(1)
        self._work: set[asyncio.Task[None]] = set()

    def register(self, engine: Engine) -> None:
        """Offer the effects to an engine."""
        engine.perform(PrepareZip, lambda effect, done: self._do(self._packages.unzip(effect), done))
        engine.perform(PrepareFolder, lambda effect, done: self._do(self._packages.local(effect), done))
        engine.perform(StartEnvironment, self._start)
        engine.perform(RunInvocation, self._run)
        engine.perform(StopEnvironment, self._stop)
        engine.perform(TakeLateLines, self._take_late_lines)
        engine.crash = self._crash
        self._engine = engine

    @property
    def isolated(self) -> bool | None:
        """Whether functions run in namespaces of their own; None before the first environment was started."""
        return self._isolated

    async def close(self) -> None:
        """Kill every environment and wait until they are gone."""
        for work in tuple(self._work):
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._tools.close()
        self._memory.close()
        while self._environments:
            gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._gone.append(gone)
            for environment in self._environments.values():
                environment.kill()
            await gone

    # -- effects -----------------------------------------------------------------------------------------------------------------

    def _start(self, effect: StartEnvironment, done: Done) -> Undo:
        return self._do(self._prepare(effect.spec), self._then_launch(effect.spec, done))

    def _run(self, effect: RunInvocation, done: Done) -> None:
        environment = self._environments.get(effect.environment_id)
        if environment is None:
            done(InvocationResult(Outcome.LOST), None)
            return
        stream, engine = effect.stream, self._engine
        if stream is not None and engine is not None:
            stream.on_ready = lambda: engine.notify(stream)
        environment.run(effect, lambda result: done(result, None))

    def _stop(self, effect: StopEnvironment, done: Done) -> None:
        environment = self._environments.get(effect.environment_id)
        if environment is None:
            done((), None)
            return
        self._stopping[effect.environment_id] = done
        environment.stop()

    def _crash(self, span: str) -> None:
        """A fault ends the function that makes a call."""
        for environment in self._environments.values():
            environment.crash(span)

    def _take_late_lines(self, effect: TakeLateLines, done: Done) -> None:
        lines, self._late = tuple(self._late), []
        done(lines, None)

    def _came_late(self, late: LateLines) -> None:
        self._late.append(late)
        if self._engine is not None:
            self._engine.notify(LATE_LINES)

    def _do(self, work: Coroutine[Any, Any, Any], done: Done) -> Undo:
        """Run asynchronous work for an effect."""

        async def run() -> None:
            try:
                result = await work
            except EmulatorError as error:
                done(None, error)
            except OSError as error:
                done(None, EmulatorError(f"the sandbox cannot do its work: {error}"))
            else:
                done(result, None)

        task = asyncio.get_running_loop().create_task(run())
        self._work.add(task)
        task.add_done_callback(self._work.discard)

        def call_off() -> None:
            task.cancel()

        return call_off

    # -- starting ----------------------------------------------------------------------------------------------------------------

    async def _prepare(self, spec: EnvironmentSpec) -> Programs:
        """Everything that must be there before the process starts: folders, interpreter, runtime."""
        if self._isolated is None:
            self._isolated = await self._try_isolation()
        if self._etc is None:
            self._etc = Etc(self._janitor.folder / "etc")
        task = await self._packages.merged(spec.code)
        if task is None:
            raise EmulatorError(f"function {spec.function_name} has no code folder")
        layers = await self._packages.merged(spec.layers)
        ca_bundle = self._janitor.folder / "ca" / "bundle.pem"
        layout = Layout(
            language=await self._languages.of(spec.runtime),
            task=task,
            layers=layers,
            etc=self._etc,
            ephemeral_storage_mb=spec.ephemeral_storage_mb,
            ca_bundle=ca_bundle if ca_bundle.is_file() else None,
            file_systems=tuple((self._file_system(name), mount) for name, mount in spec.file_systems),
        )
        command = bubblewrap_command(layout) if self._isolated else plain_command(layout)
        programs = Programs.of(command, task, layers, dict(spec.variables).get("AWS_LAMBDA_EXEC_WRAPPER", ""))
        if programs.may_listen:
            await self._try_own_ports()
        return programs

    def _file_system(self, name: str) -> Path:
        """The folder that plays an EFS access point; it lives as long as this emulator."""
        if self._isolated is False:
            raise EmulatorError("EFS access points need namespaces (bubblewrap), which this machine forbids")
        folder = self._janitor.folder / "efs" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _then_launch(self, spec: EnvironmentSpec, done: Done) -> Done:
        def launch(prepared: Any, error: BaseException | None) -> None:
            if error is not None:
                done(None, error)
                return
            environment_id = f"environment-{next(self._ids)}"
            ports: OwnPorts | None = None
            try:
                ports, prepared = self._with_own_ports(prepared)
                self._environments[environment_id] = Environment(
                    environment_id,
                    spec,
                    prepared,
                    self._janitor,
                    self._memory,
                    lambda started: done(started, None),
                    self._came_late,
                    self._ended,
                    ports,
                )
            except OSError as problem:
                if ports is not None:
                    ports.close()
                done(
                    None,
                    EmulatorError(
                        f"cannot start {prepared.command.argv[0]} for function {spec.function_name}: {problem}"
                    ),
                )

        return launch

    def _with_own_ports(self, programs: Programs) -> tuple[OwnPorts | None, Programs]:
        """Ports for these programs, where they may need them and can have them, and the programs that know of them."""
        if not programs.may_listen or self._own_ports is None or not self._own_ports.result():
            return None, programs
        ports = OwnPorts(asyncio.get_running_loop())
        if self._isolated and self._etc is not None:
            ports.hosts = self._etc.hosts_of(ports.addresses)
            programs = replace(programs, command=programs.command.with_hosts(ports.hosts))
        return ports, programs

    def _ended(self, environment: Environment) -> None:
        self._environments.pop(environment.environment_id, None)
        stopped = self._stopping.pop(environment.environment_id, None)
        if stopped is not None:
            stopped(environment.collect_logs(), None)
        if not self._environments:
            waiting, self._gone = self._gone, []
            for gone in waiting:
                gone.set_result(None)

    async def _try_isolation(self) -> bool:
        command = probe_command()
        if command is not None:
            result = await self._run_tool(RunTool(tuple(command), timeout_seconds=20.0))
            if result.exit_code == 0:
                return True
        logger.warning(LOST_WITHOUT_NAMESPACES)
        return False

    async def _try_own_ports(self) -> None:
        """Find out once; many environments may wait for it."""
        if self._own_ports is None:
            self._own_ports = asyncio.get_running_loop().create_task(self._probe_own_ports())
        await asyncio.shield(self._own_ports)

    async def _probe_own_ports(self) -> bool:
        reason = await asyncio.to_thread(reason_for_shared_ports, isolated=self._isolated is True)
        if reason is not None:
            logger.warning("%s, because %s", LOST_WITHOUT_OWN_PORTS, reason)
        return reason is None

    async def _run_tool(self, tool: RunTool) -> ToolResult:
        outcome: asyncio.Future[ToolResult] = asyncio.get_running_loop().create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if outcome.done():
                return
            if error is None:
                outcome.set_result(result)
            else:
                outcome.set_exception(error)

        undo = self._tools(tool, done)
        try:
            return await outcome
        except asyncio.CancelledError:
            undo()
            raise
