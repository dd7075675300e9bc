"""`windtunnel fuzz` and event files under pytest: what they say, and how they end. No emulator is started here."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fixtures.incoming import Draft
from loadtests.cli import app
from loadtests.failures import UsageError
from loadtests.fuzz import campaign
from loadtests.fuzz.campaign import FuzzResult
from loadtests.fuzz.event_file import EventFile
from loadtests.fuzz.profiles import PROFILES, profile_named
from loadtests.fuzz.steps import Send, Trouble

pytest_plugins = ["pytester"]

FAILING = (Trouble("s3 outage"), Send(Draft(size=3)))
FOUND = FuzzResult("ci", 5, 20, 12.5, True, Path("f.event.json"), "message 0: it is lost", FAILING)
CLEAN = FuzzResult("ci", 40, 300, 30.0, True)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["fuzz", *arguments])


def found_by(monkeypatch: pytest.MonkeyPatch, result: FuzzResult) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []

    def look(template: Path, folder: Path, profile: Any, **options: Any) -> FuzzResult:
        asked.append({"template": template, "profile": profile, **options})
        return result

    monkeypatch.setattr(campaign, "fuzz", look)
    return asked


def test_what_was_found_is_told_with_its_replay_line_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = found_by(monkeypatch, FOUND)
    told = run("--trouble", "s3 outage", "--seconds", "3")
    assert told.exit_code == 1
    assert "windtunnel fuzz replay f.event.json" in told.stdout.splitlines()
    assert "trouble: name s3 outage" in told.stdout
    assert asked[0]["troubles"] == ["s3 outage"]
    assert asked[0]["profile"].search_seconds == 3.0


def test_result_as_json_is_alone_on_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    found_by(monkeypatch, FOUND)
    told = json.loads(run("--json").stdout)
    assert told["replay"] == "windtunnel fuzz replay f.event.json"
    assert told["failing_steps"][0] == {"do": "trouble", "name": "s3 outage", "times": 1}


def test_nothing_found_is_exit_code_0(monkeypatch: pytest.MonkeyPatch) -> None:
    found_by(monkeypatch, CLEAN)
    told = run()
    assert (told.exit_code, "nothing found in 40 examples" in told.stdout) == (0, True)
    CLEAN.assert_ok()
    with pytest.raises(AssertionError, match="it is lost"):
        FOUND.assert_ok()


@pytest.mark.parametrize(
    ("variable", "option", "chosen"),
    [(None, (), "ci"), ("long", (), "long"), ("default", (), "ci"), ("long", ("--profile", "ci"), "ci")],
)
def test_profile_is_the_option_or_that_of_hypothesis(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, option: tuple[str, ...], chosen: str
) -> None:
    asked = found_by(monkeypatch, CLEAN)
    monkeypatch.delenv("HYPOTHESIS_PROFILE", raising=False)
    if variable is not None:
        monkeypatch.setenv("HYPOTHESIS_PROFILE", variable)
    run(*option)
    assert asked[0]["profile"] == PROFILES[chosen]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--trouble", "s3 outag"), "did you mean 's3 outage'"),
        (("--profile", "quick"), "there is no profile 'quick': ci, long"),
        (("--template", "none.yaml"), "there is no template none.yaml"),
        (("--scenario", "none.py"), "there is no scenario file"),
        (("replay", "none.event.json"), "there is no event file"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(arguments: tuple[str, ...], message: str) -> None:
    refused = run(*arguments)
    assert isinstance(refused.exception, UsageError)
    assert message in str(refused.exception)


def test_profiles_look_for_the_same_examples_or_for_long() -> None:
    ci, long = PROFILES["ci"], PROFILES["long"]
    assert ci.search_seconds + ci.shrink_seconds < 120
    assert ci.settings(Path("examples")).derandomize
    assert long.settings(Path("examples")).print_blob
    assert profile_named("ci", seconds=1, examples=2, steps=3).examples == 2


@pytest.mark.parametrize("problem", ["", "message 0: it is lost"])
def test_an_event_file_is_a_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, problem: str) -> None:
    monkeypatch.setattr(campaign, "replay", lambda events, **options: problem)
    EventFile(FAILING, "template.yaml").write(pytester.path / "one.event.json")
    # An installed package brings the plugin by its entry point; a bare checkout has to name it.
    installed = any(entry.value == "fixtures.event_files" for entry in entry_points(group="pytest11"))
    named = () if installed else ("-p", "fixtures.event_files")
    result = pytester.runpytest_inprocess(*named, "-p", "no:locust", "one.event.json")
    result.assert_outcomes(passed=int(not problem), failed=int(bool(problem)))
    if problem:
        result.stdout.fnmatch_lines(["message 0: it is lost", "*trouble: name s3 outage*", "windtunnel fuzz replay *"])
