"""The generator itself holds the caps, whatever its plan says: a real one, against a stand-in pipeline."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from loadtests.exit_codes import ExitCode
from loadtests.persona import Persona
from loadtests.plan import KEY_FOLDER, RunPlan
from loadtests.progress import Silent
from loadtests.reports import write_reports
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.schedule import Rate
from loadtests.sizes import parse_mix
from loadtests.staging.allowance import SendingCaps
from loadtests.tests import stand_in


@pytest.mark.timeout(120)
def test_generator_drops_what_would_cross_a_cap_and_the_run_is_invalid(tmp_path: Path) -> None:
    caps = SendingCaps(per_second=1000.0, total_bytes=10_000, messages=7, until=2e10)
    plan = RunPlan(
        "20261122-102030-beef",
        (),
        (Persona(schedule=Rate(15.0)),),
        1.0,
        seed=1,
        drain_seconds=10.0,
        max_start_lag_seconds=30.0,
        key_folder=KEY_FOLDER,
        caps=caps,
    )
    options = RunOptions(tuple(parse_mix("2kB")), warm_up_messages=2, with_floor=False)
    with stand_in.running() as target:
        facts, messages = LoadRun(target, plan, options, RunFolder(tmp_path / "run"), Silent()).execute()
    summary, verdict = write_reports(RunFolder(tmp_path / "run"), facts, messages)
    assert (summary.total.sent, summary.total.dropped) == (5, 10)
    assert verdict.exit_code is ExitCode.GENERATOR_INVALID
    told = "dropped: the cap on bytes (10000 were left of it for the load)"
    assert Counter(message.error for message in messages) == {None: 5, told: 10}
    assert all(message.key.startswith("windtunnel/20261122-102030-beef/") for message in messages)
