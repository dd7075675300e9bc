"""The fuzzer proves itself: it finds a lie that is planted in the pipeline, makes it small, and the line that it prints shows it again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.incoming import Draft
from loadtests import Scenario
from loadtests.fuzz.event_file import EventFile
from loadtests.fuzz.steps import Send, Trouble

ROOT = Path(__file__).parents[1]
HONEST = """            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
"""
LYING = """            _LOGGER.warning("not archived: %s", error)
"""


@pytest.fixture
def lying_pipeline(tmp_path: Path) -> Path:
    """The pipeline with an archive that swallows every refusal of S3, and so reports what is not there; its template."""
    copy = tmp_path / "audit_ingest"
    shutil.copytree(ROOT / "system" / "audit_ingest", copy, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    archive = copy / "layers" / "audit_message" / "audit_message" / "archive.py"
    source = archive.read_text()
    assert source.count(HONEST) == 1
    archive.write_text(source.replace(HONEST, LYING))
    return copy / "template.yaml"


@pytest.mark.timeout(600)
def test_a_flag_that_lies_is_found_made_small_saved_and_shown_again(
    pytestconfig: pytest.Config, lying_pipeline: Path, tmp_path: Path
) -> None:
    if pytestconfig.getoption("--windtunnel-target") != "embedded":
        pytest.skip("it deploys a broken pipeline: on an emulator of its own only")
    found = Scenario(template=lying_pipeline).fuzz(
        tmp_path, limits={"seconds": 250, "steps": 4}, large=False, troubles=("archive slowed down",)
    )
    assert found.event_file is not None, found.text()
    assert "says S3: true, and it is not there" in found.problem
    # S3's client tries twice, so one refusal is not enough; nothing else of the message matters.
    assert found.failing == (Trouble("archive slowed down", 2), Send(Draft()))
    assert EventFile.read(found.event_file).steps == found.failing
    with pytest.raises(AssertionError, match=r"windtunnel fuzz replay .*\.event\.json"):
        found.assert_ok()

    program, *arguments = found.replay_line.split()
    assert program == "windtunnel"
    shown = subprocess.run(
        [sys.executable, "-m", "emulator", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert "says S3: true, and it is not there" in shown.stdout
