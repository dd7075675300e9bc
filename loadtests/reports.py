"""All reports of a run, made from its folder."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from loadtests.facts import RunFacts
from loadtests.ledger import read_messages
from loadtests.message import Message
from loadtests.report_html import page
from loadtests.report_json import report
from loadtests.run_folder import RunFolder
from loadtests.summary import Summary, summarize
from loadtests.verdict import Verdict, decide

__all__ = ["read_run", "write_reports"]


def read_run(folder: RunFolder) -> tuple[RunFacts, list[Message]]:
    """Return what a finished run left. Raises `OSError` where it left nothing."""
    return RunFacts.read(folder.facts), read_messages(folder.messages)


def write_reports(folder: RunFolder, facts: RunFacts, messages: Sequence[Message]) -> tuple[Summary, Verdict]:
    """Write the reports of a run and return what they say."""
    summary = summarize(facts, messages)
    verdict = decide(facts, summary)
    folder.report_json.write_bytes(orjson.dumps(report(facts, summary, verdict), option=orjson.OPT_INDENT_2))
    folder.report_html.write_text(page(facts, messages, summary, verdict), encoding="utf-8")
    return summary, verdict
