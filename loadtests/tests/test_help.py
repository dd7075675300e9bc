"""Every command teaches: its help has an example and a way to get JSON, and what goes wrong is one line that says what to do next."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main
from click import Command
from typer.testing import CliRunner

from emulator.cli import app as root
from emulator.cli import main as root_main
from emulator.explain.commands import app as execution_commands
from loadtests.cli import app as load

WITHOUT_JSON: Mapping[str, str] = {
    "windtunnel": "a group of commands",
    "windtunnel up": "it serves; --ready-file writes what it would say as JSON",
    "load worker": "what it measures goes to its master, which says it as JSON",
    "load baseline": "a group of commands",
    "executions": "a group of commands",
}
GROUPS = {"windtunnel", "executions"}


def commands() -> Iterator[tuple[str, Command]]:
    for name, app in (("windtunnel", root), ("load", load), ("executions", execution_commands)):
        yield from walk(name, typer.main.get_command(app))


def walk(path: str, command: Any) -> Iterator[tuple[str, Command]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from walk(f"{path} {name}", inner)


def passes_on(command: Any) -> bool:
    """Whether a command of the root hands its words on as they are, its --help included: the command behind it is in the list too."""
    return command.context_settings.get("help_option_names") == []


TEACHING = [(path, command) for path, command in commands() if not passes_on(command)]
IDS = [path for path, _ in TEACHING]


def test_no_command_is_overlooked() -> None:
    assert {"windtunnel up", "windtunnel version", "load", "load gate", "load baseline save", "load limits"} <= set(IDS)
    assert set(WITHOUT_JSON) <= set(IDS)


@pytest.mark.parametrize(("path", "command"), TEACHING, ids=IDS)
def test_help_has_an_example_of_the_command_itself(path: str, command: Any) -> None:
    if path in GROUPS:
        return
    found = re.search(r"Example: `?(windtunnel [^`]+)", command.help or "")
    assert found is not None
    assert path.split()[-1] in found[1]


@pytest.mark.parametrize(("path", "command"), TEACHING, ids=IDS)
def test_result_can_be_had_as_json_or_there_is_a_reason(path: str, command: Any) -> None:
    has_json = any("--json" in parameter.opts for parameter in command.params)
    assert has_json != (path in WITHOUT_JSON)


@pytest.mark.parametrize(("path", "command"), TEACHING, ids=IDS)
def test_every_option_says_what_it_is_for_in_words_that_arrive(path: str, command: Any) -> None:
    """Square brackets are markup, and vanish from a help text unless a backslash stands before them."""
    for parameter in command.params:
        text = getattr(parameter, "help", None) or ""
        assert text, f"{path} {parameter.opts}"
        assert re.search(r"(?<!\\)\[[a-z ]+\]", text) is None, f"{path} {parameter.opts}"
    assert re.search(r"(?<!\\)\[[a-z ]+\]", inspect.cleandoc(command.help or "")) is None


@pytest.mark.parametrize(("path", "command"), TEACHING, ids=IDS)
def test_help_is_shown_and_ends_with_0(path: str, command: Any) -> None:
    words = path.split()[1:]
    app = {"windtunnel": root, "load": load, "executions": execution_commands}[path.split()[0]]
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


MISTAKES: list[tuple[str, int, str]] = [
    ("laod", 2, "Did you mean 'load'"),
    ("limits --siez 3MB", 2, "--size"),
    ("up --template nothing.yaml", 2, "give the path of a SAM or CloudFormation template"),
    ("up --parameter nonsense", 2, "Name=Value"),
    ("load --template nothing.yaml", 2, "--template"),
    ("load --sizes huge", 2, "write a number and one of"),
    ("load --scenario nothing.py", 2, "no scenario file"),
    ("load --target nothing", 2, "embedded"),
    ("gate --baselines nowhere", 2, "windtunnel baseline save"),
    ("gate --looks often", 2, "e.g. 8,12,16"),
    ("gate --budget nonsense", 2, "write e.g."),
    ("baseline show nothing", 2, "windtunnel baseline save nothing"),
    ("compare one other", 2, "windtunnel load"),
    ("report nothing --reports nowhere", 2, "windtunnel load"),
    ("explain nothing --reports nowhere", 2, "windtunnel"),
    ("limits", 2, "--largest"),
    ("limits --size 6MB --template nothing.yaml", 2, "--template"),
    ("limits --size much", 2, "write a number"),
    ("limits --size 6MB --sample nothing.json", 2, "sample nothing.json"),
    ("cost nothing --baselines nowhere --reports nowhere", 2, "finished run nor a baseline"),
    ("cost --region mars-north-1", 2, "--region takes"),
    ("cost --counters nothing.json", 2, "--counters takes"),
    ("cost --node nonsense", 2, "write e.g. valkey:"),
    ("executions --endpoint-url http://127.0.0.1:1", 2, "windtunnel up"),
    ("logs f --endpoint-url http://127.0.0.1:1", 2, "windtunnel up"),
    ("logs f --since yesterday", 2, "write 30s, 5m"),
    ("doctor --nonsense", 2, "--target aws"),
]


@pytest.mark.parametrize(("words", "code", "advice"), MISTAKES, ids=[words for words, _, _ in MISTAKES])
def test_mistake_ends_with_its_code_and_says_what_to_do(
    words: str, code: int, advice: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error; only a misspelt word gets the usage above it."""
    monkeypatch.setattr("sys.argv", ["windtunnel", *words.split()])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as end:
        root_main()
    out, err = capfd.readouterr()
    assert end.value.code == code
    assert advice in err
    assert len(out.splitlines()) <= 1  # what a load is about to do
    if "Usage:" not in err:
        assert len(err.strip().splitlines()) == 1
        assert err.startswith("windtunnel: ")


def test_the_fault_of_a_file_is_told_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "broken.yaml"
    template.write_text("Resources: [")
    shown = CliRunner().invoke(load, ["limits", "--size", "1MB", "--template", str(template)])
    assert "broken.yaml" in str(shown.exception)
