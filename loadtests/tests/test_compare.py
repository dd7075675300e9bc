"""Two runs are compared if they did the same, and if both are results."""

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.compare import compare_runs
from loadtests.facts import RunFacts
from loadtests.failures import UsageError
from loadtests.ledger import write_messages
from loadtests.message import Message
from loadtests.run_folder import RunFolder
from loadtests.tests.samples import good_facts, good_messages


def saved(path: Path, facts: RunFacts, messages: list[Message]) -> RunFolder:
    path.mkdir()
    folder = RunFolder(path)
    facts.write(folder.facts)
    write_messages(folder.messages, messages)
    return folder


def test_runs_that_did_the_same_are_compared(tmp_path: Path) -> None:
    slower = [replace(message, ended_seconds=(message.ended_seconds or 0.0) + 0.02) for message in good_messages()]
    found = compare_runs(
        saved(tmp_path / "a", good_facts(), good_messages()), saved(tmp_path / "b", good_facts(), slower)
    )
    medians = [row for row in found.rows if row.metric == "ingest p50"]
    assert all(row.change is not None and row.change > 0.5 for row in medians)
    assert all(row.change is None for row in found.rows if row.metric == "ingest p99")


LATE = [replace(message, started_seconds=message.intended_seconds + 0.019) for message in good_messages()]
NO_RESULTS = {
    "late generator": (good_facts(), LATE, "invalid: the generator started messages in time"),
    "lost messages": (good_facts(), good_messages()[:-1], "invalid: the generator started every message"),
    "interrupted": (good_facts(interrupted=True), good_messages(), "did not come to its end"),
}


@pytest.mark.parametrize("name", NO_RESULTS)
def test_run_that_is_no_result_is_not_compared(tmp_path: Path, name: str) -> None:
    facts, messages, why = NO_RESULTS[name]
    good = saved(tmp_path / "good", good_facts(), good_messages())
    bad = saved(tmp_path / "bad", facts, messages)
    with pytest.raises(UsageError, match=why):
        compare_runs(good, bad)
    assert any(why in text for text in compare_runs(good, bad, force=True).unlike)
