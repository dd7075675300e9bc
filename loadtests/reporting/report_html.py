"""The report for people: one page that needs nothing but itself, and may fetch nothing else.

The order is that of a reader's questions: can the figures be trusted, what is the verdict, how long did it take, what became of each
message, where did the time go, and who used the processors.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from loadtests.console import format_seconds
from loadtests.cost.in_reports import cost_of
from loadtests.facts import RunFacts
from loadtests.message import Message
from loadtests.reporting import charts
from loadtests.reporting.exemplars import choose_exemplars
from loadtests.reporting.flag_matrix import FLAGS, FlagState, flag_rows, flag_states
from loadtests.reporting.heat_map import heat_map
from loadtests.reporting.percentile_chart import percentile_spectrum
from loadtests.reporting.validity import is_valid, validity_rows
from loadtests.reporting.waterfall_page import draw_exemplars
from loadtests.sizes import format_bytes
from loadtests.summary import Summary
from loadtests.verdict import Verdict

__all__ = ["page"]

_MAX_PROBLEMS = 100
_SCRIPT = "report.js"


def page(
    facts: RunFacts,
    messages: Sequence[Message],
    summary: Summary,
    verdict: Verdict,
    journal: Iterable[Mapping[str, Any]] = (),
    counters: Mapping[str, float] | None = None,
) -> str:
    """Return the report of a run as a self-contained HTML page.

    `journal` has what the emulator recorded, for the waterfalls; `counters` what a message cost, where somebody counted.
    """
    loader = PackageLoader("loadtests.reporting", "pages")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"seconds": format_seconds, "bytes": format_bytes}
    script = loader.get_source(environment, _SCRIPT)[0]
    exemplars = draw_exemplars(facts, choose_exemplars(messages, summary), journal)
    drawn = {
        "ingest": percentile_spectrum(summary, "ingest", "service"),
        "persisted": percentile_spectrum(summary, "persisted"),
        "messages": charts.messages_over_time(facts, messages),
        "lags": charts.start_lags(facts, messages),
        "throughput": charts.throughput(facts, messages),
        "megabytes": charts.megabytes(facts, messages),
        "in_flight": charts.in_flight(facts, messages),
        "processors": charts.processors(facts),
        "stages": charts.stages(summary),
    }
    problems = [
        (message, outcome, flag_states(facts, message, outcome))
        for message, outcome in summary.problems[:_MAX_PROBLEMS]
    ]
    return environment.get_template("report.html").render(
        facts=facts,
        plan=facts.plan,
        summary=summary,
        verdict=verdict,
        valid=is_valid(verdict),
        validity=validity_rows(facts, summary, verdict),
        sizes=[(figures, charts.colour_of(index)) for index, figures in enumerate(summary.sizes)],
        parts=[(use, charts.PARTS[use.part]) for use in sorted(summary.processor_use, key=lambda use: -use.load_cores)],
        charts={name: Markup(svg) for name, svg in drawn.items()},  # noqa: S704 - escaped where they are drawn
        counters=counters or {},
        cost=cost_of(counters or {}),
        flags=FLAGS,
        states=FlagState,
        matrix=flag_rows(facts, messages),
        heat=heat_map(summary),
        exemplars=exemplars,
        with_waterfall={exemplar.index for exemplar in exemplars},
        problems=problems,
        script=Markup(script),  # noqa: S704 - our own
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        started=f"{datetime.fromtimestamp(facts.wall_start, UTC):%Y-%m-%d %H:%M:%S} UTC",
    )
