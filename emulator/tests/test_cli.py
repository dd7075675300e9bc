"""The commands that look at this program and this machine: `windtunnel version`, `windtunnel doctor`."""

from __future__ import annotations

import json
import platform

from typer.testing import CliRunner

from emulator.cli import app


def test_version_names_the_interpreter_and_what_the_emulator_stands_on() -> None:
    found = json.loads(CliRunner().invoke(app, ["version", "--json"]).stdout)
    assert found["python"] == platform.python_version()
    assert found["botocore"]
    assert "botocore" in CliRunner().invoke(app, ["version"]).stdout


def test_doctor_says_the_same_as_json_and_ends_alike() -> None:
    text, value = CliRunner().invoke(app, ["doctor"]), CliRunner().invoke(app, ["doctor", "--json"])
    found = json.loads(value.stdout)
    assert text.exit_code == value.exit_code == (0 if found["ready"] else 1)
    assert all(finding["subject"] in text.stdout for finding in found["findings"])
