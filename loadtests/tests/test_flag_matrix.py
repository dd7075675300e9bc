from dataclasses import replace
from typing import Any

import pytest

from loadtests.message import Notice
from loadtests.outcome import judge
from loadtests.reporting.exemplars import choose_exemplars
from loadtests.reporting.flag_matrix import FLAGS, MAX_COLUMNS, FlagState, flag_rows, flag_states
from loadtests.reporting.heat_map import heat_map
from loadtests.summary import summarize
from loadtests.tests.samples import good_facts, good_message, good_messages

GONE: dict[str, Any] = {"objects": (), "items": (), "notices": ()}
YES, NO, NOT_DUE = FlagState.YES, FlagState.MISSING, FlagState.NOT_DUE
GOOD = good_message()
CASES = {
    "as it must be": (GOOD, {}),
    "lost": (replace(GOOD, **GONE), dict.fromkeys(FLAGS[1:], NO)),
    "refused": (
        replace(GOOD, status=503, message_id=None, **GONE),
        {"accepted": FlagState.REFUSED, **dict.fromkeys(FLAGS[1:], NOT_DUE)},
    ),
    "refused, but stored": (
        replace(GOOD, status=503, message_id=None, items=(), notices=()),
        {"accepted": FlagState.REFUSED, **dict.fromkeys(FLAGS[1:], NOT_DUE), "archived": FlagState.FALSE},
    ),
    "unanswered": (
        replace(GOOD, status=None, message_id=None, **GONE),
        {"accepted": NO, **dict.fromkeys(FLAGS[1:], NOT_DUE)},
    ),
    "dropped": (
        replace(GOOD, started_seconds=None, ended_seconds=None, status=None, message_id=None, **GONE),
        {"accepted": FlagState.DROPPED, **dict.fromkeys(FLAGS[1:], NOT_DUE)},
    ),
    "archived twice": (replace(GOOD, objects=GOOD.objects * 2), {"archived": FlagState.DUPLICATE}),
    "archived wrong": (replace(GOOD, payload_sha256="another"), {"archived": FlagState.CORRUPT}),
    "two items": (replace(GOOD, items=GOOD.items * 2), {"metadata": FlagState.DUPLICATE}),
    "item of nothing": (
        replace(GOOD, items=(replace(GOOD.items[0], object_key="elsewhere"),)),
        {"metadata": FlagState.CORRUPT},
    ),
    "not announced": (
        replace(GOOD, notices=tuple(n for n in GOOD.notices if n.stage != "archived")),
        {"archived": FlagState.UNANNOUNCED},
    ),
    "announced wrongly": (
        replace(GOOD, notices=(*GOOD.notices[:3], Notice("final", 0.08, False, True))),
        {"final": FlagState.FALSE},
    ),
    "announced after its time": (
        replace(GOOD, notices=(*GOOD.notices[:3], Notice("final", 1e6, True, True))),
        {"final": FlagState.LATE},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_state_of_each_flag(name: str) -> None:
    message, differing = CASES[name]
    assert flag_states(good_facts(), message, judge(message)) == dict.fromkeys(FLAGS, YES) | differing


def test_what_is_missing_of_a_run_that_ended_early_is_not_known_to_be() -> None:
    states = flag_states(good_facts(interrupted=True), replace(GOOD, **GONE), judge(replace(GOOD, **GONE)))
    assert set(states.values()) == {YES, FlagState.UNKNOWN}


def test_neighbours_of_one_state_are_drawn_at_once_and_counts_are_those_of_the_figures() -> None:
    messages = good_messages()
    messages[7] = replace(messages[7], **GONE)
    messages[20] = replace(messages[20], objects=messages[20].objects * 2)
    rows = {row.flag: row for row in flag_rows(good_facts(), messages)}
    total = summarize(good_facts(), messages).total
    assert [(run.state, run.first, run.columns) for run in rows["final"].runs] == [
        (YES, 0, 7),
        (NO, 7, 1),
        (YES, 8, 32),
    ]
    assert (rows["archived"].held, rows["metadata"].held) == (total.archived, total.recorded)
    assert (rows["final"].held, rows["final"].due, rows["accepted"].due) == (total.announced, 40, 40)
    assert messages[7].key in rows["final"].runs[1].text


def test_one_bad_message_among_many_is_seen() -> None:
    """However many messages share a column, the worst of them gives it its colour."""
    messages = [good_message(index) for index in range(20 * MAX_COLUMNS)]
    messages[4567] = replace(messages[4567], **GONE)
    row = flag_rows(good_facts(), messages)[-1]
    assert row.columns <= MAX_COLUMNS
    assert [run.columns for run in row.runs if run.state is NO] == [1]
    assert (row.held, row.due) == (len(messages) - 1, len(messages))


def test_exemplars_are_one_of_each_problem_then_the_slowest_then_the_usual() -> None:
    messages = good_messages()
    messages[5] = replace(messages[5], **GONE)
    messages[6] = replace(messages[6], items=messages[6].items * 2)
    messages[9] = replace(messages[9], items=messages[9].items * 2)
    messages[12] = replace(messages[12], status=503, message_id=None, **GONE)
    summary = summarize(good_facts(), messages)
    chosen = choose_exemplars(messages, summary)
    labels = [label for exemplar in chosen for label in exemplar.labels]
    assert labels[0] == "2 metadata items (2)"
    assert {"accepted, but not archived (1)", "slowest ingest", "median ingest, 256KiB", "median ingest, max"} <= set(
        labels
    )
    assert labels[-1] == "refused with 503"
    assert len({exemplar.message.index for exemplar in chosen}) == len(chosen)
    slowest = next(exemplar for exemplar in chosen if "slowest ingest" in exemplar.labels)
    assert slowest.message.index == 39


def test_heat_is_that_of_the_figures_and_what_is_not_stated_has_none() -> None:
    (ingest, _), *others = heat_map(summarize(good_facts(), good_messages()))
    assert [block.metric for block, _ in others] == ["service", "persisted"]
    cells = {
        (row.figures.size, name): cell
        for row in ingest.rows
        for name, cell in zip(ingest.columns, row.cells, strict=True)
    }
    assert cells["all", "p99"].heat is None
    assert cells["all", "p99"].text == "n too small"
    assert "needs 1000" in cells["all", "p99"].why_not
    assert 0 <= (cells["all", "p50"].heat or 0) < (cells["all", "slowest"].heat or 0) <= 1
