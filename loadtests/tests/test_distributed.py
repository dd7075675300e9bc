"""A master with workers on loopback: the schedule is split, histograms are merged, and a lost worker makes the run invalid."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.floor import Floor
from loadtests.launcher import Listen, generator_environment, worker_command
from loadtests.ledger import Tail
from loadtests.message import Message
from loadtests.percentiles import Durations
from loadtests.persona import Persona
from loadtests.plan import RunPlan
from loadtests.progress import Silent
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.schedule import Rate
from loadtests.sizes import parse_mix
from loadtests.summary import summarize
from loadtests.tests import stand_in
from loadtests.verdict import Verdict, decide
from loadtests.worker_samples import WorkerSamples

pytestmark = pytest.mark.timeout(90)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def workers_at(place: Listen, count: int, url: str, key: str, folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Workers as another machine would start them: they know the master and where messages go, and no folder of the run."""
    folder.mkdir()
    environment = {**generator_environment(url, key), "PYTHONUNBUFFERED": "1"}
    processes = []
    for number in range(count):
        with (folder / f"worker-{number}.log").open("wb") as log:
            processes.append(
                subprocess.Popen(worker_command(place), env=environment, cwd=folder, stdout=log, stderr=log)
            )
    try:
        yield processes
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
            process.wait(10)


def run_with_workers(
    tmp_path: Path, duration: float, struck: bool = False, forked: bool = False
) -> tuple[RunFacts, list[Message], Verdict, list[subprocess.Popen[bytes]]]:
    folder = RunFolder(tmp_path / "run")
    plan = RunPlan(
        "split",
        (),
        (Persona(schedule=Rate(15)),),
        duration,
        1,
        drain_seconds=60.0,
        max_start_lag_seconds=10.0,
        workers=2,
    )
    place = Listen("127.0.0.1", free_port())
    options = RunOptions(
        tuple(parse_mix("2kB:3,40kB:1")),
        warm_up_messages=2,
        floor=lambda _: Floor({}, "a test"),
        listen=None if forked else place,
    )
    if forked:
        with stand_in.running() as target:
            facts, messages = LoadRun(target, plan, options, folder, Silent()).execute()
        return facts, messages, decide(facts, summarize(facts, messages)), []
    with stand_in.running() as target:
        with workers_at(place, 2, target.api_url or "", target.api_key or "", tmp_path / "workers") as workers:
            stop = threading.Event()
            killer = threading.Thread(target=_kill_when_it_sends, args=(folder, workers[1], stop))
            if struck:
                killer.start()
            try:
                facts, messages = LoadRun(target, plan, options, folder, Silent()).execute()
            finally:
                stop.set()
                if struck:
                    killer.join()
        return facts, messages, decide(facts, summarize(facts, messages)), workers


def _kill_when_it_sends(folder: RunFolder, worker: subprocess.Popen[bytes], stop: threading.Event) -> None:
    log = Tail(folder.sent)
    while not stop.wait(0.05):
        if log.rows():
            os.kill(worker.pid, signal.SIGKILL)
            return


def test_schedule_is_split_by_worker_and_every_sample_arrives(tmp_path: Path) -> None:
    facts, messages, verdict, workers = run_with_workers(tmp_path, duration=3.0)
    assert verdict.exit_code is ExitCode.OK, [check for check in verdict.checks if not check.passed]
    assert [message.index for message in messages] == list(range(45))
    assert sorted(worker["started"] for worker in facts.workers) == [22, 23]
    assert all(worker["clock_error_seconds"] < 5 and worker["lost"] is None for worker in facts.workers)
    clocks = next(check.detail for check in verdict.checks if check.name == "the workers' clocks are known well enough")
    assert clocks.startswith("off by up to ")
    assert all(set(worker["promptness"]) <= {"priority", "short turns"} for worker in facts.workers)
    merged = WorkerSamples()
    assert facts.histograms is not None
    merged.add(facts.histograms)
    exact = Durations(message.ingest_seconds for message in messages)
    assert merged.from_schedule.count == 45
    assert merged.from_schedule.at(50) == pytest.approx(exact.at(50), rel=0.002)
    assert [worker.returncode for worker in workers] == [0, 0]


def test_workers_of_this_machine_are_forked_and_send_the_same(tmp_path: Path) -> None:
    facts, messages, verdict, _ = run_with_workers(tmp_path, duration=2.0, forked=True)
    assert verdict.exit_code is ExitCode.OK, [check for check in verdict.checks if not check.passed]
    assert [message.index for message in messages] == list(range(30))
    assert [worker["started"] for worker in facts.workers] == [15, 15]


def test_run_that_loses_a_worker_is_invalid(tmp_path: Path) -> None:
    facts, messages, verdict, _ = run_with_workers(tmp_path, duration=60.0, struck=True)
    failed = {check.name: check for check in verdict.checks if not check.passed}
    assert verdict.exit_code is ExitCode.GENERATOR_INVALID
    assert "every worker stayed to the end" in failed
    assert "1 of 2" in failed["every worker stayed to the end"].detail
    # It ends as soon as it is known, and what was sent until then is followed to the end.
    assert facts.load_seconds < 45
    assert all(message.objects for message in messages if message.accepted)
