"""Serves one emulator until it is told to stop: start, deploy what was asked for, announce, wait, clean up."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from emulator.app import Emulator
from emulator.config import EmulatorConfig
from emulator.engine.orphans import Orphans
from emulator.gateway.stop import Stop
from emulator.memory import keep_freed_memory

__all__ = ["Deployment", "serve"]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A local template to deploy at start."""

    template: Path
    stack_name: str
    parameters: Mapping[str, str]


async def serve(
    config: EmulatorConfig,
    deployments: tuple[Deployment, ...] = (),
    *,
    announce: Callable[[Mapping[str, Any]], None],
    progress: Callable[[str], None],
    ready_file: Path | None = None,
    parent: int | None = None,
) -> None:
    """Run an emulator until Ctrl-C, SIGTERM or the end of process `parent`; `announce` gets its info once all is deployed.

    `ready_file` then receives the same as one JSON object, written in one piece. Raises EmulatorError where start or deployment fails.
    """
    keep_freed_memory()
    with Stop(parent) as stop:
        orphans = Orphans()
        try:
            async with Emulator(config) as emulator:
                emulator.janitor.on_end = orphans.look_later
                work = asyncio.create_task(_bring_up(emulator, deployments, progress))
                ended = asyncio.create_task(stop.wait())
                await asyncio.wait((work, ended), return_when=asyncio.FIRST_COMPLETED)
                if not work.done():
                    work.cancel()
                    progress(f"stopping: {await ended}")
                    return
                await work
                info = {**emulator.info(), **_credentials(), "process_id": os.getpid()}
                if ready_file is not None:
                    partial = ready_file.with_name(f".{ready_file.name}.partial")
                    partial.write_bytes(orjson.dumps(info))
                    partial.replace(ready_file)
                announce(info)
                _settle_memory()
                progress(f"stopping: {await ended}")
        finally:
            await orphans.end_all()


async def _bring_up(emulator: Emulator, deployments: tuple[Deployment, ...], progress: Callable[[str], None]) -> None:
    emulator.control.status = "deploying" if deployments else "ready"
    for deployment in deployments:
        progress(f"deploying {deployment.template} as stack {deployment.stack_name}")
        await emulator.deploy(deployment.template, deployment.stack_name, deployment.parameters)
    emulator.control.status = "ready"


def _settle_memory() -> None:
    """What start and deployment made stays: the collector need not walk it again, nor run after every few hundred new values.

    With Python's defaults it takes half of the time of 10,000 open executions (`python -m emulator.bench.stepfunctions_scale`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _credentials() -> dict[str, str]:
    """What clients sign with. The emulator reads signatures but has no secrets to verify them with."""
    return {"access_key_id": "test", "secret_access_key": "test"}
