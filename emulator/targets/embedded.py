"""The embedded target: an emulator as a child process on a free port, with a template deployed into it.

The child ends with its parent however that ends (it watches the parent's process), and takes its own children and
temporary folder with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from emulator.clock import stopwatch
from emulator.errors import EmulatorError
from emulator.targets.api_key import with_api_key
from emulator.targets.api_url import find_api_url
from emulator.targets.target import Target

__all__ = ["EmbeddedTarget"]

START_SECONDS = 120.0  # the first start installs the functions' requirements
STOP_SECONDS = 20.0
POLL_SECONDS = 0.02
LOG_LINES = 30


class EmbeddedTarget:
    """A running emulator.

    with EmbeddedTarget.start(template="template.yaml") as target: ...
    """

    def __init__(self, process: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
        self._process = process
        self._folder = folder
        self.target: Target

    @classmethod
    def start(
        cls,
        *,
        template: str | os.PathLike[str],
        stack_name: str | None = None,
        parameters: Mapping[str, str] | None = None,
        clock: str = "wall",
        auto_advance: bool = False,
        delivery: str = "polite",
        seed: int | None = None,
        timeout: float = START_SECONDS,
        arguments: Sequence[str] = (),
        checkout: str | os.PathLike[str] | None = None,
    ) -> EmbeddedTarget:
        """Start an emulator and deploy `template`; returns when the stack is complete.

        `arguments` go to `python -m emulator up` as they are; `checkout` is the tree whose emulator runs and from whose
        folder `template` is looked up (None: this one). Raises EmulatorError with the emulator's own words
        where it does not come up within `timeout` seconds.
        """
        folder = tempfile.TemporaryDirectory(prefix="windtunnel-target-")
        ready_file = Path(folder.name) / "ready.json"
        command = [sys.executable, "-m", "emulator", "up", "--port", "0", "--ready-file", str(ready_file)]
        command += ["--template", os.fspath(template), "--clock", clock, "--delivery", delivery]
        command += [] if stack_name is None else ["--stack-name", stack_name]
        command += [] if seed is None else ["--seed", str(seed)]
        command += ["--auto-advance"] if auto_advance else []
        for name, value in ({} if parameters is None else parameters).items():
            command += ["--parameter", f"{name}={value}"]
        with (Path(folder.name) / "emulator.log").open("wb") as log:
            # A session of its own: Ctrl-C reaches us alone, and we end it when what ran on it has ended.
            process = subprocess.Popen(
                [*command, *arguments],
                cwd=checkout,
                env=None if checkout is None else {**os.environ, "PYTHONPATH": os.fspath(checkout)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        embedded = cls(process, folder)
        try:
            embedded.target = _target(embedded._wait_until_ready(ready_file, timeout))
        except BaseException:
            embedded.stop()
            raise
        return embedded

    @property
    def process_id(self) -> int:
        """The emulator's process."""
        return self._process.pid

    def log(self) -> str:
        """What the emulator has printed so far."""
        return (Path(self._folder.name) / "emulator.log").read_text(errors="replace")

    def stop(self) -> None:
        """End the emulator: SIGTERM, and SIGKILL where that is not enough. A second call does nothing."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()

    def __enter__(self) -> Target:
        return self.target

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_ready(self, ready_file: Path, timeout: float) -> Mapping[str, Any]:
        deadline = stopwatch() + timeout
        while not ready_file.exists():
            if stopwatch() > deadline:
                raise EmulatorError(f"the emulator was not ready within {timeout:g} s; it said:\n{self._last_words()}")
            try:
                code = self._process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            raise EmulatorError(f"the emulator ended with exit code {code}:\n{self._last_words()}")
        data: Mapping[str, Any] = json.loads(ready_file.read_bytes())
        return data

    def _last_words(self) -> str:
        return "\n".join(self.log().strip().splitlines()[-LOG_LINES:])


def _target(info: Mapping[str, Any]) -> Target:
    stack_name, stack = next(iter(info["stacks"].items()))
    outputs: Mapping[str, str] = stack["outputs"]
    able = {"control", "journal", "faults", "cache_outage"} | (
        {"virtual_time"} if info["clock"] == "virtual" else set()
    )
    target = Target(
        name="embedded",
        endpoint_url=info["endpoint_url"],
        region=info["region"],
        access_key_id=info["access_key_id"],
        secret_access_key=info["secret_access_key"],
        stack_name=stack_name,
        outputs=outputs,
        api_url=find_api_url(outputs, info["endpoint_url"]),
        control_url=info["control_url"],
        process_id=info["process_id"],
        capabilities=frozenset(able),
    )
    return with_api_key(target)
