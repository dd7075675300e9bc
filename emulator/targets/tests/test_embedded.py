"""Starting and ending the emulator's process, with a stand-in that behaves as the command line does."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from emulator.errors import EmulatorError
from emulator.targets import EmbeddedTarget

STAND_IN = """
import json, os, signal, sys
arguments = sys.argv[sys.argv.index("up"):]
behaviour = os.environ["STAND_IN"]
print("arguments", json.dumps(arguments), flush=True)
if behaviour == "fails":
    print("windtunnel: Resources.Thing (AWS::X::Y) is not supported", file=sys.stderr)
    sys.exit(2)
if behaviour == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if behaviour != "silent":
    ready = arguments[arguments.index("--ready-file") + 1]
    info = {
        "endpoint_url": "http://127.0.0.1:9", "control_url": "http://127.0.0.1:9/_windtunnel", "region": "us-east-1",
        "clock": "virtual", "access_key_id": "test", "secret_access_key": "test", "process_id": os.getpid(),
        "stacks": {"audit": {"outputs": {"IngestUrl": "https://a1.execute-api.us-east-1.amazonaws.com/Prod/ingest"}}},
    }
    with open(ready + ".partial", "w") as file:
        json.dump(info, file)
    os.rename(ready + ".partial", ready)
while True:
    signal.pause()
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """`python -m emulator` runs the stand-in: the interpreter is replaced by a script that runs it."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    launcher = tmp_path / "python"
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -S {script} "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(launcher))
    monkeypatch.setenv("STAND_IN", "ready")
    return monkeypatch


def test_target_is_what_the_ready_file_says(stand_in: pytest.MonkeyPatch) -> None:
    embedded = EmbeddedTarget.start(
        template="template.yaml", stack_name="audit", parameters={"MultiAZ": "false"}, clock="virtual", seed=7
    )
    with embedded as target:
        assert target.api_url == "http://127.0.0.1:9/_aws/execute-api/a1/Prod/ingest"
        assert target.stack_name == "audit"
        assert "virtual_time" in target.capabilities
        assert target.process_id == embedded.process_id
        arguments = json.loads(embedded.log().splitlines()[0].removeprefix("arguments "))
    assert arguments[:3] == ["up", "--port", "0"]
    for pair in (["--clock", "virtual"], ["--seed", "7"], ["--stack-name", "audit"], ["--parameter", "MultiAZ=false"]):
        assert pair == arguments[arguments.index(pair[0]) : arguments.index(pair[0]) + 2]
    with pytest.raises(ProcessLookupError):
        os.kill(embedded.process_id, 0)


def test_failure_to_deploy_is_told_in_the_emulators_words(stand_in: pytest.MonkeyPatch) -> None:
    stand_in.setenv("STAND_IN", "fails")
    with pytest.raises(EmulatorError, match=r"exit code 2(.|\n)*AWS::X::Y\) is not supported"):
        EmbeddedTarget.start(template="template.yaml")


def test_start_that_takes_too_long_is_ended(stand_in: pytest.MonkeyPatch) -> None:
    stand_in.setenv("STAND_IN", "silent")
    with pytest.raises(EmulatorError, match=r"not ready within 0.3 s"):
        EmbeddedTarget.start(template="template.yaml", timeout=0.3)


def test_process_that_ignores_sigterm_is_killed(stand_in: pytest.MonkeyPatch) -> None:
    from emulator.targets import embedded as module

    stand_in.setenv("STAND_IN", "stubborn")
    stand_in.setattr(module, "STOP_SECONDS", 0.2)
    embedded = EmbeddedTarget.start(template="template.yaml")
    embedded.stop()
    embedded.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(embedded.process_id, 0)
