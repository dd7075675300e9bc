"""The figures of a run, computed from its message log and facts alone. What is printed and drawn says nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from loadtests.facts import RunFacts
from loadtests.message import STAGES, Message
from loadtests.outcome import Outcome, judge
from loadtests.percentiles import PERCENTILES, Durations

__all__ = [
    "ALL",
    "COUNTS",
    "MAX_LATE_SHARE",
    "MAX_OWN_SHARE",
    "OTHERS",
    "GeneratorFigures",
    "PartUse",
    "SizeFigures",
    "Summary",
    "WorkerFigures",
    "summarize",
]

ALL = "all"
OTHERS = "other programs"
# A run is valid while at most one message of a hundred starts later than the plan allows (10 ms by default, which a generator
# keeps even beside a pipeline that uses both cores of a small machine), or while its lateness is a small part of all that is shown.
MAX_LATE_SHARE = 0.01
MAX_OWN_SHARE = 0.1


COUNTS = (
    "sent",
    "accepted",
    "refused",
    "unanswered",
    "dropped",
    "archived",
    "recorded",
    "announced",
    "lost",
    "duplicated",
    "corrupt",
    "false_flags",
    "repeated_notices",
)


@dataclass(frozen=True, slots=True)
class SizeFigures:
    """What became of the messages of one size (or of all), and how long it took, each time from the intended start.

    `ingest` ends with the answer, `persisted` with the final notice that states both flags as true; `service` is the answer's time
    from the actual start. `stages` has the time to each notice. `floor_ratio` is ingest's median over the floor's.
    """

    size: str
    body_bytes: int | None
    sent: int
    accepted: int
    refused: int
    unanswered: int
    dropped: int
    archived: int
    recorded: int
    announced: int
    lost: int
    duplicated: int
    corrupt: int
    false_flags: int
    repeated_notices: int
    statuses: Mapping[str, int]
    ingest: Durations
    service: Durations
    persisted: Durations
    stages: Mapping[str, Durations]
    floor_p50_seconds: float | None

    @property
    def floor_ratio(self) -> float | None:
        """How many times the floor an ingest took, at the median."""
        median = self.ingest.supported(50)
        if median is None or self.floor_p50_seconds is None or self.floor_p50_seconds <= 0:
            return None
        return median / self.floor_p50_seconds


@dataclass(frozen=True, slots=True)
class GeneratorFigures:
    """Whether the generator did what it was to do: how late it started messages, and how many it started at all.

    `late` is how many it started later than the plan allows; `own_share` the largest part of any percentile shown that is its own
    lateness, and `own_share_of` which (None: no percentile is shown).
    """

    planned: int
    started: int
    dropped: int
    planned_rate_per_second: float
    achieved_rate_per_second: float
    start_lag: Durations
    late: int
    own_share: float
    own_share_of: str | None
    megabytes_per_second: float
    workers: tuple[WorkerFigures, ...]

    @property
    def few_late(self) -> bool:
        """Whether no more messages were late than is allowed."""
        return self.late <= MAX_LATE_SHARE * self.started

    @property
    def in_time(self) -> bool:
        """Whether few messages were late, or what they were late by is a small part of everything that is shown."""
        small = self.own_share_of is not None and self.own_share <= MAX_OWN_SHARE
        return self.started > 0 and (self.few_late or small)


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """One process of the generator: the mean number of cores that it used, and how it was lost (None: it was not).

    `clock_offset_seconds` is how much the master's clock was ahead of its own, which its times take into account, and
    `clock_error_seconds` how wrong that can be. `promptness` is what the system granted it to get a processor in time.
    """

    index: int
    host: str
    started: int
    finished: int
    cores: float
    clock_offset_seconds: float
    clock_error_seconds: float
    promptness: tuple[str, ...]
    lost: str | None


@dataclass(frozen=True, slots=True)
class PartUse:
    """CPU time of one part of the run while the load ran and drained, and the mean number of cores during the load."""

    part: str
    cpu_seconds: float
    load_cores: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in figures: by size, in all, and by persona (whose figures bear its name in place of the size)."""

    sizes: tuple[SizeFigures, ...]
    total: SizeFigures
    generator: GeneratorFigures
    processor_use: tuple[PartUse, ...]
    personas: tuple[SizeFigures, ...]
    problems: tuple[tuple[Message, Outcome], ...]


