"""The pytest plugin: an emulator with your template in it, and one object with verbs.

    def test_a_message_is_archived(windtunnel):
        windtunnel.send(b"payload").wait_for(archived=True, indexed=True, notified="final", within="10s")

    def test_an_hour_later(windtunnel_fresh):
        windtunnel = windtunnel_fresh(clock="virtual")
        windtunnel.clock.advance("1h")

`windtunnel` shares one emulator per test process, started and deployed when the first test asks for it. Under xdist
every worker has its own: a queue has one reader, and clock and faults belong to a whole emulator, so tests of two
workers would disturb each other. `windtunnel_fresh` starts another one for the test that asks (2 to 3 seconds).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.targets import EmbeddedTarget, Pipeline, Target

LOG_LINES = 40
INI = (
    ("windtunnel_template", "string", "template that the embedded target deploys"),
    ("windtunnel_stack_name", "string", "name of its stack; default: the template's folder"),
    ("windtunnel_parameters", "linelist", "its parameters, one Name=Value a line"),
    ("windtunnel_clock", "string", "wall (default), or virtual"),
    ("windtunnel_delivery", "string", "polite (default), or contract"),
    ("windtunnel_timeout", "string", "how long the emulator may take to start, e.g. 2m"),
)
EMULATORS = pytest.StashKey[list["EmbeddedTarget"]]()
STAGING_RUNS = pytest.StashKey[list[str]]()
SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings of this plugin."""
    group = parser.getgroup("windtunnel", "serverless pipelines on this machine")
    group.addoption(
        "--windtunnel-target",
        default="embedded",
        metavar="TARGET",
        help="embedded (default), aws or aws:STACK (by [staging] of windtunnel.toml), environment (WINDTUNNEL_TARGET), or a file "
        "with a target's JSON",
    )
    group.addoption("--windtunnel-seed", type=int, metavar="N", help="seed of ids, delivery order and faults")
    for name, kind, text in INI:
        parser.addini(name, text, type=kind)  # type: ignore[arg-type]  # the literals are in the table above


def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed of this run, once for all workers, unless it is given."""
    worker = getattr(config, "workerinput", {})
    seed = config.getoption("--windtunnel-seed")
    config.stash[SEED] = (
        worker.get("windtunnel_seed", random.SystemRandom().randrange(1 << 32)) if seed is None else seed
    )
    config.stash[EMULATORS] = []
    config.stash[STAGING_RUNS] = []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the seed to an xdist worker."""
    node.workerinput["windtunnel_seed"] = node.config.stash[SEED]


