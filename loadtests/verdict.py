"""The verdict on a run: a list of checks, each with its evidence, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtests.exit_codes import ExitCode, worst
from loadtests.facts import RunFacts
from loadtests.percentiles import PERCENTILES, Durations, required_samples
from loadtests.summary import MAX_LATE_SHARE, MAX_OWN_SHARE, GeneratorFigures, SizeFigures, Summary
from loadtests.thresholds import COUNTS, Count, Threshold, parse_threshold
from loadtests.worker_samples import WorkerSamples

__all__ = ["IN_TIME", "Check", "Verdict", "decide"]

IN_TIME = "the generator started messages in time"
_WORDS = {
    ExitCode.GENERATOR_INVALID: "INVALID",
    ExitCode.INCONCLUSIVE: "INCONCLUSIVE",
    ExitCode.INTERRUPTED: "INTERRUPTED",
}
_HEADLINES = {
    ExitCode.OK: "Every message that was accepted arrived whole.",
    ExitCode.FUNCTIONAL_FAILURE: "The pipeline broke its promise.",
    ExitCode.THRESHOLD: "Everything arrived, but a threshold was crossed.",
    ExitCode.ENVIRONMENT_NOT_READY: "The target was not ready.",
    ExitCode.GENERATOR_INVALID: "The load generator did not keep its schedule: these figures mean nothing.",
    ExitCode.INTERRUPTED: "Interrupted: what follows is incomplete.",
    ExitCode.REGRESSION: "Everything arrived, but it became worse.",
    ExitCode.INCONCLUSIVE: "Everything arrived, but too few messages for a threshold: whether it holds is not known.",
    ExitCode.USAGE: "The run could not be done as asked.",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold, what was found, and what the run ends with if it does not hold."""

    name: str
    passed: bool
    detail: str
    exit_code: ExitCode


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of a run."""

    exit_code: ExitCode
    headline: str
    checks: tuple[Check, ...]

    @property
    def word(self) -> str:
        """The verdict in one word: a run that says nothing about the pipeline neither passed nor failed."""
        return "PASSED" if self.exit_code is ExitCode.OK else _WORDS.get(self.exit_code, "FAILED")

    @property
    def invalid_because(self) -> tuple[str, ...]:
        """Why the times of this run are no result: what the generator did not do. Empty for a valid run."""
        failed = [check for check in self.checks if not check.passed]
        return tuple(f"{c.name}: {c.detail}" for c in failed if c.exit_code is ExitCode.GENERATOR_INVALID)


def decide(facts: RunFacts, summary: Summary) -> Verdict:
    """Return the verdict on a run."""
    checks = list(_checks(facts, summary))
    code = worst(check.exit_code for check in checks if not check.passed)
    return Verdict(code, _HEADLINES[code], tuple(checks))


def _checks(facts: RunFacts, summary: Summary) -> Iterator[Check]:
    if facts.interrupted:
        yield Check("ran to its end", False, "stopped by the user", ExitCode.INTERRUPTED)
    if facts.failure is not None:
        code = ExitCode(ExitCode.ENVIRONMENT_NOT_READY if facts.failure_code is None else facts.failure_code)
        yield Check("ran to its end", False, facts.failure, code)
    if facts.complete:
        yield from _promises(facts, summary)
    if facts.complete or summary.generator.started:
        yield from _generator(facts, summary)
    yield _refusals(facts, summary.total)
    for text in facts.thresholds:
        yield _threshold(parse_threshold(text), summary)


def _promises(facts: RunFacts, summary: Summary) -> Iterator[Check]:
    def promise(name: str, passed: bool, detail: str) -> Check:
        return Check(name, passed, detail, ExitCode.FUNCTIONAL_FAILURE)

    total = summary.total
    silent = [figures.size for figures in summary.sizes if figures.sent > 0 and figures.accepted == 0]
    detail = f"{total.accepted} of {total.sent}" + (f"; none of {', '.join(silent)}" if silent else "")
    # Where nothing was sent, the pipeline broke no promise.
    code = ExitCode.FUNCTIONAL_FAILURE if total.sent else ExitCode.GENERATOR_INVALID
    yield Check("messages of each size were accepted", total.accepted > 0 and not silent, detail, code)
    counts = (total.accepted, total.archived, total.recorded, total.announced)
    detail = "{} = {} = {} = {}".format(*counts) if len(set(counts)) == 1 else "{} / {} / {} / {}".format(*counts)
    yield promise("accepted = archived = metadata = final notice", len(set(counts)) == 1 and total.lost == 0, detail)
    yield promise(
        "every archived object equals its payload, byte for byte", total.corrupt == 0, f"{total.corrupt} differ"
    )
    yield promise(
        "exactly one object and one item for each message", total.duplicated == 0, f"{total.duplicated} duplicated"
    )
    yield promise("every flag was true to fact", total.false_flags == 0, f"{total.false_flags} were not")
    yield promise("every message was answered", total.unanswered == 0, f"{total.unanswered} were not")
    strays = facts.unclaimed
    found = len(strays.objects) + len(strays.items) + len(strays.notices)
    yield promise("nothing was stored that nobody sent", found == 0, f"{found} strays")
    messages = summary.problems
    detail = f"{len(messages)} have one" + (f"; the first: {messages[0][1].problems[0]}" if messages else "")
    yield promise("no message has a problem of any kind", not messages, detail)


def _generator(facts: RunFacts, summary: Summary) -> Iterator[Check]:
    generator = summary.generator
    yield Check(IN_TIME, generator.in_time, _lateness(facts, generator), ExitCode.GENERATOR_INVALID)
    detail = f"{generator.started} of {generator.planned}"
    name = "the generator started every message of the schedule"
    yield Check(name, generator.dropped == 0, detail, ExitCode.GENERATOR_INVALID)
    yield from _workers(facts, summary)
    detail = "checked on a connection" if facts.tcp_no_delay else "not checked"
    yield Check("the generator's connections have TCP_NODELAY", facts.tcp_no_delay, detail, ExitCode.GENERATOR_INVALID)


def _lateness(facts: RunFacts, generator: GeneratorFigures) -> str:
    if generator.started == 0:
        return "nothing was started"
    limit = facts.plan.max_start_lag_seconds * 1000
    detail = f"{generator.late} of {generator.started} more than {limit:g} ms late, at most {MAX_LATE_SHARE:.0%}"
    if not generator.few_late and generator.own_share_of is not None:
        detail += f"; that is {generator.own_share:.0%} of {generator.own_share_of}, at most {MAX_OWN_SHARE:.0%} of any"
    return detail


def _workers(facts: RunFacts, summary: Summary) -> Iterator[Check]:
    """A generator without reserve measures itself, and one that lost a worker did not send what it says."""
    workers = summary.generator.workers
    if not workers:
        return
    busiest = max(workers, key=lambda worker: worker.cores)
    limit = facts.plan.max_worker_cores
    detail = f"the busiest worker used {busiest.cores:.2f} of one core, at most {limit:g}"
    yield Check("the generator had CPU to spare", busiest.cores <= limit, detail, ExitCode.GENERATOR_INVALID)
    if facts.plan.workers > 1 or any(worker.lost is not None for worker in workers):
        lost = [worker for worker in workers if worker.lost is not None]
        detail = f"{len(workers) - len(lost)} of {facts.plan.workers}"
        detail += f"; worker {lost[0].index} on {lost[0].host}: {lost[0].lost}" if lost else ""
        whole = not lost and len(workers) == facts.plan.workers
        yield Check("every worker stayed to the end", whole, detail, ExitCode.GENERATOR_INVALID)
        error = max(worker.clock_error_seconds for worker in workers)
        offset = max((abs(worker.clock_offset_seconds) for worker in workers), default=0.0)
        detail = f"off by up to {offset * 1000:.2f} ms, which is known to {error * 1000:.2f} ms"
        detail += f", at most {facts.plan.max_start_lag_seconds * 1000:g} ms"
        good = error <= facts.plan.max_start_lag_seconds
        yield Check("the workers' clocks are known well enough", good, detail, ExitCode.GENERATOR_INVALID)
    if facts.histograms is not None and facts.complete:
        merged = WorkerSamples()
        merged.add(facts.histograms)
        answered = sum(worker.finished for worker in workers)
        detail = f"{merged.service.count} in the workers' histograms, {answered} in their counters"
        good = merged.service.count == answered
        yield Check("every sample of the workers arrived", good, detail, ExitCode.GENERATOR_INVALID)


def _refusals(facts: RunFacts, total: SizeFigures) -> Check:
    percent = 100 * total.refused / total.sent if total.sent else 0.0
    detail = f"{total.refused} of {total.sent} ({percent:.1f} %)"
    name = f"at most {facts.max_refused_percent:g} % refused"
    return Check(name, percent <= facts.max_refused_percent, detail, ExitCode.THRESHOLD)


def _threshold(threshold: Threshold | Count, summary: Summary) -> Check:
    figures = _of_size(threshold.size, summary.sizes, summary.total)
    if figures is None:
        detail = f"no size {threshold.size} in this run"
        return Check(threshold.text, False, detail, ExitCode.USAGE)
    if isinstance(threshold, Count):
        return _count(threshold, figures)
    kinds = {**figures.stages, "ingest": figures.ingest, "service": figures.service, "persisted": figures.persisted}
    durations = kinds[threshold.metric]
    value = durations.supported(threshold.percentile)
    if value is None:
        return _unsupported(threshold, durations)
    return Check(threshold.text, value < threshold.seconds, f"{value * 1000:.1f} ms", ExitCode.THRESHOLD)


def _unsupported(threshold: Threshold, durations: Durations) -> Check:
    """A percentile that so few messages do not support: it never passes, and it is crossed where a lower one already is."""
    of = "" if threshold.size is None else f" of {threshold.size}"
    lower = [
        p for p in PERCENTILES if p < threshold.percentile and (durations.supported(p) or 0.0) >= threshold.seconds
    ]
    if lower:
        detail = f"p{lower[0]:g} is already {durations.at(lower[0]) or 0.0:.3g} s"
        return Check(threshold.text, False, detail, ExitCode.THRESHOLD)
    needed = required_samples(threshold.percentile)
    detail = f"not known: p{threshold.percentile:g} needs {needed:,} messages{of}, and there were {durations.count:,}"
    detail += "; a longer --duration, a higher --rate, or a lower percentile"
    return Check(threshold.text, False, detail, ExitCode.INCONCLUSIVE)


def _count(threshold: Count, figures: SizeFigures) -> Check:
    value: float = getattr(figures, COUNTS[threshold.metric])
    detail = f"{value:g}"
    if threshold.percent:
        whole = figures.accepted if threshold.metric in ("archived", "metadata", "final") else figures.sent
        value = 100 * value / whole if whole else 0.0
        detail = f"{detail} of {whole} ({value:g} %)"
    return Check(threshold.text, threshold.holds(value), detail, ExitCode.THRESHOLD)


def _of_size(label: str | None, sizes: Sequence[SizeFigures], total: SizeFigures) -> SizeFigures | None:
    if label is None:
        return total
    return next((figures for figures in sizes if figures.size == label), None)