def summarize(facts: RunFacts, messages: Sequence[Message]) -> Summary:
    """Return the figures of a run. Of one that did not come to its end, nothing is called lost, false or a problem."""
    # Most outcomes are alike, and a long log has many.
    alike: dict[Outcome, Outcome] = {}
    judged = [(message, alike.setdefault(outcome := judge(message), outcome)) for message in messages]
    if not facts.complete:
        judged = [(message, replace(outcome, lost=False, false_flags=(), problems=())) for message, outcome in judged]
    floors = {
        int(entry["body_bytes"]): float(entry["p50_seconds"]) for entry in (facts.floor or {"sizes": []})["sizes"]
    }
    sizes = [
        _figures(
            size.label,
            size.body_bytes,
            [(message, outcome) for message, outcome in judged if message.size == size.label],
            floors.get(size.body_bytes),
        )
        for size in facts.plan.sizes
    ]
    total = _together(ALL, sizes)
    return Summary(
        sizes=tuple(sizes),
        total=total,
        generator=_generator(facts, messages, [*sizes, total]),
        processor_use=tuple(_processor_use(facts)),
        personas=tuple(_personas(facts, judged, total)),
        problems=tuple((message, outcome) for message, outcome in judged if outcome.problems),
    )


def _figures(
    label: str, body_bytes: int | None, judged: Sequence[tuple[Message, Outcome]], floor: float | None
) -> SizeFigures:
    statuses: dict[str, int] = {}
    for message, outcome in judged:
        if not outcome.dropped:
            status = "none" if message.status is None else str(message.status)
            statuses[status] = statuses.get(status, 0) + 1
    accepted = [(message, outcome) for message, outcome in judged if outcome.accepted]
    return SizeFigures(
        size=label,
        body_bytes=body_bytes,
        sent=sum(not outcome.dropped for _, outcome in judged),
        accepted=len(accepted),
        refused=sum(outcome.refused for _, outcome in judged),
        unanswered=sum(outcome.unanswered for _, outcome in judged),
        dropped=sum(outcome.dropped for _, outcome in judged),
        archived=sum(outcome.archived for _, outcome in accepted),
        recorded=sum(outcome.recorded for _, outcome in accepted),
        announced=sum(outcome.announced for _, outcome in accepted),
        lost=sum(outcome.lost for _, outcome in judged),
        duplicated=sum(outcome.duplicated for _, outcome in judged),
        corrupt=sum(outcome.corrupt for _, outcome in judged),
        false_flags=sum(len(outcome.false_flags) for _, outcome in judged),
        repeated_notices=sum(_repeated_notices(message) for message, _ in judged),
        statuses=dict(sorted(statuses.items())),
        ingest=Durations(message.ingest_seconds for message, _ in accepted),
        service=Durations(message.service_seconds for message, _ in accepted),
        persisted=Durations(message.persisted_seconds for message, _ in accepted),
        stages={stage: Durations(message.stage_seconds(stage) for message, _ in accepted) for stage in STAGES},
        floor_p50_seconds=floor,
    )


def _together(label: str, parts: Sequence[SizeFigures]) -> SizeFigures:
    """The figures of all messages: counts and histograms add up, so that a long log is not counted twice."""
    whole = _figures(label, None, (), None)
    statuses: dict[str, int] = {}
    for part in parts:
        for mine, other in (
            (whole.ingest, part.ingest),
            (whole.service, part.service),
            (whole.persisted, part.persisted),
        ):
            mine.add(other)
        for stage, durations in whole.stages.items():
            durations.add(part.stages[stage])
        for status, count in part.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    counts = {name: sum(getattr(part, name) for part in parts) for name in COUNTS}
    return replace(whole, statuses=dict(sorted(statuses.items())), **counts)


