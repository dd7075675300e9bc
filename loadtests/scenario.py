"""A scenario: one Python file that says who sends what, when, and what must hold.

    from loadtests import Scenario, Sender

    scenario = Scenario(
        senders=(
            Sender("branch office", arrivals="poisson(8)", sizes="256KiB:9,1MiB"),
            Sender("night batch", arrivals="burst(4,5s)", sizes="max"),
        ),
        thresholds=("ingest p95 < 300 ms", "persisted p99 < 5 s", "lost == 0"),
    )

    def test_audit_ingest_under_load(tmp_path):
        scenario.run(tmp_path, duration="5s").assert_ok()

`windtunnel load --scenario FILE` pushes the same load with a report, against this machine or against staging.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadtests.failures import UsageError
from loadtests.opening import DEFAULT_TEMPLATE, EMBEDDED, open_target
from loadtests.persona import DEFAULT_PERSONA, Persona
from loadtests.plan import RunPlan, message_key
from loadtests.progress import Silent
from loadtests.reporting.reports import write_reports
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.run_id import new_run_id, new_seed
from loadtests.schedule_text import parse_schedule
from loadtests.sizes import DEFAULT_SIZES, parse_mix
from loadtests.spans import parse_span
from loadtests.summary import Summary
from loadtests.target import Target
from loadtests.thresholds import parse_threshold
from loadtests.verdict import Verdict

if TYPE_CHECKING:
    from loadtests.fuzz.campaign import FuzzResult

__all__ = ["Scenario", "ScenarioResult", "Sender", "load_scenario"]

Mix = tuple[tuple[str, int | None, float], ...]


@dataclass(frozen=True, slots=True)
class Sender:
    """One kind of sender, as people write it: see `parse_schedule` and `parse_mix` for the forms."""

    name: str = DEFAULT_PERSONA
    arrivals: str = "rate(10)"
    sizes: str = DEFAULT_SIZES
    message_type: str = "load"

    def persona(self) -> Persona:
        """Return what a plan holds of this sender. Raises `UsageError`."""
        weights = {label: weight for label, _, weight in parse_mix(self.sizes)}
        return Persona(self.name, parse_schedule(self.arrivals), weights, self.message_type)


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What a run of a scenario gave; its reports are in `folder`."""

    folder: RunFolder
    summary: Summary
    verdict: Verdict
    first_key: str
    """The key of the first message, for `explain_message`."""

    def assert_ok(self) -> None:
        """Raise `AssertionError` with every check that did not hold, the first messages with a problem, and where the report is."""
        failed = [f"{check.name}: {check.detail}" for check in self.verdict.checks if not check.passed]
        problems = [f"{message.key}: {'; '.join(outcome.problems)}" for message, outcome in self.summary.problems[:5]]
        if failed:
            raise AssertionError("\n".join([self.verdict.headline, *failed, *problems, str(self.folder.report_html)]))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load and what must hold under it. Raises `UsageError` for what cannot be meant."""

    senders: Sequence[Sender] = field(default_factory=lambda: (Sender(),))
    duration: str | float = "30s"
    thresholds: Sequence[str] = ()
    max_refused_percent: float = 0.0
    drain: str | float = "60s"
    max_lag: str | float = "10ms"
    template: str | Path = DEFAULT_TEMPLATE
    seed: int | None = None

    def __post_init__(self) -> None:
        if len({sender.name for sender in self.senders}) != len(self.senders) or not self.senders:
            raise UsageError("a scenario has senders, each with a name of its own")
        for sender in self.senders:
            sender.persona()
        for text in self.thresholds:
            parse_threshold(text)

    def mix(self) -> Mix:
        """Return every size of any sender: label, bytes (None where it is measured), and the sum of its weights."""
        sizes: dict[str, tuple[int | None, float]] = {}
        for sender in self.senders:
            for label, body_bytes, weight in parse_mix(sender.sizes):
                sizes[label] = (body_bytes, sizes.get(label, (None, 0.0))[1] + weight)
        return tuple((label, body_bytes, weight) for label, (body_bytes, weight) in sizes.items())

    def plan(self, run_id: str, workers: int = 1) -> RunPlan:
        """Return the plan of a run; the run itself fills in the sizes."""
        return RunPlan(
            run_id=run_id,
            sizes=(),
            personas=tuple(sender.persona() for sender in self.senders),
            duration_seconds=parse_span(self.duration),
            seed=new_seed(self.seed),
            drain_seconds=parse_span(self.drain),
            max_start_lag_seconds=parse_span(self.max_lag),
            workers=workers,
        )

    def fuzzed_sizes(self) -> tuple[int, ...]:
        """Return the sizes of payloads, in bytes, whose bodies are about as large as this scenario's; `max` is fuzzed in any case."""
        return tuple(body_bytes * 3 // 4 for _, body_bytes, _ in self.mix() if body_bytes is not None)

    def fuzz(
        self, folder: Path, *, profile: str = "ci", limits: Mapping[str, Any] | None = None, **options: Any
    ) -> FuzzResult:
        """Look for messages and troubles after which the pipeline breaks its promise, and save them below `folder`.

        `limits` (`seconds`, `examples`, `steps`) are the profile's unless given; `options` are those of
        `loadtests.fuzz.campaign.fuzz`. Needs the extra 'fuzz'.
        """
        from loadtests.fuzz.campaign import fuzz
        from loadtests.fuzz.profiles import profile_named

        chosen = profile_named(profile, **({} if limits is None else limits))
        return fuzz(Path(self.template), folder, chosen, sizes=self.fuzzed_sizes(), **options)

    def options(self, *, with_floor: bool = True) -> RunOptions:
        """Return how a run is prepared and judged."""
        return RunOptions(self.mix(), tuple(self.thresholds), self.max_refused_percent, with_floor=with_floor)

    def run(
        self, reports: Path, target: Target | None = None, *, duration: str | float | None = None, workers: int = 1
    ) -> ScenarioResult:
        """Push the load against a target (None: an emulator for this run), judge it, and write the reports below `reports`."""
        scenario = self if duration is None else replace(self, duration=duration)
        opened: AbstractContextManager[Target]
        opened = open_target(EMBEDDED, Path(self.template)) if target is None else nullcontext(target)
        with opened as chosen:
            plan = scenario.plan(new_run_id(), workers)
            folder = RunFolder((reports / plan.run_id).resolve())
            facts, messages = LoadRun(chosen, plan, scenario.options(with_floor=False), folder, Silent()).execute()
        summary, verdict = write_reports(folder, facts, messages)
        return ScenarioResult(folder, summary, verdict, message_key(facts.plan.key_root, 0))


def load_scenario(path: Path) -> Scenario:
    """Return the `scenario` that a Python file defines. Raises `UsageError` where there is none."""
    spec = importlib.util.spec_from_file_location(path.stem, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise UsageError(f"there is no scenario file {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    scenario = getattr(module, "scenario", None)
    if not isinstance(scenario, Scenario):
        raise UsageError(f"{path} defines no `scenario = Scenario(...)`")
    return scenario