def pytest_report_header(config: pytest.Config) -> str:
    """Every run prints its seed."""
    return f"windtunnel: target {config.getoption('--windtunnel-target')}, seed {config.stash[SEED]}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how to delete what was sent to a deployed stack."""
    for run_id in config.stash[STAGING_RUNS]:
        terminalreporter.write_line(f"windtunnel: to see and delete what this left there: windtunnel clean-up {run_id}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """Add the emulators' last words to the report of a failed test that used one."""
    report = yield
    used = {"windtunnel", "windtunnel_target", "windtunnel_fresh"}.intersection(getattr(item, "fixturenames", ()))
    if report.failed and used:
        for emulator in item.config.stash[EMULATORS]:
            text = "\n".join(emulator.log().splitlines()[-LOG_LINES:])
            report.sections.append((f"windtunnel emulator {emulator.process_id}, seed {item.config.stash[SEED]}", text))
    return report


@pytest.fixture(scope="session")
def windtunnel_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The target of this test process, deployed when the first test asks for it."""
    from emulator.targets import Target, aws_target

    name: str = request.config.getoption("--windtunnel-target")
    if name == "embedded":
        emulator = _start(request.config)
        yield emulator.target
        _stop(request.config, emulator)
    elif name == "environment":
        yield Target.from_environment()
    elif name == "aws" or name.startswith("aws:"):
        yield aws_target(name.removeprefix("aws").removeprefix(":") or None)
    else:
        yield Target.from_json(_read_file(name))


@pytest.fixture(scope="session")
def _windtunnel_pipeline(request: pytest.FixtureRequest, windtunnel_target: Target) -> Pipeline:
    """One reader of the subscriber's queue for the whole process: what it takes off the queue, no other sees."""
    from emulator.targets import Pipeline

    pipeline = Pipeline(windtunnel_target)
    if pipeline.run_id is not None:
        request.config.stash[STAGING_RUNS].append(pipeline.run_id)
    return pipeline


@pytest.fixture
def windtunnel_load(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    """Runs a load scenario against the target of this test run: `windtunnel_load(scenario, duration="5s").assert_ok()`.

    Arguments are those of `Scenario.run`. The embedded target starts an emulator for the load alone; a deployed stack's caps are held.
    """
    embedded = request.config.getoption("--windtunnel-target") == "embedded"

    def run(scenario: Any, **arguments: Any) -> Any:
        if embedded:
            return scenario.run(tmp_path, **arguments)
        result = scenario.run(
            request.config.rootpath / "reports", request.getfixturevalue("windtunnel_target"), **arguments
        )
        request.config.stash[STAGING_RUNS].append(result.folder.path.name)
        return result

    return run


@pytest.fixture
def windtunnel(_windtunnel_pipeline: Pipeline) -> Iterator[Pipeline]:
    """The pipeline under test. Faults that the test leaves in force are lifted after it."""
    yield _windtunnel_pipeline
    if "faults" in _windtunnel_pipeline.target.capabilities:
        _windtunnel_pipeline.faults.clear()


@pytest.fixture
def windtunnel_fresh(request: pytest.FixtureRequest) -> Iterator[Callable[..., Pipeline]]:
    """Starts an emulator for this test alone: `windtunnel_fresh(clock="virtual", delivery="contract")`.

    Its arguments are those of `EmbeddedTarget.start`, and default to the settings of the session's.
    """
    from emulator.targets import Pipeline

    if request.config.getoption("--windtunnel-target") != "embedded":
        pytest.skip("a fresh emulator is only there with --windtunnel-target embedded")
    started: list[EmbeddedTarget] = []

    def start(**arguments: Any) -> Pipeline:
        started.append(_start(request.config, **arguments))
        return Pipeline(started[-1].target)

    yield start
    for emulator in started:
        _stop(request.config, emulator)


def _start(config: pytest.Config, **arguments: Any) -> EmbeddedTarget:
    from emulator.targets import EmbeddedTarget

    emulator = EmbeddedTarget.start(**(_settings(config) | arguments))
    config.stash[EMULATORS].append(emulator)
    return emulator


def _stop(config: pytest.Config, emulator: EmbeddedTarget) -> None:
    config.stash[EMULATORS].remove(emulator)
    emulator.stop()


def _settings(config: pytest.Config) -> dict[str, Any]:
    """The arguments of `EmbeddedTarget.start` that the settings give."""
    from emulator.targets.duration import seconds_of

    template = config.getini("windtunnel_template")
    if not template:
        raise pytest.UsageError("windtunnel_template is not set: name the template to deploy in pytest's settings")
    settings: dict[str, Any] = {"template": config.rootpath / template, "seed": config.stash[SEED]}
    for name in ("stack_name", "clock", "delivery"):
        value = config.getini(f"windtunnel_{name}")
        if value:
            settings[name] = value
    parameters = dict(line.split("=", 1) for line in config.getini("windtunnel_parameters") if "=" in line)
    if len(parameters) != len(config.getini("windtunnel_parameters")):
        raise pytest.UsageError("windtunnel_parameters has a line that is not Name=Value, or a name twice")
    settings["parameters"] = parameters
    timeout = config.getini("windtunnel_timeout")
    if timeout:
        settings["timeout"] = seconds_of(timeout)
    return settings


def _read_file(name: str) -> str:
    from pathlib import Path

    path = Path(name)
    if not path.is_file():
        raise pytest.UsageError(f"--windtunnel-target {name} is none of embedded, environment, aws:STACK, and no file")
    return path.read_text()
