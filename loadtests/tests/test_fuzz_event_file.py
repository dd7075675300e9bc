"""An event file gives back the steps that were written, and says what is wrong with one that it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.formats import drafts
from fixtures.incoming import BOUNDARIES, Draft
from loadtests.failures import UsageError
from loadtests.fuzz.event_file import EventFile, describe
from loadtests.fuzz.steps import Jump, Redis, Redrive, Relief, Resend, Send, Step, Trouble, Workflow
from loadtests.fuzz.troubles import TROUBLES, fault_rule

DRAFTS = drafts(breakages=True, boundaries=BOUNDARIES)
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(Send, DRAFTS),
    st.builds(Resend, st.integers(0, 9), st.none() | DRAFTS),
    st.builds(Redrive, st.integers(0, 9), st.booleans()),
    st.builds(Redis, st.sampled_from(["restart", "down", "up", "restart empty"])),
    st.builds(Trouble, st.sampled_from([*TROUBLES]), st.none() | st.integers(1, 6)),
    st.just(Relief()),
    st.builds(Jump, st.sampled_from([1.0, 3600.0])),
    st.builds(Workflow, st.integers(1, 9), st.integers(0, 9)),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("events") / "deep" / "failing.event.json"


@given(steps=st.lists(STEPS, max_size=5), problem=st.text(max_size=20))
def test_what_is_read_is_what_was_written(path: Path, steps: list[Step], problem: str) -> None:
    events = EventFile(tuple(steps), "template.yaml", 7, "contract", problem)
    events.write(path)
    assert EventFile.read(path) == events
    assert len(describe(events.steps)) == len(steps)


def test_a_message_of_megabytes_takes_a_line(path: Path) -> None:
    EventFile((Send(Draft("binary", 4_000_000, 3)),), "template.yaml").write(path)
    assert path.stat().st_size < 300


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no event file"),
        ("[]", "windtunnel_events"),
        ('{"windtunnel_events": 2}', "windtunnel_events"),
        ('{"windtunnel_events": 1, "template": "t"}', "steps"),
        ('{"windtunnel_events": 1, "template": "t", "steps": [{"do": "dance"}]}', "no step 'dance': steps are send"),
        ('{"windtunnel_events": 1, "template": "t", "steps": [{"do": "jump", "far": 1}]}', "far"),
        ('{"windtunnel_events": 1, "template": "t", "steps": [{"do": "send", "draft": {"colour": 1}}]}', "colour"),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=message):
        EventFile.read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no event file"):
        EventFile.read(tmp_path / "none.event.json")


def test_every_trouble_is_a_rule_of_the_stack() -> None:
    outputs = {"ArchiveBucketName": "archive", "FailedMessagesBucketName": "failed"}
    for name in TROUBLES:
        rule = fault_rule(name, 3, outputs)
        assert rule["times"] == 3
        assert "{" not in json.dumps([value for value in rule.values() if isinstance(value, str)])
