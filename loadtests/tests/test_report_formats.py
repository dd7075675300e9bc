"""Each format says what the run's figures say, and holds whatever text a target answers with."""

import csv
import json
import statistics
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from jsonschema import Draft202012Validator
from junitparser import Error, Failure, JUnitXml, Skipped

import loadtests.reporting
from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.ledger import append_row, write_messages
from loadtests.message import Message
from loadtests.percentiles import Durations
from loadtests.reporting.report_hgrm import distribution
from loadtests.reporting.report_junit import junit, run_junit
from loadtests.reporting.report_markdown import append_step_summary, summary_markdown
from loadtests.reporting.reports import read_run, write_reports
from loadtests.run_folder import RunFolder
from loadtests.summary import summarize
from loadtests.tests.samples import RUN, good_facts, good_messages
from loadtests.verdict import Check, Verdict, decide

EVIL = "<b>|`x`|\n\x00\x1b[31m=1+1\ud7ff"


def lost(count: int = 3) -> list[Message]:
    messages = good_messages()
    for index in range(count):
        messages[index] = replace(messages[index], objects=(), items=(), notices=())
    return messages


def unanswered() -> list[Message]:
    changed = {"status": None, "message_id": None, "error": EVIL, "objects": (), "items": (), "notices": ()}
    return [replace(good_messages()[0], **changed), *good_messages()[1:]]


LATE = [
    replace(m, started_seconds=m.intended_seconds + 2, ended_seconds=m.intended_seconds + 3) for m in good_messages()
]
RUNS: dict[str, tuple[RunFacts, list[Message]]] = {
    "good": (good_facts(thresholds=("ingest p50 < 1s", "lost == 0")), good_messages()),
    "lost": (good_facts(thresholds=("lost == 0",)), lost()),
    "too few": (good_facts(thresholds=("ingest p99 < 9s",)), good_messages()),
    "late": (good_facts(thresholds=("ingest p50 < 1s", "lost == 0")), LATE),
    "unanswered": (good_facts(target=EVIL), unanswered()),
    "interrupted": (good_facts(interrupted=True), good_messages()[:3]),
    "empty": (good_facts(processor_use=(), interrupted=True), []),
    "not ready": (good_facts(failure=EVIL, failure_code=6), []),
}


def judged(name: str) -> tuple[RunFacts, list[Message], Any, Verdict]:
    facts, messages = RUNS[name]
    summary = summarize(facts, messages)
    return facts, messages, summary, decide(facts, summary)


@pytest.mark.parametrize("name", RUNS)
def test_reports_are_remade_byte_for_byte_after_all_were_deleted(tmp_path: Path, name: str) -> None:
    folder = RunFolder(tmp_path)
    facts, messages = RUNS[name]
    facts.write(folder.facts)
    write_messages(folder.messages, messages)
    entry = {"time": 1.0, "kind": "call", "service": "s3", "operation": "PutObject", "trace_id": "t"}
    folder.journal.write_bytes(append_row(entry))
    kept = {folder.facts, folder.messages, folder.journal}

    def made() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path not in kept}

    write_reports(folder, facts, messages)
    first = made()
    assert {"report.html", "report.json", "junit.xml", "summary.md", "sizes.csv", "messages.csv"} <= {
        p.name for p in first
    }
    for path in first:
        path.unlink()
    write_reports(folder, *read_run(folder))
    assert made() == first


