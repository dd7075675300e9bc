"""Can the figures of a run be trusted? What a reader must know before they mean anything."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.console import format_seconds
from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.summary import OTHERS, Summary
from loadtests.verdict import IN_TIME, Verdict

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
    valid = is_valid(verdict)
    rows = [
        ValidityRow("Figures are", "valid" if valid else "not valid", valid),
        ValidityRow("Messages started late by", _lateness(facts, summary), _passed(verdict, IN_TIME)),
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


def _lateness(facts: RunFacts, summary: Summary) -> str:
    generator = summary.generator
    lag = generator.start_lag
    if not lag.count:
        return "nothing was started"
    median = lag.supported(50)
    stated = "" if median is None else f"{format_seconds(median)} (p50), "
    limit = format_seconds(facts.plan.max_start_lag_seconds)
    return (
        f"{stated}{format_seconds(lag.maximum)} at most; {generator.late} of {generator.started} by more than {limit}"
    )


def _passed(verdict: Verdict, name: str) -> bool:
    return any(check.passed for check in verdict.checks if check.name == name)


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
        offset = max(abs(worker.clock_offset_seconds) for worker in workers)
        value = f"{format_seconds(offset)} at most, taken into account; known to {format_seconds(error)}"
        rows.append(ValidityRow("Workers' clocks differ by", value, good))
    return rows
