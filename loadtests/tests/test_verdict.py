"""Each way in which a run can fail has its exit code, and a failure of one kind is never hidden by another."""

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from loadtests.console import print_results
from loadtests.exit_codes import ExitCode, worst
from loadtests.ledger import Unclaimed
from loadtests.message import Message
from loadtests.persona import Persona
from loadtests.schedule import Rate
from loadtests.summary import summarize
from loadtests.tests.samples import good_facts, good_messages
from loadtests.verdict import Verdict, decide
from loadtests.worker_samples import WorkerSamples


def verdict(messages: list[Message] | None = None, **facts: Any) -> Verdict:
    given = good_facts(**facts)
    return decide(given, summarize(given, good_messages() if messages is None else messages))


def with_one(**changes: Any) -> list[Message]:
    messages = good_messages()
    return [replace(messages[0], **changes), *messages[1:]]


REFUSED: dict[str, Any] = {"message_id": None, "notices": (), "objects": (), "items": (), "error": "no"}


def test_run_in_which_everything_arrived_is_ok() -> None:
    decided = verdict()
    assert decided.exit_code is ExitCode.OK
    assert all(check.passed for check in decided.checks)


FUNCTIONAL = {
    "lost": with_one(objects=(), items=(), notices=()),
    "duplicated": with_one(objects=good_messages()[0].objects * 2),
    "corrupt": with_one(payload_sha256="other"),
    "false flag": with_one(objects=()),
    "no final notice": with_one(notices=good_messages()[0].notices[:3]),
    "unclear refusal": with_one(status=502, **REFUSED),
    "no answer": with_one(status=None, **REFUSED),
    "one size always refused": [
        replace(message, status=503, **REFUSED) if message.size == "max" else message for message in good_messages()
    ],
}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_broken_promise_is_a_functional_failure(name: str) -> None:
    assert verdict(FUNCTIONAL[name]).exit_code is ExitCode.FUNCTIONAL_FAILURE


@pytest.mark.parametrize("strays", [Unclaimed(objects=("x",)), Unclaimed(items=("x",)), Unclaimed(notices=("x",))])
def test_strays_are_a_functional_failure(strays: Unclaimed) -> None:
    assert verdict(unclaimed=strays).exit_code is ExitCode.FUNCTIONAL_FAILURE


def started_late(count: int, by_seconds: float, ingest_seconds: float) -> list[Message]:
    """The good messages, the last of which started late; the time of an ingest counts from when it was due."""
    messages = good_messages()
    on_time = [replace(m, ended_seconds=m.intended_seconds + ingest_seconds) for m in messages[: len(messages) - count]]
    late = [
        replace(m, started_seconds=m.intended_seconds + by_seconds, ended_seconds=m.intended_seconds + ingest_seconds)
        for m in messages[len(messages) - count :]
    ]
    return on_time + late


def test_late_generator_makes_the_run_invalid() -> None:
    decided = verdict(started_late(40, 0.011, 0.05))
    assert decided.exit_code is ExitCode.GENERATOR_INVALID
    (why,) = decided.invalid_because
    assert "40 of 40 more than 10 ms late, at most 1%; that is 22% of ingest p50" in why


def test_messages_that_are_late_within_the_limit_are_in_time() -> None:
    assert verdict(started_late(40, 0.0099, 0.05)).invalid_because == ()


def test_lateness_that_is_a_small_part_of_all_that_is_shown_does_no_harm() -> None:
    """An overloaded pipeline takes seconds, and the machine that it shares with the generator is busy."""
    assert verdict(started_late(40, 0.09, 1.0)).exit_code is ExitCode.OK
    assert verdict(started_late(40, 0.11, 1.0)).exit_code is ExitCode.GENERATOR_INVALID


def test_one_late_message_of_a_hundred_is_allowed_and_no_more() -> None:
    messages = [replace(good_messages()[0], index=index) for index in range(200)]
    assert len(messages) == 200
    plan = replace(good_facts().plan, personas=(Persona(schedule=Rate(50.0)),))
    for late, valid in ((2, True), (3, False)):
        changed = [replace(m, started_seconds=0.015, ended_seconds=0.03) if m.index < late else m for m in messages]
        facts = good_facts(plan=plan)
        summary = summarize(facts, changed)
        assert summary.generator.late == late
        # 15 of 30 ms at the 95th percentile would be too much, but so few messages do not reach it.
        assert (
            decide(facts, replace(summary, generator=replace(summary.generator, own_share=0.5))).invalid_because == ()
        ) is valid


def test_figures_of_an_invalid_run_are_marked_where_they_are_printed() -> None:
    facts, messages = good_facts(), started_late(40, 0.02, 0.05)
    summary = summarize(facts, messages)
    console = Console(record=True, width=200, file=io.StringIO())
    print_results(console, facts, summary, decide(facts, summary))
    text = console.export_text()
    assert "INVALID  the generator started messages in time" in text
    assert "INVALID  How long it took" in text


def test_dropped_or_missing_message_makes_the_run_invalid() -> None:
    dropped = with_one(started_seconds=None, ended_seconds=None, status=None, **REFUSED)
    assert verdict(dropped).exit_code is ExitCode.GENERATOR_INVALID
    assert verdict(good_messages()[:-1]).exit_code is ExitCode.GENERATOR_INVALID


def test_run_in_which_nothing_was_sent_is_the_generators_failure() -> None:
    assert verdict([]).exit_code is ExitCode.GENERATOR_INVALID


def test_unchecked_tcp_no_delay_makes_the_run_invalid() -> None:
    assert verdict(tcp_no_delay=False).exit_code is ExitCode.GENERATOR_INVALID


