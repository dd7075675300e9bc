"""The report for a pull request: a short page of Markdown, which is also GitHub's step summary.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from loadtests.console import format_seconds
from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.percentiles import Durations
from loadtests.reporting.validity import is_valid, validity_rows
from loadtests.summary import SizeFigures, Summary
from loadtests.verdict import Verdict

__all__ = ["append_step_summary", "summary_markdown"]

_MAX_PROBLEMS = 10


def append_step_summary(text: str, environment: Mapping[str, str]) -> None:
    """Append to the step summary of a GitHub workflow, where one runs."""
    path = environment.get("GITHUB_STEP_SUMMARY")
    if path:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text)


def summary_markdown(facts: RunFacts, summary: Summary, verdict: Verdict) -> str:
    """Return a run in short: whether its figures are valid, the verdict, what failed, the figures, and what to do next."""
    return "\n".join(_lines(facts, summary, verdict)) + "\n"


def _lines(facts: RunFacts, summary: Summary, verdict: Verdict) -> Iterator[str]:
    passed = verdict.exit_code is ExitCode.OK
    yield f"### {'✅' if passed else '❌'} Windtunnel load {verdict.word.lower()}: {_cell(verdict.headline)}"
    yield ""
    plan = facts.plan
    yield (
        f"Run `{plan.run_id}` against {_cell(facts.target)}: {_cell(plan.schedule_text)} for {plan.duration_seconds:g} s, "
        f"seed {plan.seed}, exit code {int(verdict.exit_code)}."
    )
    yield ""
    doubts = [f"{row.name}: {row.value}" for row in validity_rows(facts, summary, verdict) if not row.good]
    if not is_valid(verdict):
        yield f"> ⚠️ **These figures are not valid.** {_cell('; '.join(doubts[1:]))}"
        yield ""
    failed = [check for check in verdict.checks if not check.passed]
    if failed:
        yield from _table(("failed", "found", "exit code"), [(c.name, c.detail, str(int(c.exit_code))) for c in failed])
    counts = ("sent", "accepted", "archived", "metadata", "final", "lost", "dupl.", "corrupt", "false flags")
    latencies = ("ingest p50", "p90", "p99", "persisted p50", "p90", "p99")
    rows = [_row(figures) for figures in (*summary.sizes, summary.total)]
    yield from _table(("size", *counts, *latencies), rows, figures=True)
    yield "Times are from the moment at which each message was due; *n<*: too few messages to state it."
    if summary.problems:
        yield ""
        yield f"**{len(summary.problems)} messages have problems.** Ask for one with `windtunnel explain KEY`:"
        yield ""
        for message, outcome in summary.problems[:_MAX_PROBLEMS]:
            yield f"- `{message.key}` ({message.size}): {_cell('; '.join(outcome.problems))}"


def _row(figures: SizeFigures) -> tuple[str, ...]:
    counts = (
        figures.sent,
        figures.accepted,
        figures.archived,
        figures.recorded,
        figures.announced,
        figures.lost,
        figures.duplicated,
        figures.corrupt,
        figures.false_flags,
    )
    return (figures.size, *map(str, counts), *_percentiles(figures.ingest), *_percentiles(figures.persisted))


def _percentiles(durations: Durations) -> Iterator[str]:
    for percentile in (50, 90, 99):
        value = durations.supported(percentile)
        yield "–" if not durations.count else "n<" if value is None else format_seconds(value)


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], *, figures: bool = False) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|---{'|--:' if figures else '|---'}" + ("|--:" if figures else "|---") * (len(names) - 2) + "|"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in rows)
    yield ""


def _cell(text: str) -> str:
    """Keep a text on its line, in its cell, and free of markup."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("|", "\\|").replace("`", "'")
