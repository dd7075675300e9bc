"""The plugin as a user meets it: a run of pytest inside pytest, with an emulator that is played."""

from __future__ import annotations

import re
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

PLAYED = """
import itertools, pytest
from emulator.targets import Target
import emulator.targets

class Played:
    numbers = itertools.count(100)
    def __init__(self, arguments):
        self.process_id = next(self.numbers)
        self.target = Target(
            name="embedded", endpoint_url="http://127.0.0.1:9", region="us-east-1", access_key_id="a",
            secret_access_key="b", stack_name="s", outputs={key: str(value) for key, value in arguments.items()},
        )
        print("started", self.process_id)
    @classmethod
    def start(cls, **arguments):
        return cls(arguments)
    def log(self):
        return "last words of the emulator"
    def stop(self):
        print("stopped", self.process_id)

@pytest.fixture(autouse=True, scope="session")
def played():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emulator.targets, "EmbeddedTarget", Played)
        yield
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(PLAYED)
    pytester.makeini(
        """
        [pytest]
        windtunnel_template = template.yaml
        windtunnel_clock = virtual
        windtunnel_timeout = 1m30s
        windtunnel_parameters =
            MultiAZ=false
            Name=a=b
        """
    )
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    installed = any(entry.name == "windtunnel" for entry in entry_points(group="pytest11"))
    plugin = () if installed else ("-p", "emulator.pytest_plugin")
    return project.runpytest(*plugin, "-p", "no:cacheprovider", *arguments)


def test_settings_reach_the_emulator_which_is_started_once(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_one(windtunnel, windtunnel_target, request):
            outputs = windtunnel.target.outputs
            assert outputs["template"] == str(request.config.rootpath / "template.yaml")
            assert outputs["clock"] == "virtual"
            assert outputs["timeout"] == "90.0"
            assert outputs["seed"] == "7"
            assert outputs["parameters"] == "{'MultiAZ': 'false', 'Name': 'a=b'}"
        def test_two(windtunnel, windtunnel_target):
            assert windtunnel.target is windtunnel_target
        """
    )
    result = run(project, "-s", "--windtunnel-seed", "7")
    result.assert_outcomes(passed=2)
    assert result.stdout.str().count("started 1") == 1
    result.stdout.fnmatch_lines(["windtunnel: target embedded, seed 7", "*stopped 100*"])


def test_fresh_emulator_is_the_tests_own_and_ends_with_it(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_one(windtunnel_fresh):
            fresh = windtunnel_fresh(clock="wall", delivery="contract")
            assert (fresh.target.outputs["clock"], fresh.target.outputs["delivery"]) == ("wall", "contract")
        def test_two(windtunnel):
            print("two")
        """
    )
    result = run(project, "-s")
    result.assert_outcomes(passed=2)
    text = result.stdout.str()
    assert text.index("started 100") < text.index("stopped 100") < text.index("started 101") < text.index("two")


def test_failed_test_shows_the_emulators_last_words_and_the_seed(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_fails(windtunnel):
            assert False
        def test_fails_alone():
            assert False
        """
    )
    result = run(project, "--windtunnel-seed", "11")
    result.assert_outcomes(failed=2)
    assert result.stdout.str().count("last words of the emulator") == 1
    result.stdout.fnmatch_lines(["*windtunnel emulator 100, seed 11*"])


def test_missing_template_is_a_usage_error_that_names_the_setting(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(windtunnel): pass")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*windtunnel_template is not set*"])


def test_target_can_be_named_by_file_or_environment(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    from emulator.targets import Target

    target = Target(
        name="elsewhere",
        endpoint_url="http://127.0.0.1:9",
        region="us-east-1",
        access_key_id="a",
        secret_access_key="b",
        stack_name="s",
        outputs={},
    )
    project.makepyfile("def test_one(windtunnel): assert windtunnel.target.name == 'elsewhere'")
    project.makefile(".json", target=target.to_json())
    run(project, "--windtunnel-target", "target.json").assert_outcomes(passed=1)
    monkeypatch.setenv("WINDTUNNEL_TARGET", target.to_json())
    run(project, "--windtunnel-target", "environment").assert_outcomes(passed=1)
    result = run(project, "--windtunnel-target", "nowhere")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*none of embedded, environment, aws:STACK*"])


def test_workers_of_xdist_share_the_seed_and_have_an_emulator_each(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    project.makepyfile(
        """
        import pytest
        @pytest.mark.parametrize("number", range(4))
        def test_one(windtunnel, number, record_property):
            record_property("seed", windtunnel.target.outputs["seed"])
        """
    )
    result = run(project, "-n", "2", "--junitxml", "report.xml")
    result.assert_outcomes(passed=4)
    assert len(set(re.findall(r'name="seed" value="(\d+)"', (project.path / "report.xml").read_text()))) == 1


CAPPED = """
import emulator.targets
from emulator.targets import Target
from emulator.targets.caps import Caps

@pytest.fixture(autouse=True, scope="session")
def stack(played):
    def aws_target(stack):
        return Target(
            name="aws", endpoint_url=None, region="us-east-1", access_key_id="a", secret_access_key="b",
            stack_name=stack or "of the settings", outputs={"SubscriberQueueUrl": "q"}, caps=Caps(), read_only=True,
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emulator.targets, "aws_target", aws_target)
        yield
"""
LOADED = """
from pathlib import Path
from types import SimpleNamespace

class Scenario:
    def run(self, reports, target=None, **arguments):
        name = None if target is None else target.stack_name
        return SimpleNamespace(folder=SimpleNamespace(path=Path("a-load")), reports=reports, stack=name, arguments=arguments)

def test_load(windtunnel_load, request, tmp_path):
    result = windtunnel_load(Scenario(), duration="5s")
    assert result.arguments == {"duration": "5s"}
    print("stack", result.stack, "at root:", result.reports == request.config.rootpath / "reports")
"""


def test_same_file_is_a_load_on_an_emulator_or_on_a_deployed_stack(project: pytest.Pytester) -> None:
    project.makeconftest(PLAYED + CAPPED)
    project.makepyfile(LOADED)
    run(project, "-s").stdout.fnmatch_lines(["*stack None at root: False*", "*1 passed*"])
    named = run(project, "-s", "--windtunnel-target", "aws:audit-staging")
    named.stdout.fnmatch_lines(
        ["*stack audit-staging at root: True*", "windtunnel: *windtunnel clean-up a-load", "*1 passed*"]
    )
    run(project, "-s", "--windtunnel-target", "aws").stdout.fnmatch_lines(["*stack of the settings at root: True*"])


def test_messages_of_tests_on_a_deployed_stack_are_named_for_clean_up(project: pytest.Pytester) -> None:
    project.makeconftest(PLAYED + CAPPED)
    project.makepyfile("def test_one(windtunnel): print('run', windtunnel.run_id)")
    result = run(project, "-s", "--windtunnel-target", "aws")
    found = re.search(r"run (\S+)", result.stdout.str())
    assert found is not None
    result.stdout.fnmatch_lines([f"windtunnel: * windtunnel clean-up {found[1]}"])
