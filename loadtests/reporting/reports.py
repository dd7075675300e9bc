"""All reports of a run, made from its folder: the message log, the facts, and the journal where there is one.

Made again they are the same, byte for byte: nothing in them comes from the clock, the machine or the environment of the one who
makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from loadtests.facts import RunFacts
from loadtests.gate.counters import count
from loadtests.journal import read_journal
from loadtests.message import Message
from loadtests.reporting.report_csv import write_messages_csv, write_sizes_csv
from loadtests.reporting.report_hgrm import distributions
from loadtests.reporting.report_html import page
from loadtests.reporting.report_json import report
from loadtests.reporting.report_junit import run_junit
from loadtests.reporting.report_markdown import summary_markdown
from loadtests.run_folder import RunFolder
from loadtests.run_log import read_run
from loadtests.summary import Summary, summarize
from loadtests.verdict import Verdict, decide

__all__ = ["read_run", "run_counters", "write_reports"]


def run_counters(folder: RunFolder, messages: Sequence[Message]) -> dict[str, float] | None:
    """Return what a message of a run cost, by counter; None where nobody recorded it."""
    return _counters(read_journal(folder), messages)


def _counters(journal: Iterable[Mapping[str, Any]] | None, messages: Sequence[Message]) -> dict[str, float] | None:
    traces = [message.trace_id for message in messages if message.trace_id is not None]
    return None if journal is None or not traces else count(journal, traces).per_message()


def write_reports(folder: RunFolder, facts: RunFacts, messages: Sequence[Message]) -> tuple[Summary, Verdict]:
    """Write the reports of a run and return what they say."""
    journal = read_journal(folder)
    summary = summarize(facts, messages)
    verdict = decide(facts, summary)
    value = report(facts, summary, verdict, counters := _counters(journal, messages))
    folder.report_json.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    folder.report_html.write_text(page(facts, messages, summary, verdict, journal or (), counters), encoding="utf-8")
    folder.junit.write_bytes(run_junit(facts, verdict))
    folder.summary_markdown.write_text(summary_markdown(facts, summary, verdict), encoding="utf-8")
    write_sizes_csv(folder.sizes_csv, summary)
    write_messages_csv(folder.messages_csv, messages)
    folder.distributions.mkdir(exist_ok=True)
    for name, text in distributions(summary):
        (folder.distributions / name).write_text(text, encoding="utf-8")
    return summary, verdict
