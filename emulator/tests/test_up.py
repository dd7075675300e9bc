"""`windtunnel up` leaves no process, no folder and no listener behind, whatever ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config

from emulator.clock import stopwatch

ROOT = Path(__file__).resolve().parents[2]
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
UP = [sys.executable, "-m", "emulator", "up"]
CODE = """
import subprocess
def handler(event, context):
    subprocess.Popen(["sleep", "300"])
    return "warm"
"""


def eventually(what: str, condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = stopwatch() + seconds
    while not condition():
        assert stopwatch() < deadline, f"waited {seconds:g} s for {what}"
        os.sched_yield()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Up:
    """One `up` with a temporary folder of its own, so that whatever it leaves is found."""

    def __init__(self, *arguments: str, prefix: tuple[str, ...] = ()) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="up-")  # short: a unix socket's path has 107 characters
        self.folder = Path(self._home.name) / "t"
        self.folder.mkdir()
        self.ready_file = Path(self._home.name) / "ready.json"
        self.log = Path(self._home.name) / "log"
        self.tree: list[psutil.Process] = []
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, *UP, "--ready-file", str(self.ready_file), *arguments],
                cwd=ROOT,
                env={**os.environ, "TMPDIR": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> dict[str, Any]:
        eventually("the ready file", lambda: self.ready_file.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()
        info: dict[str, Any] = json.loads(self.ready_file.read_bytes())
        self.emulator = psutil.Process(info["process_id"])
        self.port = int(info["endpoint_url"].rpartition(":")[2])
        return info

    def populate(self) -> None:
        """Have one of each kind of child: the bridge's worker, a function's sandbox with a process in it, a cache."""
        info = self.wait_until_ready()

        def client(service: str) -> Any:
            return boto3.client(
                service,
                endpoint_url=info["endpoint_url"],
                region_name=info["region"],
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
            )

        client("sts").get_caller_identity()
        code = Path(self._home.name) / "code"
        code.mkdir()
        (code / "app.py").write_text(CODE)
        functions = client("lambda")
        functions.create_function(
            FunctionName="f",
            Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
            Handler="app.handler",
            Role="arn:aws:iam::000000000000:role/r",
            Code={"S3Bucket": "hot-reload", "S3Key": str(code)},
            Timeout=30,
        )
        assert functions.invoke(FunctionName="f")["Payload"].read() == b'"warm"'
        cache = client("elasticache")
        cache.create_cache_cluster(CacheClusterId="c", Engine="valkey", CacheNodeType="cache.t3.micro", NumCacheNodes=1)
        eventually(
            "the cache",
            lambda: cache.describe_cache_clusters()["CacheClusters"][0]["CacheClusterStatus"] == "available",
        )
        self.tree = [self.emulator, *self.emulator.children(recursive=True)]
        names = {process.name() for process in self.tree}
        assert {"sleep", "sh"} <= names, names
        assert len(self.tree) >= 6, names

    def left(self, *, zombies: bool) -> list[str]:
        """What of the tree is still there; a process that has ended counts where `zombies` says so, collected or not."""
        found = []
        for process in self.tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.is_running() and (zombies or process.status() != psutil.STATUS_ZOMBIE):
                    found.append(f"{process.pid} {process.name()} {process.status()}")
        for process in psutil.process_iter(["pid", "name", "cmdline", "status"]):
            if str(self.folder) in " ".join(process.info["cmdline"] or ()):
                found.append(f"{process.info['pid']} {process.info['name']} {process.info['status']}")
        return found + [str(path) for path in self.folder.iterdir()]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
            eventually("all to be gone", lambda: not self.left(zombies=False))
        finally:
            for process in (self.process, *self.tree):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self.process.wait()
            self._home.cleanup()


@pytest.fixture
def up() -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*arguments: str, prefix: tuple[str, ...] = ()) -> Up:
        started.append(Up(*(arguments or ("--port", "0")), prefix=prefix))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_ctrl_c_ends_it_without_a_trace(up: Callable[..., Up]) -> None:
    """The terminal sends SIGINT to the whole foreground group."""
    emulator = up()
    emulator.populate()
    os.killpg(emulator.process.pid, signal.SIGINT)
    assert emulator.process.wait(20) == 0
    assert emulator.left(zombies=True) == []
    assert not listens(emulator.port)
    assert "Traceback" not in emulator.log.read_text()


def test_a_second_signal_does_not_cut_the_clean_up_short(up: Callable[..., Up]) -> None:
    emulator = up()
    emulator.populate()
    emulator.process.send_signal(signal.SIGTERM)
    while emulator.process.poll() is None and listens(emulator.port):
        emulator.process.send_signal(signal.SIGTERM)
        emulator.process.send_signal(signal.SIGINT)
    assert emulator.process.wait(20) == 0
    assert emulator.left(zombies=True) == []


def test_sigkill_leaves_the_rest_to_the_janitor(up: Callable[..., Up]) -> None:
    """What ended is then process 1's to collect."""
    emulator = up()
    emulator.populate()
    emulator.process.kill()
    emulator.process.wait()
    eventually("the janitor", lambda: not emulator.left(zombies=False))
    assert not listens(emulator.port)


