"""Where a cold start's time goes: `python -m emulator.bench.lambda_cold_start [--repeat N]`.

Each stage runs in a sandbox of its own, exactly as a function's, and does what the one before it does and one thing more; the difference
is what that thing costs:

    sandbox         bubblewrap and the supervisor's shell
    interpreter     the runtime's Python, which does nothing
    runtime client  awslambdaric is imported
    boto3           the SDK is imported by the function
    client          the function makes its first client (`boto3.client("s3")`)

`compiling` is the boto3 stage where Python finds no .pyc files: what the ones in the runtime's folder save. They are found, also in the
read-only sandbox: they were compiled when the folder was built, and the folder's files keep their times.

Why there is no template process that has boto3 imported already and forks. The import (and not the sandbox) is most of a cold start with
boto3, so a fork would save it. But a function's own boto3, in its package or in a layer, wins over the runtime's on AWS, and module state,
file descriptors, random seeds and threads made before the fork would be shared by functions that share nothing on AWS. And a child that
was forked outside of its sandbox must enter namespaces by itself, with code of ours in place of bubblewrap's. Functions pay this import on
AWS too; the pool pays it once for each environment.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from emulator.bench.function_folders import awaited
from emulator.bench.lambda_invoke import RUNTIME
from emulator.clock import stopwatch
from emulator.config import EmulatorConfig
from emulator.engine.janitor import Janitor
from emulator.engine.tools import ToolRunner
from emulator.sandbox.bundle import RuntimeBundle
from emulator.sandbox.content_store import ContentStore
from emulator.sandbox.interpreters import Interpreters
from emulator.sandbox.isolation import Command, Etc, Layout, bubblewrap_command
from emulator.sandbox.language_runtimes import LanguageRuntimes
from emulator.sandbox.requirements import Requirements

__all__ = ["main"]

_CLIENT = "import sys; sys.path.append('/var/runtime'); import awslambdaric.__main__, awslambdaric.bootstrap"
_BOTO3 = f"{_CLIENT}; import boto3"
STAGES: Mapping[str, tuple[str, str]] = {
    "sandbox": ("", ""),
    "interpreter": ("pass", ""),
    "runtime client": (_CLIENT, ""),
    "boto3": (_BOTO3, ""),
    "client": (f"{_BOTO3}; boto3.client('s3')", ""),
    "compiling": (_BOTO3, "PYTHONPYCACHEPREFIX=/nonexistent"),
}
"""Python to run, and a variable more."""


async def _command(task: Path, janitor: Janitor) -> Command:
    """The sandbox of a function in `task`, as the emulator builds it."""
    tools = ToolRunner(janitor)

    run = awaited(tools)

    try:
        store = ContentStore(EmulatorConfig.from_env(os.environ).resolved_cache_dir())
        interpreters = Interpreters(run)
        bundle = RuntimeBundle(store, Requirements(store, run), run)
        language = await LanguageRuntimes(interpreters, bundle, run).of(RUNTIME)
        return bubblewrap_command(Layout(language, task, None, Etc(janitor.folder / "etc"), 512, None))
    finally:
        await tools.close()


def _milliseconds(command: Command, stage: str) -> float:
    source, variable = STAGES[stage]
    given = {**command.variables, "AWS_DEFAULT_REGION": "us-east-1"}
    words = ["env", "-i", *(f"{name}={value}" for name, value in given.items()), *filter(None, [variable])]
    script = '"$@"' if source else ":"
    argv = [*command.argv[:-1], script, "sh", *words, command.runtime[0], "-c", source]
    start = stopwatch()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return (stopwatch() - start) * 1000.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print: the median of each stage, and what it adds to the one before it."""
    parser = argparse.ArgumentParser(prog="python -m emulator.bench.lambda_cold_start")
    parser.add_argument("--repeat", type=int, default=9)
    given = parser.parse_args(arguments)
    janitor = Janitor()
    try:
        with tempfile.TemporaryDirectory() as place:
            command = asyncio.run(_command(Path(place), janitor))
            times: dict[str, list[float]] = {stage: [] for stage in STAGES}
            for _ in range(given.repeat):  # in turn, so that what else the machine does meets all of them
                for stage in STAGES:
                    times[stage].append(_milliseconds(command, stage))
    finally:
        janitor.close()
    medians = {stage: statistics.median(some) for stage, some in times.items()}
    print(f"{'stage':16}{'ms':>9}{'adds':>9}   ({RUNTIME} on {sys.platform}, median of {given.repeat})")
    before = ""
    for stage, median in medians.items():
        base = "boto3" if stage == "compiling" else before
        print(f"{stage:16}{median:9.1f}{median - medians.get(base, 0.0):+9.1f}")
        before = stage


if __name__ == "__main__":
    main()
