"""Reports come from the run's folder alone, and the page needs nothing but itself."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from loadtests.facts import SCHEMA_VERSION, RunFacts
from loadtests.ledger import write_messages
from loadtests.reporting.reports import read_run, write_reports
from loadtests.run_folder import RunFolder
from loadtests.tests.samples import good_facts, good_messages


class References(HTMLParser):
    """All that a browser would fetch, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            f"{tag} {name}={value}"
            for name, value in attrs
            if name in ("src", "href", "action", "data", "srcset") and not str(value).startswith("#")
        ]
        if tag in ("link", "iframe", "img", "object"):
            self.found.append(tag)
        if tag not in ("meta", "br", "hr", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "li", "tr", "td", "th") and self.open and self.open[-1] != tag:
            return
        assert self.open
        assert self.open.pop() == tag


SECTIONS = ["validity", "verdict", "percentiles", "flags", "waterfall", "heat", "throughput", "processors", "about"]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def page_of(folder: RunFolder, facts: RunFacts, messages: list) -> str:
    write_reports(folder, facts, messages)
    return folder.report_html.read_text()


RUNS = {
    "good": (good_facts(), good_messages()),
    "empty": (good_facts(processor_use=(), tcp_no_delay=False, interrupted=True), []),
    "all lost": (good_facts(), [replace(m, objects=(), items=(), notices=()) for m in good_messages()]),
    "all refused": (
        good_facts(),
        [replace(m, status=503, message_id=None, objects=(), items=(), notices=()) for m in good_messages()],
    ),
    "ended at once": (good_facts(processor_use=good_facts().processor_use[:2], interrupted=True), []),
    "at one moment": (
        good_facts(
            processor_use=tuple(
                replace(sample, at_seconds=-0.5 + i / 10) for i, sample in enumerate(good_facts().processor_use)
            )
        ),
        [],
    ),
    "one message": (good_facts(), good_messages()[:1]),
}


@pytest.mark.parametrize("name", RUNS)
def test_page_refers_to_nothing_outside_itself(folder: RunFolder, name: str) -> None:
    text = page_of(folder, *RUNS[name])
    parser = References()
    parser.feed(text)
    assert parser.found == []
    assert parser.open == []
    assert not re.search(r"url\(|@import|https?://", text)
    assert "nan" not in text.lower().replace("announced", "")


@pytest.mark.parametrize("name", RUNS)
def test_json_report_is_complete_and_strict(folder: RunFolder, name: str) -> None:
    write_reports(folder, *RUNS[name])
    report = json.loads(folder.report_json.read_text(), parse_constant=pytest.fail)
    assert report["schema_version"] == SCHEMA_VERSION
    assert {
        "exit_code",
        "verdict",
        "checks",
        "sizes",
        "total",
        "validity",
        "processor_use",
        "floor",
        "plan",
    } <= report.keys()


def test_what_a_message_says_cannot_become_markup(folder: RunFolder) -> None:
    evil = "<script>alert(1)</script>"
    messages = [replace(good_messages()[0], status=None, error=evil, key=evil, objects=(), items=(), notices=())]
    text = page_of(folder, good_facts(target=evil), messages)
    assert evil not in text
    assert "&lt;script&gt;" in text


def test_validity_comes_before_the_verdict_and_the_verdict_before_the_figures(folder: RunFolder) -> None:
    text = page_of(folder, *RUNS["good"])
    sections = re.findall(r'<section id="(\w+)"', text)
    assert sections == SECTIONS
    assert text.index("Can these figures be trusted?") < text.index("PASSED") < text.index("<svg")


def test_percentile_of_too_small_a_sample_is_not_stated(folder: RunFolder) -> None:
    write_reports(folder, *RUNS["good"])
    total = json.loads(folder.report_json.read_text())["total"]
    assert total["ingest_seconds"]["p50"] is not None
    assert total["ingest_seconds"]["p99"] is None
    assert "n too small" in folder.report_html.read_text()


def test_reports_made_again_from_the_folder_are_the_same(folder: RunFolder) -> None:
    facts, messages = RUNS["all lost"]
    facts.write(folder.facts)
    write_messages(folder.messages, messages)
    write_reports(folder, facts, messages)
    first = (folder.report_html.read_bytes(), folder.report_json.read_bytes())
    write_reports(folder, *read_run(folder))
    assert (folder.report_html.read_bytes(), folder.report_json.read_bytes()) == first


def test_facts_of_another_version_are_refused(folder: RunFolder) -> None:
    good_facts().write(folder.facts)
    folder.facts.write_text(
        folder.facts.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99')
    )
    with pytest.raises(ValueError, match="99"):
        RunFacts.read(folder.facts)


def test_times_of_a_run_that_is_not_valid_are_no_result(folder: RunFolder) -> None:
    late = [
        replace(m, started_seconds=m.intended_seconds + 2, ended_seconds=m.intended_seconds + 3)
        for m in good_messages()
    ]
    text = page_of(folder, good_facts(), late)
    tiles = re.findall(r'p50, all sizes</div><div class="tile">([^<]*)<', text)
    assert tiles == ["not valid", "not valid"]
    assert text.count("These figures are not valid: see above") == text.count('class="card doubtful"') == 3
    assert "not valid" not in page_of(folder, *RUNS["good"])
