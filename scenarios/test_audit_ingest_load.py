"""Audit ingest under load: one file is the load (`windtunnel load --scenario FILE`), its test, both on a deployed stack, and what the
fuzzer sends (`windtunnel fuzz --scenario FILE`).

On a stack, that is `windtunnel load --scenario FILE --target aws`, and `pytest FILE --windtunnel-target aws`.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.limits import Message, largest, read_view
from loadtests import Scenario, Sender
from loadtests.facts import RunFacts
from loadtests.reporting.explain_message import explain_message
from loadtests.scenario import ScenarioResult

scenario = Scenario(
    senders=(
        Sender("branch office", arrivals="poisson(6)", sizes="256KiB:9,1MiB:3", message_type="transfer"),
        Sender("night batch", arrivals="burst(3,5s)", sizes="4MB:3,max:1", message_type="statement"),
    ),
    duration="30s",
    thresholds=("lost == 0", "duplicated == 0", "corrupt == 0", "refused == 0", "archived == 100%", "final == 100%"),
)


@pytest.mark.timeout(180)
def test_every_message_of_both_senders_arrives_whole(windtunnel_load: Callable[..., ScenarioResult]) -> None:
    """A busy test machine may start messages late; that makes times mean nothing, and every message still has to arrive."""
    result = windtunnel_load(replace(scenario, max_lag="5s", drain="90s"), duration="4s")
    result.assert_ok()
    assert {figures.size for figures in result.summary.personas if figures.accepted} == {"branch office", "night batch"}
    explained = explain_message(result.folder.path, result.first_key).text()
    assert "Nothing is missing." in explained
    if result.folder.journal.is_file():
        assert all(service in explained for service in ("apigateway", "stepfunctions", "s3", "dynamodb", "sns"))
        assert_calculated_as_measured(result)


def assert_calculated_as_measured(result: ScenarioResult) -> None:
    """`windtunnel limits --largest` calculates, from the template alone, what the run found by asking the pipeline."""
    measured = RunFacts.read(result.folder.facts).size_limit
    calculated = largest(read_view(Path(scenario.template)), Message.of_size(6_000_000))
    assert measured is not None
    assert calculated is not None
    assert measured["accepted_bytes"] == pytest.approx(calculated.message_bytes, abs=1024)


@pytest.mark.timeout(240)
def test_the_promise_holds_whatever_is_sent_and_whatever_breaks(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """As `windtunnel fuzz --scenario FILE`, with a few examples: accepted is archived once, or salvaged; no notice lies."""
    if pytestconfig.getoption("--windtunnel-target") != "embedded":
        pytest.skip("it breaks things and moves time: on an emulator of its own only")
    result = scenario.fuzz(tmp_path, limits={"seconds": 120, "examples": 4})
    result.assert_ok()
    assert result.steps >= 4