def _personas(facts: RunFacts, judged: Sequence[tuple[Message, Outcome]], total: SizeFigures) -> Iterator[SizeFigures]:
    for persona in facts.plan.personas:
        own = [pair for pair in judged if pair[0].persona == persona.name]
        if len(own) == len(judged):
            yield replace(total, size=persona.name)
        else:
            yield _figures(persona.name, None, own, None)


def _repeated_notices(message: Message) -> int:
    return len(message.notices) - len({notice.stage for notice in message.notices})


def _own_shares(figures: Sequence[SizeFigures]) -> Iterator[tuple[float, str]]:
    """Which part of each percentile shown is the generator's own: it is in the time from the schedule, and not in the service time."""
    for size in figures:
        for percentile in PERCENTILES:
            shown, service = size.ingest.supported(percentile), size.service.supported(percentile)
            if shown is not None and service is not None:
                yield (shown - service) / shown, f"ingest p{percentile:g} of {size.size}"


def _generator(facts: RunFacts, messages: Sequence[Message], figures: Sequence[SizeFigures]) -> GeneratorFigures:
    planned = len(facts.plan.arrivals())
    started = [message for message in messages if message.started_seconds is not None]
    span = max((message.started_seconds or 0.0 for message in started), default=0.0)
    span = max(span, facts.plan.duration_seconds)
    own_share, own_share_of = max(_own_shares(figures), default=(0.0, None))
    return GeneratorFigures(
        planned=planned,
        started=len(started),
        dropped=planned - len(started),
        planned_rate_per_second=planned / facts.plan.duration_seconds,
        achieved_rate_per_second=len(started) / span if started else 0.0,
        start_lag=Durations(message.start_lag_seconds for message in started),
        late=sum((message.start_lag_seconds or 0.0) > facts.plan.max_start_lag_seconds for message in started),
        own_share=own_share,
        own_share_of=own_share_of,
        megabytes_per_second=sum(message.body_bytes for message in started) / 1e6 / span if started else 0.0,
        workers=tuple(_worker(worker) for worker in facts.workers),
    )


def _worker(worker: Mapping[str, Any]) -> WorkerFigures:
    seconds = float(worker["seconds"])
    return WorkerFigures(
        index=int(worker["index"]),
        host=str(worker["host"]),
        started=int(worker["started"]),
        finished=int(worker["finished"]),
        cores=float(worker["cpu_seconds"]) / seconds if seconds > 0 else 0.0,
        clock_offset_seconds=float(worker["clock_offset_seconds"]),
        clock_error_seconds=float(worker["clock_error_seconds"]),
        promptness=tuple(worker.get("promptness", ())),
        lost=worker["lost"],
    )


def _processor_use(facts: RunFacts) -> list[PartUse]:
    samples = [sample for sample in facts.processor_use if sample.at_seconds >= 0]
    if len(samples) < 2:
        return []
    first, last = samples[0], samples[-1]
    in_load = [sample for sample in samples if sample.at_seconds <= max(facts.load_seconds, samples[1].at_seconds)]
    end = in_load[-1] if len(in_load) > 1 else last
    span = end.at_seconds - first.at_seconds
    parts = {
        name: (last.parts[name] - first.parts.get(name, 0.0), end.parts.get(name, 0.0) - first.parts.get(name, 0.0))
        for name in last.parts
    }
    # A clock tick is 10 ms, so the sum of the parts may exceed the whole by a little.
    others = max(0.0, last.machine - first.machine - sum(whole for whole, _ in parts.values()))
    others_in_load = max(0.0, end.machine - first.machine - sum(part for _, part in parts.values()))
    parts[OTHERS] = (others, others_in_load)
    return [PartUse(name, whole, loaded / span) for name, (whole, loaded) in parts.items()]
