"""How much the pipeline takes: the highest arrival rate at which nothing is lost and the slowest percent stays under a limit.

An ingest that is fast may still pile up work behind it, so the highest rate without such a backlog is told apart.

Short steps of an open model: the rate doubles until a step fails, then the gap is halved until it is small. A step is a load run
like any other, with the same checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.failures import EnvironmentNotReady
from loadtests.percentiles import Durations
from loadtests.summary import OTHERS, PartUse, Summary
from loadtests.verdict import Check, Verdict

__all__ = ["CapacityStep", "find_capacity", "judge_step", "limited_by_generator", "without_backlog"]

# What is left of the last messages' own workflows when the load ends; more than this is a backlog.
_PROMPT_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class CapacityStep:
    """One rate that was tried, and what happened. `why_not` is None for a step that kept up, `invalid` says that the generator did not.

    A percentile is None where the step's messages are too few to state it.
    """

    rate_per_second: float
    achieved_rate_per_second: float
    sent: int
    ingest_p50_seconds: float | None
    ingest_p99_seconds: float | None
    persisted_p50_seconds: float | None
    drain_seconds: float
    processor_use: tuple[PartUse, ...]
    why_not: str | None
    invalid: bool = False

    @property
    def busiest(self) -> str:
        """The part of the run that used most of the processors, with its cores."""
        own = [use for use in self.processor_use if use.part != OTHERS]
        use = max(own, key=lambda use: use.load_cores, default=None)
        return "not known" if use is None else f"{use.part} ({use.load_cores:.2f} cores)"


def without_backlog(steps: Sequence[CapacityStep]) -> float | None:
    """Return the highest good rate at which messages were also persisted as fast as they came (None: at no rate)."""
    rates = [step.rate_per_second for step in steps if step.why_not is None and step.drain_seconds <= _PROMPT_SECONDS]
    return max(rates, default=None)


def limited_by_generator(best: float | None, steps: Sequence[CapacityStep]) -> bool:
    """Whether the search ended at a rate that the generator, and not the pipeline, could not keep."""
    failed = [step for step in steps if step.why_not is not None and (best is None or step.rate_per_second > best)]
    return bool(failed) and min(failed, key=lambda step: step.rate_per_second).invalid


def judge_step(facts: RunFacts, summary: Summary, verdict: Verdict, max_p99_seconds: float) -> CapacityStep:
    """Return what a step shows. It keeps up if at most one ingest of a hundred took longer than the limit."""
    ingest = summary.total.ingest
    failed = next((check for check in verdict.checks if not check.passed), None)
    return CapacityStep(
        rate_per_second=facts.plan.rate_per_second,
        achieved_rate_per_second=summary.generator.achieved_rate_per_second,
        sent=summary.total.sent,
        ingest_p50_seconds=ingest.supported(50),
        ingest_p99_seconds=ingest.supported(99),
        persisted_p50_seconds=summary.total.persisted.supported(50),
        drain_seconds=facts.drain_seconds,
        processor_use=summary.processor_use,
        why_not=_why_not(failed, ingest, max_p99_seconds),
        invalid=verdict.exit_code is ExitCode.GENERATOR_INVALID,
    )


def _why_not(failed: Check | None, ingest: Durations, max_p99_seconds: float) -> str | None:
    if failed is not None:
        return f"{failed.name}: {failed.detail}"
    # The slowest of those that are not among the slowest hundredth; for less than 100 messages, the slowest.
    slow = ingest.at(99)
    if slow is None or slow > max_p99_seconds:
        return f"more than 1 % of {ingest.count} ingests took longer than {max_p99_seconds:g} s"
    return None


def find_capacity(
    step: Callable[[float], CapacityStep], start_rate: float, max_steps: int, precision: float = 0.1
) -> tuple[float | None, Sequence[CapacityStep]]:
    """Return the highest rate that kept up (None: not even the lowest that was tried did) and all steps, in order.

    Ends when the lowest failed rate is within `precision` of the highest good one, after `max_steps`, or when an overload has left the
    pipeline refusing. Raises `EnvironmentNotReady` where no rate was good before that.
    """
    steps: list[CapacityStep] = []
    good: float | None = None
    bad: float | None = None
    rate = start_rate
    while len(steps) < max_steps:
        try:
            found = step(rate)
        except EnvironmentNotReady:
            if good is None:
                raise
            break
        steps.append(found)
        if found.why_not is None:
            good = rate
        else:
            bad = rate
        if good is None:
            rate /= 2
        elif bad is None:
            rate *= 2
        elif bad - good <= precision * good:
            break
        else:
            rate = (good + bad) / 2
    return good, steps
