"""All reports of a run, made from its folder."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from loadtests.facts import RunFacts
from loadtests.gate.counters import count
from loadtests.journal import read_journal
from loadtests.ledger import read_messages
from loadtests.message import Message
from loadtests.report_html import page
from loadtests.report_json import report
from loadtests.run_folder import RunFolder
from loadtests.summary import Summary, summarize
from loadtests.verdict import Verdict, decide

__all__ = ["read_run", "run_counters", "write_reports"]


def read_run(folder: RunFolder) -> tuple[RunFacts, list[Message]]:
    """Return what a finished run left. Raises `OSError` where it left nothing."""
    return RunFacts.read(folder.facts), read_messages(folder.messages)


def run_counters(folder: RunFolder, messages: Sequence[Message]) -> dict[str, float] | None:
    """Return what a message of a run cost, by counter; None where nobody recorded it."""
    traces = [message.trace_id for message in messages if message.trace_id is not None]
    journal = read_journal(folder)
    return None if journal is None or not traces else count(journal, traces).per_message()


def write_reports(folder: RunFolder, facts: RunFacts, messages: Sequence[Message]) -> tuple[Summary, Verdict]:
    """Write the reports of a run and return what they say."""
    summary = summarize(facts, messages)
    verdict = decide(facts, summary)
    value = report(facts, summary, verdict, run_counters(folder, messages))
    folder.report_json.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    folder.report_html.write_text(page(facts, messages, summary, verdict), encoding="utf-8")
    return summary, verdict
