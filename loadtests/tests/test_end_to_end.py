"""Whole runs, with real Locust and a real collector, against a stand-in pipeline that keeps its promise or breaks it on purpose."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from emulator.targets import Target
from loadtests.exit_codes import ExitCode
from loadtests.floor import Floor
from loadtests.persona import Persona
from loadtests.plan import RunPlan
from loadtests.reporting.reports import write_reports
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.schedule import Rate
from loadtests.sizes import parse_mix
from loadtests.summary import Summary
from loadtests.tests import stand_in
from loadtests.verdict import Verdict

pytestmark = pytest.mark.timeout(120)


class Silent:
    """Progress that only remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def phase(self, name: str) -> None:
        self.said.append(name)

    def note(self, text: str) -> None:
        self.said.append(text)

    def update(self, figures: object) -> None:
        return


def run_against(
    target: Target, folder: RunFolder, sizes: str = "2kB,40kB", rate: float = 15.0, **plan: float
) -> tuple[Summary, Verdict]:
    chosen = {"duration_seconds": 2.0, "drain_seconds": 8.0, "max_start_lag_seconds": 10.0}
    personas = (Persona(schedule=Rate(rate)),)
    load = RunPlan("e2e", (), personas, seed=1, **{**chosen, **plan})  # type: ignore[arg-type]
    options = RunOptions(tuple(parse_mix(sizes)), warm_up_messages=2, floor=lambda _: Floor({}, "not measured: a test"))
    facts, messages = LoadRun(target, load, options, folder, Silent()).execute()
    return write_reports(folder, facts, messages)


def test_run_against_a_pipeline_that_keeps_its_promise_passes(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with stand_in.running() as target:
        summary, verdict = run_against(target, folder, sizes="2kB:20,max:1", drain_seconds=60.0)
    assert verdict.exit_code is ExitCode.OK, [check for check in verdict.checks if not check.passed]
    assert summary.total.sent == summary.total.announced == 30
    report = json.loads(folder.report_json.read_text())
    assert stand_in.LIMIT_BYTES - 64 <= report["size_limit"]["accepted_bytes"] <= stand_in.LIMIT_BYTES
    assert report["validity"]["tcp_no_delay"] is True
    assert sorted(path.name for path in folder.path.iterdir() if path.suffix != ".log") == [
        "hgrm",
        "junit.xml",
        "messages.csv",
        "messages.ndjson",
        "report.html",
        "report.json",
        "run.json",
        "sizes.csv",
        "summary.md",
    ]


def test_each_broken_promise_is_caught_and_nothing_else(tmp_path: Path) -> None:
    """Messages are numbered from the first probe on; there are four probes, two of each size."""
    with stand_in.running("bad") as target:
        summary, verdict = run_against(target, RunFolder(tmp_path / "run"), rate=22.0)
    struck = Counter(stand_in.fault_of(number) for number in range(5, 5 + 44))
    assert all(struck[fault] >= 1 for fault in stand_in.FAULTS)
    total = summary.total
    assert total.lost == struck["lose"] + struck["no final"] + struck["false flag"]
    assert total.corrupt == struck["corrupt"]
    assert total.duplicated == struck["duplicate"]
    assert total.refused == struck["break"] + struck["refuse"]
    assert total.statuses == {"200": total.accepted, "502": struck["break"], "503": struck["refuse"]}
    assert total.false_flags > 0
    # A clear refusal is no problem of its message; everything else is.
    assert len(summary.problems) == sum(count for fault, count in struck.items() if fault not in ("none", "refuse"))
    assert verdict.exit_code is ExitCode.FUNCTIONAL_FAILURE


def test_interrupted_run_writes_its_reports_and_leaves_no_process(tmp_path: Path) -> None:
    with stand_in.running() as target:
        (tmp_path / "target.json").write_text(target.to_json())
        command = [sys.executable, "-m", "loadtests", "--target", "target.json", "--sizes", "2kB", "--rate", "20"]
        command += ["--duration", "60", "--no-floor", "--reports", "reports"]
        root = str(Path(__file__).parents[2])
        process = subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "started" in line:
                break
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 2
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=30)[0]
    assert process.returncode == 130, output
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    (folder,) = (tmp_path / "reports").iterdir()
    report = json.loads((folder / "report.json").read_text())
    assert report["exit_code"] == 130
    assert report["total"]["sent"] > 0
    assert (folder / "report.html").stat().st_size > 10_000


def test_message_that_the_generator_cannot_hold_is_dropped_and_makes_the_run_invalid(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with stand_in.running() as target:
        summary, verdict = run_against(target, folder, sizes="2kB", duration_seconds=1.0, max_in_flight_bytes=1)
    assert (summary.total.dropped, summary.total.sent) == (15, 0)
    assert verdict.exit_code is ExitCode.GENERATOR_INVALID


def test_target_whose_process_has_ended_is_not_ready(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with stand_in.running() as target:
        dead = replace(target, process_id=ended.pid, api_key="wrong")
        _, verdict = run_against(dead, RunFolder(tmp_path / "run"))
    assert verdict.exit_code is ExitCode.ENVIRONMENT_NOT_READY
    assert "process ended" in verdict.checks[0].detail


def test_target_that_refuses_everything_is_not_ready(tmp_path: Path) -> None:
    with stand_in.running() as target:
        _, verdict = run_against(replace(target, api_key="wrong"), RunFolder(tmp_path / "run"))
    assert verdict.exit_code is ExitCode.ENVIRONMENT_NOT_READY
    assert any("403" in check.detail for check in verdict.checks if not check.passed)


def test_collector_that_cannot_receive_ends_the_run_instead_of_waiting(tmp_path: Path) -> None:
    with stand_in.running() as target:
        deaf = replace(
            target, outputs={**target.outputs, "SubscriberQueueUrl": target.outputs["SubscriberQueueUrl"] + "x"}
        )
        _, verdict = run_against(deaf, RunFolder(tmp_path / "run"))
    assert verdict.exit_code is ExitCode.GENERATOR_INVALID
    assert any("collector ended early" in check.detail for check in verdict.checks)
