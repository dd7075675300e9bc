"""Can the figures of a run be trusted? What a reader must know before they mean anything."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.console import format_seconds
from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.summary import OTHERS, Summary
from loadtests.verdict import Verdict

__all__ = ["ValidityRow", "is_valid", "validity_rows"]

# Beyond it, what else runs on the machine decides what is measured.
_MAX_SHARE_OF_OTHERS = 0.25
# What says that a run's figures are not those of the load that was asked for.
_INVALID = {ExitCode.GENERATOR_INVALID, ExitCode.ENVIRONMENT_NOT_READY, ExitCode.INTERRUPTED}


@dataclass(frozen=True, slots=True)
class ValidityRow:
    """One thing to know: its name, what was found, and whether it is as it should be."""

    name: str
    value: str
    good: bool


def is_valid(verdict: Verdict) -> bool:
    """Whether the load was the one that was asked for, to its end; if not, its figures mean nothing."""
    return not any(not check.passed and check.exit_code in _INVALID for check in verdict.checks)


def validity_rows(facts: RunFacts, summary: Summary, verdict: Verdict) -> list[ValidityRow]:
    """Return what to know, the answer itself first."""
    generator = summary.generator
    lag = generator.start_lag
    late = lag.at(99)
    valid = is_valid(verdict)
    limit = facts.plan.max_start_lag_seconds
    rows = [
        ValidityRow("Figures are", "valid" if valid else "not valid", valid),
        ValidityRow(
            "Messages started late by",
            f"{format_seconds(lag.at(50))} (p50), {format_seconds(late)} (p99); limit {format_seconds(limit)}",
            late is not None and late <= limit,
        ),
        ValidityRow(
            "Started",
            f"{generator.started} of {generator.planned}, {generator.dropped} dropped",
            generator.dropped == 0,
        ),
        ValidityRow(
            "Rate achieved",
            f"{generator.achieved_rate_per_second:.2f}/s of {generator.planned_rate_per_second:.2f}/s",
            generator.dropped == 0,
        ),
    ]
    rows += _generator(facts, summary)
    rows.append(ValidityRow("TCP_NODELAY", "set" if facts.tcp_no_delay else "not checked", facts.tcp_no_delay))
    others = next((use.load_cores for use in summary.processor_use if use.part == OTHERS), None)
    if others is not None:
        cores = float(facts.machine["cores"])
        quiet = others < cores * _MAX_SHARE_OF_OTHERS
        rows.append(ValidityRow("Other programs used", f"{others:.2f} of {cores:g} cores", quiet))
    return rows


def _generator(facts: RunFacts, summary: Summary) -> list[ValidityRow]:
    workers = summary.generator.workers
    if not workers:
        return []
    limit = facts.plan.max_worker_cores
    busiest = max(worker.cores for worker in workers)
    rows = [ValidityRow("Generator used", f"{busiest:.2f} of a core; limit {limit:g}", busiest <= limit)]
    if facts.plan.workers > 1:
        lost = sum(worker.lost is not None for worker in workers)
        rows.append(ValidityRow("Workers", f"{len(workers) - lost} of {facts.plan.workers}", not lost))
        error = max(worker.clock_error_seconds for worker in workers)
        good = error <= facts.plan.max_start_lag_seconds
        rows.append(ValidityRow("Workers' clocks differ by", f"at most {format_seconds(error)}", good))
    return rows