def test_sigkill_in_the_middle_of_a_large_upload_leaves_no_byte_of_it(up: Callable[..., Up]) -> None:
    emulator = up()
    info = emulator.wait_until_ready()
    emulator.tree = [emulator.emulator, *emulator.emulator.children(recursive=True)]
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=30) as client:
        head = f"PUT /bucket/key HTTP/1.1\r\nHost: s3\r\nAuthorization: {SIGNED}\r\nContent-Length: 1000000000\r\n\r\n"
        client.sendall(head.encode() + bytes(20_000_000))
        spool = Path(info["temporary_folder"]) / "bodies"
        eventually("the spool file", lambda: any(path.stat().st_size > 8 << 20 for path in spool.glob("*")))
        assert len([file for file in emulator.emulator.open_files() if Path(file.path).parent == spool]) == 1
        emulator.process.kill()
        emulator.process.wait()
        eventually("the janitor", lambda: not emulator.left(zombies=False))
    assert not spool.parent.exists()
    assert not listens(emulator.port)


def test_it_ends_with_the_process_that_started_it(up: Callable[..., Up]) -> None:
    emulator = up("--port", "0", prefix=("/bin/sh", "-c", '"$@"; exit 1', "sh"))
    emulator.populate()
    assert emulator.process.pid != emulator.emulator.pid
    emulator.process.kill()
    emulator.process.wait()
    eventually("the end", lambda: not emulator.left(zombies=False))
    assert "the process that started it has ended" in emulator.log.read_text()


def test_a_killed_environment_leaves_no_zombie_while_the_emulator_goes_on(up: Callable[..., Up]) -> None:
    emulator = up()
    emulator.populate()
    sandboxes = [child for child in emulator.emulator.children() if "sleep" in _names_below(child)]
    assert len(sandboxes) == 1
    family = [sandboxes[0], *sandboxes[0].children(recursive=True)]
    os.killpg(sandboxes[0].pid, signal.SIGKILL)
    eventually("the collection of all", lambda: not any(process.is_running() for process in family))
    assert emulator.emulator.is_running()


def test_a_deployment_that_fails_ends_it_with_the_reason(up: Callable[..., Up], tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties: {DelaySeconds: 901}\n"
        "  Bucket: {Type: AWS::S3::Bucket}\n"
    )
    emulator = up("--port", "0", "--template", str(template))
    assert emulator.process.wait(60) == 2
    said = emulator.log.read_text()
    assert "DelaySeconds" in said
    assert "Traceback" not in said
    assert emulator.left(zombies=True) == []


def test_a_signal_during_the_deployment_ends_it_without_a_trace(up: Callable[..., Up]) -> None:
    emulator = up("--port", "0", "--template", str(ROOT / "system" / "audit_ingest" / "template.yaml"))
    eventually("children", lambda: len(psutil.Process(emulator.process.pid).children(recursive=True)) >= 2)
    process = psutil.Process(emulator.process.pid)
    emulator.tree = [process, *process.children(recursive=True)]
    emulator.process.send_signal(signal.SIGTERM)
    assert emulator.process.wait(20) == 0
    assert emulator.left(zombies=True) == []
    assert "Traceback" not in emulator.log.read_text()


def test_a_taken_port_is_named_and_nothing_is_left(up: Callable[..., Up]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        emulator = up("--port", str(port))
        assert emulator.process.wait(20) == 2
    said = emulator.log.read_text()
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "--port" in said
    assert emulator.left(zombies=True) == []


def test_a_journal_that_cannot_be_written_is_named_and_nothing_is_left(up: Callable[..., Up]) -> None:
    emulator = up("--port", "0", "--journal", "/proc/nowhere/journal")
    assert emulator.process.wait(20) == 2
    assert "cannot write the journal to /proc/nowhere/journal" in emulator.log.read_text()
    assert emulator.left(zombies=True) == []


def test_it_goes_on_when_nobody_reads_what_it_says(up: Callable[..., Up], tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    process = subprocess.Popen(
        [*UP, "--port", "0", "--ready-file", str(ready_file)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    try:
        eventually("the ready file", lambda: ready_file.exists() or process.poll() is not None)
        eventually("the health page", lambda: listens(int(json.loads(ready_file.read_bytes())["endpoint_url"][17:])))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def _names_below(process: psutil.Process) -> set[str]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return {child.name() for child in process.children(recursive=True)}
    return set()