@pytest.mark.parametrize("name", RUNS)
def test_json_report_is_as_its_schema_says_and_has_nothing_that_it_does_not_describe(tmp_path: Path, name: str) -> None:
    schema = json.loads((Path(loadtests.reporting.__file__).parent / "schemas" / "report.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    write_reports(RunFolder(tmp_path), *RUNS[name])
    report = json.loads(RunFolder(tmp_path).report_json.read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(report)] == []
    assert report.keys() <= schema["properties"].keys()
    assert report["total"].keys() <= schema["$defs"]["figures"]["properties"].keys()
    assert report["validity"].keys() <= schema["$defs"]["validity"]["properties"].keys()
    assert report["validity"]["valid"] is (name in ("good", "lost", "too few", "unanswered"))


@pytest.mark.parametrize("name", RUNS)
def test_junit_has_a_case_for_each_check_and_threshold(name: str) -> None:
    facts, _, _, verdict = judged(name)
    (suite,) = JUnitXml.fromstring(run_junit(facts, verdict))
    results = {case.name: [type(result) for result in case.result] for case in suite}
    assert len(results) == len(verdict.checks) == suite.tests
    failed = {check.name for check in verdict.checks if not check.passed}
    assert {name for name, found in results.items() if found in ([Failure], [Error])} == failed - {
        name for name, found in results.items() if found == [Skipped]
    }
    assert suite.failures == sum(found == [Failure] for found in results.values())
    assert suite.errors == sum(found == [Error] for found in results.values())
    assert bool(suite.failures + suite.errors) is (verdict.exit_code is not ExitCode.OK)


def test_junit_calls_a_late_generator_an_error_and_does_not_judge_times_by_it_but_counts() -> None:
    facts, _, _, verdict = judged("late")
    (suite,) = JUnitXml.fromstring(run_junit(facts, verdict))
    results = {case.name: [type(result) for result in case.result] for case in suite}
    assert results["the generator started messages in time"] == [Error]
    assert results["ingest p50 < 1s"] == [Skipped]
    assert results["lost == 0"] == []
    facts, _, _, undecided = judged("too few")
    (suite,) = JUnitXml.fromstring(run_junit(facts, undecided))
    assert {case.name: [type(result) for result in case.result] for case in suite}["ingest p99 < 9s"] == [Error]
    assert {p.name: p.value for p in suite.properties()}["run_id"] == RUN


def test_junit_holds_any_text() -> None:
    text = junit(EVIL, [Check(EVIL, False, EVIL, ExitCode.REGRESSION)])
    (suite,) = JUnitXml.fromstring(text)
    (case,) = suite
    assert "<b>" in case.name
    assert case.classname == "windtunnel.regression"
    assert suite.timestamp is None


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_csv_has_the_figures_of_each_size_and_nothing_where_the_sample_is_too_small(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    summary, _ = write_reports(folder, *RUNS["lost"])
    rows = rows_of(folder.sizes_csv.read_text())
    assert [(row["kind"], row["name"]) for row in rows] == [("size", "256KiB"), ("size", "max"), ("all", "all")]
    assert float(rows[-1]["ingest_p50_seconds"]) == summary.total.ingest.at(50)
    assert rows[-1]["ingest_p99_seconds"] == ""
    assert rows[-1]["lost"] == "3"


@pytest.mark.parametrize("name", ["lost", "unanswered"])
def test_csv_has_a_row_for_each_message_whatever_it_says(tmp_path: Path, name: str) -> None:
    folder = RunFolder(tmp_path)
    _, messages = RUNS[name]
    write_reports(folder, *RUNS[name])
    rows = rows_of(folder.messages_csv.read_text())
    assert [row["key"] for row in rows] == [message.key for message in messages]
    assert [row["lost"] for row in rows].count("True") == (3 if name == "lost" else 0)
    assert all(None not in row for row in rows)


def test_distribution_is_of_both_latencies_in_milliseconds(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    summary, _ = write_reports(folder, *RUNS["good"])
    names = sorted(path.name for path in folder.distributions.iterdir())
    kinds = ("from-schedule", "persisted", "service")
    assert names == [f"{size}-{kind}.hgrm" for size in ("256KiB", "all", "max") for kind in kinds]
    lines = (folder.distributions / "all-service.hgrm").read_text().splitlines()
    found = [tuple(map(float, line.split()[:3])) for line in lines[2:] if not line.startswith("#")]
    assert found[-1][1:] == (1.0, 40)
    assert found[-1][0] == pytest.approx(summary.total.service.maximum * 1000, rel=0.001)
    assert [row[1] for row in found] == sorted(row[1] for row in found)


def test_distribution_has_the_values_and_counts_of_the_library_and_every_figure_in_one_unit() -> None:
    seconds = [0.0004 * (1 + index % 7) ** 3 for index in range(150)]
    reference = HdrHistogram(1, 3600 * 1_000_000, 3)
    for value in seconds:
        reference.record_value(round(value * 1_000_000))
    stream = BytesIO()
    reference.output_percentile_distribution(stream, 1000)
    theirs, ours = stream.getvalue().decode().splitlines(), distribution(Durations(seconds)).splitlines()
    assert (ours[:2], ours[-2:]) == (theirs[:2], theirs[-2:])
    counted = [{(line.split()[0], line.split()[2]) for line in lines[2:-3]} for lines in (ours, theirs)]
    assert counted[0] == counted[1]
    assert [line.split()[1] for line in ours[2:8]] == [f"{step / 10:.12f}" for step in range(6)]
    stated = ours[-3].replace(",", " ").rstrip("]").split()
    expected = [statistics.fmean(seconds) * 1000, statistics.pstdev(seconds) * 1000]
    assert [float(stated[2]), float(stated[5])] == pytest.approx(expected, rel=0.002)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("good", lambda text: "✅ Windtunnel load passed" in text and "❌" not in text and "not valid" not in text),
        (
            "lost",
            lambda text: "❌ Windtunnel load failed" in text and "3 messages have problems" in text and RUN in text,
        ),
        ("late", lambda text: "These figures are not valid" in text and "load invalid" in text),
        ("not ready", lambda text: "The target was not ready" in text),
    ],
)
def test_markdown_says_how_it_went(name: str, says: Callable[[str], bool]) -> None:
    facts, _, summary, verdict = judged(name)
    text = summary_markdown(facts, summary, verdict)
    assert says(text), text


def test_markdown_keeps_a_foreign_text_in_its_cell() -> None:
    facts, _, summary, verdict = judged("unanswered")
    text = summary_markdown(facts, summary, verdict)
    assert "<b>" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").endswith("|") for line in tables)


def test_step_summary_is_appended_where_github_wants_one(tmp_path: Path) -> None:
    append_step_summary("one\n", {})
    path = tmp_path / "summary"
    for text in ("one\n", "two\n"):
        append_step_summary(text, {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_text() == "one\ntwo\n"
