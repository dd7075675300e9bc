"""The processes of a load run: Locust and the collector, started, spoken to and ended."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from loadtests import collector
from loadtests.failures import GeneratorFailed
from loadtests.plan import RunPlan
from loadtests.run_folder import RunFolder

__all__ = ["Collector", "Listen", "generator_environment", "running_collector", "running_generator", "worker_command"]

_ROOT = Path(__file__).resolve().parent.parent
LOCUST = (sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("generator") / "locustfile.py"))
_COLLECTOR = (sys.executable, "-m", "loadtests.collector")
_READY_SECONDS = 30.0
_END_SECONDS = 5.0

# Fresh buffers of megabytes must not be given back to the kernel and faulted in again for each message. 32 MiB is the highest
# threshold that glibc takes. https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html
_MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 1024 * 1024),
    "MALLOC_TOP_PAD_": str(64 * 1024 * 1024),
}


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the master waits for workers that are started elsewhere."""

    host: str
    port: int


@contextmanager
def running_generator(
    plan: RunPlan, folder: RunFolder, url: str, api_key: str, listen: Listen | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start Locust with the plan's schedule; it ends by itself after the last answer, and at the latest with the block.

    With several workers it is a master: with `listen` it waits for that many from elsewhere, else it forks them here.
    """
    folder.plan.write_bytes(orjson.dumps(plan.to_json()))
    environment = generator_environment(url, api_key) | {"WINDTUNNEL_LOAD_FOLDER": str(folder.path)}
    command = [*LOCUST, "--headless", "-u", str(plan.workers), "-r", str(plan.workers), "--exit-code-on-error", "0"]
    command += ["--only-summary", "--loglevel", "WARNING"]
    if listen is not None:
        command += ["--master", "--expect-workers", str(plan.workers)]
        command += ["--master-bind-host", listen.host, "--master-bind-port", str(listen.port)]
    elif plan.workers > 1:
        port = str(_free_port())
        command += ["--processes", str(plan.workers), "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        command += ["--master-host", "127.0.0.1", "--master-port", port]
    with folder.generator_output.open("wb") as output:
        # A group of its own: Ctrl-C reaches this process, which ends the others in order.
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder.path,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with _ended(process):
            yield process


def worker_command(master: Listen) -> list[str]:
    """Return the command of a worker that serves a master elsewhere; run it in `generator_environment`."""
    return [*LOCUST, "--worker", "--master-host", master.host, "--master-port", str(master.port), "--loglevel", "INFO"]


def generator_environment(url: str, api_key: str) -> dict[str, str]:
    """Return the environment of a process that sends messages."""
    return {**_environment(), **_MALLOC, "WINDTUNNEL_LOAD_URL": url, "WINDTUNNEL_LOAD_API_KEY": api_key}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Collector:
    """A running collector."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self._process = process
        self._output = output

    @property
    def process_id(self) -> int:
        """Its process."""
        return self._process.pid

    def tell(self, line: str) -> None:
        """Send a line. Raises `GeneratorFailed` when the collector is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None

    def has_said(self, word: str, timeout_seconds: float) -> bool:
        """Return whether the collector says `word` within the time. Raises `GeneratorFailed` when it ends or says another."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], timeout_seconds)[0]:
            return False
        said = self._process.stdout.readline().strip()
        if said != word:
            raise self._failure()
        return True

    def check(self) -> None:
        """Raise `GeneratorFailed` when the collector has ended."""
        if self._process.poll() is not None:
            raise self._failure()

    def _failure(self) -> GeneratorFailed:
        lines = self._output.read_text(errors="replace").strip().splitlines()
        why = lines[-1] if lines else "it said nothing"
        return GeneratorFailed(f"the collector ended early: {why} (all of it: {self._output})")


@contextmanager
def running_collector(job: str, folder: RunFolder) -> Iterator[Collector]:
    """Start a collector with a job, and wait until it listens. Raises `GeneratorFailed` when it does not come up."""
    with folder.collector_output.open("wb") as output:
        process = subprocess.Popen(
            _COLLECTOR,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        with _ended(process):
            running = Collector(process, folder.collector_output)
            running.tell(job)
            if not running.has_said(collector.READY, _READY_SECONDS):
                raise GeneratorFailed(f"the collector was not ready after {_READY_SECONDS:.0f} s")
            yield running


def _environment() -> dict[str, str]:
    """The environment of our processes: they find this package, wherever they are started."""
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": str(_ROOT) if path is None else f"{_ROOT}{os.pathsep}{path}"}


@contextmanager
def _ended(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process and its group with the block, politely first."""
    try:
        yield
    finally:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, signal_number)
                try:
                    process.wait(_END_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        process.wait()
