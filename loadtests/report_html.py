"""The report for people: one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from loadtests import charts
from loadtests.console import format_seconds
from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.message import Message
from loadtests.percentiles import Durations
from loadtests.sizes import format_bytes
from loadtests.summary import OTHERS, Summary
from loadtests.verdict import Verdict

__all__ = ["page"]

_MAX_PROBLEMS = 100


def page(facts: RunFacts, messages: Sequence[Message], summary: Summary, verdict: Verdict) -> str:
    """Return the report of a run as a self-contained HTML page."""
    environment = Environment(loader=PackageLoader("loadtests", "pages"), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {"seconds": format_seconds, "bytes": format_bytes, "percentile": _percentile}
    drawn = {
        "ingest": charts.percentile_spectrum(summary, "ingest"),
        "persisted": charts.percentile_spectrum(summary, "persisted"),
        "messages": charts.messages_over_time(facts, messages),
        "throughput": charts.throughput(facts, messages),
        "in_flight": charts.in_flight(facts, messages),
        "processors": charts.processors(facts),
        "stages": charts.stages(summary),
    }
    return environment.get_template(
        "report.html"
    ).render(
        facts=facts,
        plan=facts.plan,
        summary=summary,
        verdict=verdict,
        exit_codes=ExitCode,
        validity=_validity(facts, summary, verdict),
        sizes=[(figures, charts.colour_of(index)) for index, figures in enumerate(summary.sizes)],
        parts=[(use, charts.PARTS[use.part]) for use in sorted(summary.processor_use, key=lambda use: -use.load_cores)],
        charts={name: Markup(svg) for name, svg in drawn.items()},  # noqa: S704 - escaped where they are drawn
        problems=summary.problems[:_MAX_PROBLEMS],
        started=f"{datetime.fromtimestamp(facts.wall_start, UTC):%Y-%m-%d %H:%M:%S} UTC",
    )


def _percentile(durations: Durations, percentile: float) -> str:
    if durations.count == 0:
        return "–"
    value = durations.supported(percentile)
    return "n too small" if value is None else format_seconds(value)


def _validity(facts: RunFacts, summary: Summary, verdict: Verdict) -> list[tuple[str, str, bool]]:
    """What a reader must know before the figures mean anything: name, value, and whether it is as it should be."""
    generator = summary.generator
    invalid = [check for check in verdict.checks if not check.passed and check.exit_code is ExitCode.GENERATOR_INVALID]
    lag = generator.start_lag
    others = next((use.load_cores for use in summary.processor_use if use.part == OTHERS), None)
    own = next((use.load_cores for use in summary.processor_use if use.part == "load generator"), None)
    limit = facts.plan.max_start_lag_seconds
    rows = [
        ("Figures are", "valid" if not invalid else "not valid", not invalid),
        (
            "Messages started late by",
            f"{format_seconds(lag.at(50))} (p50), {format_seconds(lag.at(99))} (p99)",
            lag.count > 0 and (lag.at(99) or 0.0) <= limit,
        ),
        ("Started", f"{generator.started} of {generator.planned}", generator.dropped == 0),
        (
            "Rate achieved",
            f"{generator.achieved_rate_per_second:.2f}/s of {generator.planned_rate_per_second:.2f}/s",
            generator.dropped == 0,
        ),
        ("TCP_NODELAY", "set" if facts.tcp_no_delay else "not checked", facts.tcp_no_delay),
    ]
    if own is not None:
        rows.append(("Generator used", f"{own:.2f} cores", own < 0.8))
    if others is not None:
        cores = float(facts.machine["cores"])
        rows.append(("Other programs used", f"{others:.2f} of {cores:g} cores", others < cores / 4))
    return rows
