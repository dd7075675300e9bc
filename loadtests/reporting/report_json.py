"""The report for machines: every figure of a run, with a schema version. `schemas/report.schema.json` describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from loadtests.cost.in_reports import cost_of
from loadtests.facts import SCHEMA_VERSION, RunFacts
from loadtests.percentiles import Durations
from loadtests.reporting.validity import is_valid
from loadtests.summary import SizeFigures, Summary
from loadtests.verdict import Verdict

__all__ = ["report"]

_MAX_PROBLEMS = 100


def report(
    facts: RunFacts, summary: Summary, verdict: Verdict, counters: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """Return the report as JSON. Times in seconds; a percentile that the sample is too small for is null.

    `counters` is what a message cost, where the target keeps a journal.
    """
    generator = summary.generator
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": facts.plan.run_id,
        "target": facts.target,
        "exit_code": int(verdict.exit_code),
        "verdict": verdict.headline,
        "checks": [
            {"name": check.name, "passed": check.passed, "detail": check.detail, "exit_code": int(check.exit_code)}
            for check in verdict.checks
        ],
        "sizes": [_size(figures) for figures in summary.sizes],
        "total": _size(summary.total),
        "personas": [{**_size(figures), "persona": figures.size} for figures in summary.personas],
        "validity": {
            "valid": is_valid(verdict),
            "planned": generator.planned,
            "started": generator.started,
            "dropped": generator.dropped,
            "late": generator.late,
            "planned_rate_per_second": generator.planned_rate_per_second,
            "achieved_rate_per_second": generator.achieved_rate_per_second,
            "megabytes_per_second": generator.megabytes_per_second,
            "start_lag_seconds": _durations(generator.start_lag),
            "tcp_no_delay": facts.tcp_no_delay,
            "workers": [asdict(worker) for worker in generator.workers],
        },
        "processor_use": [asdict(use) for use in summary.processor_use],
        "size_limit": facts.size_limit,
        "floor": facts.floor,
        "counters_per_message": None if counters is None else dict(counters),
        "cost": None if counters is None else cost_of(counters),
        "problems": [
            {
                "index": message.index,
                "key": message.key,
                "size": message.size,
                "message_id": message.message_id,
                "problems": list(outcome.problems),
            }
            for message, outcome in summary.problems[:_MAX_PROBLEMS]
        ],
        "problems_total": len(summary.problems),
        "unclaimed": asdict(facts.unclaimed),
        "plan": facts.plan.to_json(),
        "machine": dict(facts.machine),
        "seconds": {
            "load": facts.load_seconds,
            "drain": facts.drain_seconds,
            "read_back": facts.readback_seconds,
        },
    }


def _size(figures: SizeFigures) -> dict[str, Any]:
    return {
        "size": figures.size,
        "body_bytes": figures.body_bytes,
        "sent": figures.sent,
        "accepted": figures.accepted,
        "refused": figures.refused,
        "unanswered": figures.unanswered,
        "dropped": figures.dropped,
        "archived": figures.archived,
        "metadata": figures.recorded,
        "final_notice": figures.announced,
        "lost": figures.lost,
        "duplicated": figures.duplicated,
        "corrupt": figures.corrupt,
        "false_flags": figures.false_flags,
        "repeated_notices": figures.repeated_notices,
        "statuses": dict(figures.statuses),
        "ingest_seconds": _durations(figures.ingest),
        "service_seconds": _durations(figures.service),
        "persisted_seconds": _durations(figures.persisted),
        "stage_seconds": {stage: _durations(durations) for stage, durations in figures.stages.items()},
        "floor_p50_seconds": figures.floor_p50_seconds,
        "floor_ratio": figures.floor_ratio,
    }


def _durations(durations: Durations) -> dict[str, float | int | None]:
    values: dict[str, float | int | None] = {"count": durations.count}
    for quantile in durations.quantiles():
        values[f"p{quantile.percentile:g}"] = quantile.seconds if quantile.supported else None
    values["max"] = durations.maximum if durations.count else None
    return values