def test_refusal_counts_against_its_allowance() -> None:
    one_refused = with_one(status=429, **REFUSED)
    assert verdict(one_refused).exit_code is ExitCode.THRESHOLD
    assert verdict(one_refused, max_refused_percent=10.0).exit_code is ExitCode.OK


THRESHOLDS = [
    ("ingest.p50 < 1s", ExitCode.OK),
    ("ingest.p50 < 1ms", ExitCode.THRESHOLD),
    ("persisted.p50 < 81ms", ExitCode.OK),
    ("persisted.p50 < 79ms", ExitCode.THRESHOLD),
    ("256KiB service.p50 < 1s", ExitCode.OK),
    ("ingest.p99 < 1000s", ExitCode.INCONCLUSIVE),
    ("ingest.p99 < 1ms", ExitCode.THRESHOLD),
    ("7MB ingest.p50 < 1s", ExitCode.USAGE),
]


@pytest.mark.parametrize(("text", "code"), THRESHOLDS)
def test_threshold_is_held_against_the_percentile_if_the_sample_supports_it(text: str, code: ExitCode) -> None:
    """40 messages are too few for a p99: its threshold never passes, and is crossed only where the p50 is already."""
    assert verdict(thresholds=(text,)).exit_code is code


def test_threshold_that_the_sample_does_not_support_says_how_many_messages_it_needs() -> None:
    check = next(check for check in verdict(thresholds=("ingest p95 < 300 ms",)).checks if "p95" in check.name)
    assert not check.passed
    assert "p95 needs 200 messages, and there were 40" in check.detail


def test_interruption_and_failure_of_the_target_have_their_codes() -> None:
    assert verdict([], interrupted=True).exit_code is ExitCode.INTERRUPTED
    assert verdict([], failure="no answer", failure_code=6).exit_code is ExitCode.ENVIRONMENT_NOT_READY


PRECEDENCE = [
    ([ExitCode.GENERATOR_INVALID, ExitCode.FUNCTIONAL_FAILURE], ExitCode.FUNCTIONAL_FAILURE),
    ([ExitCode.THRESHOLD, ExitCode.GENERATOR_INVALID], ExitCode.GENERATOR_INVALID),
    ([ExitCode.FUNCTIONAL_FAILURE, ExitCode.ENVIRONMENT_NOT_READY], ExitCode.ENVIRONMENT_NOT_READY),
    ([ExitCode.FUNCTIONAL_FAILURE, ExitCode.INTERRUPTED], ExitCode.INTERRUPTED),
    ([], ExitCode.OK),
]


@pytest.mark.parametrize(("codes", "expected"), PRECEDENCE)
def test_exit_code_that_says_most_wins(codes: list[ExitCode], expected: ExitCode) -> None:
    assert worst(codes) is expected


def test_exit_codes_are_the_documented_ones() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "FUNCTIONAL_FAILURE": 1,
        "USAGE": 2,
        "THRESHOLD": 3,
        "REGRESSION": 4,
        "INCONCLUSIVE": 5,
        "ENVIRONMENT_NOT_READY": 6,
        "GENERATOR_INVALID": 7,
        "INTERRUPTED": 130,
    }


def test_run_that_was_cut_short_accuses_the_pipeline_of_nothing() -> None:
    """Nobody looked for the objects, so nobody knows that they are missing."""
    unseen = [replace(message, objects=(), items=(), notices=()) for message in good_messages()]
    decided = verdict(unseen, failure="the collector ended early", failure_code=7)
    assert decided.exit_code is ExitCode.GENERATOR_INVALID
    assert [check.name for check in decided.checks if not check.passed] == ["ran to its end"]


WORKER = {
    "index": 0,
    "host": "here",
    "clock_offset_seconds": 0.0,
    "clock_error_seconds": 0.0001,
    "started": 20,
    "finished": 20,
    "dropped": 0,
    "cpu_seconds": 1.0,
    "seconds": 4.0,
    "lost": None,
}
TWO = replace(good_facts().plan, workers=2)
INVALID_WORKERS: dict[str, tuple[dict[str, Any], str]] = {
    "no CPU to spare": ({"workers": ({**WORKER, "cpu_seconds": 3.9},)}, "the generator had CPU to spare"),
    "one lost": (
        {"plan": TWO, "workers": (WORKER, {**WORKER, "index": 1, "lost": "it left"})},
        "every worker stayed to the end",
    ),
    "one never came": ({"plan": TWO, "workers": (WORKER,)}, "every worker stayed to the end"),
    "a clock nobody knows": (
        {"plan": TWO, "workers": (WORKER, {**WORKER, "clock_error_seconds": 0.2})},
        "the workers' clocks are known well enough",
    ),
    "a sample that got lost": (
        {"workers": (WORKER,), "histograms": WorkerSamples().encoded()},
        "every sample of the workers arrived",
    ),
}


@pytest.mark.parametrize("name", INVALID_WORKERS)
def test_generator_that_measured_itself_or_missed_something_makes_the_run_invalid(name: str) -> None:
    facts, check = INVALID_WORKERS[name]
    decided = verdict(**facts)
    assert decided.exit_code is ExitCode.GENERATOR_INVALID
    assert [failed.name for failed in decided.checks if not failed.passed] == [check]


@pytest.mark.parametrize(
    ("text", "code"),
    [("lost == 0", 0), ("archived == 100%", 0), ("refused <= 1%", 0), ("sent > 40", 3), ("256KiB sent == 20", 0)],
)
def test_counts_are_thresholds_too(text: str, code: int) -> None:
    assert verdict(thresholds=(text,)).exit_code == code
