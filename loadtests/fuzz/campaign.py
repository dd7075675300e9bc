"""A campaign: look for steps after which something does not hold, make them few, keep them, and say how to play them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis.stateful import run_state_machine_as_test

from emulator.errors import EmulatorError
from emulator.targets import EmbeddedTarget, Pipeline
from loadtests.clock import monotonic
from loadtests.failures import EnvironmentNotReady, UsageError
from loadtests.fuzz.event_file import SUFFIX, EventFile, describe
from loadtests.fuzz.machine import machine_for
from loadtests.fuzz.minimise import minimise
from loadtests.fuzz.player import Player, Violation
from loadtests.fuzz.profiles import Profile
from loadtests.fuzz.steps import Step, step_to_json

__all__ = ["FuzzResult", "Progress", "fuzz", "replay"]

Progress = Callable[[str], None]


def _silent(line: str) -> None:
    """Nobody is told."""


_START_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """What a campaign found. `event_file` and `steps` are of the smallest failing example; None and empty where there was none."""

    profile: str
    examples: int
    steps: int
    seconds: float
    complete: bool
    """Whether the search, and the search for a smaller failure, ended before the time was up."""
    event_file: Path | None = None
    problem: str = ""
    failing: tuple[Step, ...] = ()

    @property
    def replay_line(self) -> str:
        """The one line that plays the failing example again."""
        return "" if self.event_file is None else f"windtunnel fuzz replay {self.event_file}"

    def text(self) -> str:
        """The result for people."""
        looked = f"{self.examples} examples, {self.steps} steps, {self.seconds:.0f} s, profile {self.profile}"
        if self.event_file is None:
            return f"nothing found in {looked}{'' if self.complete else '; the time was up before all examples were played'}"
        return "\n".join([f"found in {looked}:", self.problem, "after", *describe(self.failing), self.replay_line])

    def to_json(self) -> dict[str, Any]:
        """The result for a program."""
        return {
            "profile": self.profile,
            "examples": self.examples,
            "steps": self.steps,
            "seconds": round(self.seconds, 1),
            "complete": self.complete,
            "problem": self.problem,
            "failing_steps": [step_to_json(step) for step in self.failing],
            "event_file": None if self.event_file is None else str(self.event_file),
            "replay": self.replay_line,
        }

    def assert_ok(self) -> None:
        """Raise `AssertionError`, with the steps and the line that plays them again, where something was found."""
        if self.event_file is not None:
            raise AssertionError(self.text())


class _OutOfTime(KeyboardInterrupt):
    """The budget is used up. Hypothesis ends at once where a user does it, and takes anything else for a failure of the example."""


@dataclass(slots=True)
class _Search:
    """Watches the machine: counts, keeps the smallest failure, ends the search in time."""

    profile: Profile
    progress: Progress
    started: float = field(default_factory=monotonic)
    examples: int = 0
    steps: int = 0
    failing: tuple[Step, ...] | None = None
    problem: str = ""
    failed_at: float = 0.0
    over: bool = False

    def begin(self) -> None:
        """An example begins."""
        now = monotonic()
        if self.failing is None:
            self.over = now - self.started > self.profile.search_seconds
        else:
            self.over = now - self.failed_at > self.profile.shrink_seconds
        if self.over:
            raise _OutOfTime
        self.examples += 1

    def stepped(self, steps: Sequence[Step]) -> None:
        """A step was played."""
        self.steps += 1
        found = "" if self.failing is None else f"; failing: {len(self.failing)} steps, looking for fewer"
        self.progress(
            f"{monotonic() - self.started:5.1f} s | example {self.examples} | {self.steps} steps | {steps[-1].do}{found}"
        )

    def failed(self, steps: Sequence[Step], problem: str) -> None:
        """An example failed."""
        if self.failing is None:
            self.failed_at = monotonic()
        if self.failing is None or _size(steps) <= _size(self.failing):
            self.failing, self.problem = tuple(steps), problem


def _fails(player: Player, search: _Search, steps: Sequence[Step]) -> bool:
    """Play fewer or plainer steps; the search keeps what fails. Raises `_OutOfTime`."""
    search.begin()
    player.begin()
    played: list[Step] = []
    try:
        for step in steps:
            played.append(step)
            player.play(step)
            search.stepped(played)
        player.finish()
    except Violation as violation:
        search.failed(played, str(violation))
        return True
    return False


def _size(steps: Sequence[Step]) -> tuple[int, int]:
    return len(steps), len(json.dumps([step_to_json(step) for step in steps]))


def fuzz(
    template: Path,
    folder: Path,
    profile: Profile,
    *,
    sizes: Sequence[int] = (),
    large: bool = True,
    troubles: Sequence[str] = (),
    seed: int = 0,
    delivery: str = "polite",
    progress: Progress = _silent,
) -> FuzzResult:
    """Look for a failure of the pipeline in `template`, on an emulator of its own, and save it in `folder`.

    Raises `UsageError`, or `EnvironmentNotReady` where the emulator does not come up, or goes away.
    """
    progress("starting the emulator and deploying the pipeline")
    search = _Search(profile, progress)
    with _emulator(template, seed, delivery) as pipeline:
        player = Player(pipeline)
        hooks = {"on_begin": search.begin, "on_step": search.stepped, "on_failure": search.failed}
        machine = machine_for(player, sizes=sizes, large=large, troubles=troubles, **hooks)
        search.started = monotonic()
        try:
            run_state_machine_as_test(machine, settings=profile.settings(folder / "examples"))
        except EmulatorError as error:
            raise EnvironmentNotReady(str(error)) from error
        except (Exception, _OutOfTime):
            # What failed was kept when it failed; a failure that does not come again is one all the same.
            if search.failing is None and not search.over:
                raise
        if search.failing is not None:
            with suppress(_OutOfTime):
                minimise(search.failing, lambda steps: _fails(player, search, steps))
        seconds = monotonic() - search.started
    saved: Path | None = None
    if search.failing is not None:
        events = EventFile(search.failing, str(template), seed, delivery, search.problem)
        saved = folder / f"fuzz-{_digest(search.failing)}{SUFFIX}"
        events.write(saved)
    return FuzzResult(
        profile.name,
        search.examples,
        search.steps,
        seconds,
        not search.over,
        saved,
        search.problem,
        search.failing or (),
    )


def replay(events: EventFile, *, template: Path | None = None, progress: Progress = _silent) -> str:
    """Play an event file on an emulator of its own; what did not hold, empty where all does. Raises as `fuzz` does."""
    progress("starting the emulator and deploying the pipeline")
    with _emulator(Path(events.template) if template is None else template, events.seed, events.delivery) as pipeline:
        player = Player(pipeline)
        if any(step.do in ("send", "resend") and _at_event_limit(step) for step in events.steps):
            player.measure()
        player.begin()
        try:
            for line, step in zip(describe(events.steps), events.steps, strict=True):
                progress(line)
                player.play(step)
            progress("recovery, drain, judgement")
            player.finish()
        except Violation as violation:
            return str(violation)
    return ""


def _at_event_limit(step: Any) -> bool:
    return step.draft is not None and step.draft.boundary == "event"


@contextmanager
def _emulator(template: Path, seed: int, delivery: str) -> Iterator[Pipeline]:
    """A pipeline in an emulator with a virtual clock, for the length of a block."""
    if not template.is_file():
        raise UsageError(f"there is no template {template}: run from the repository, or name one with --template")
    try:
        embedded = EmbeddedTarget.start(
            template=template, clock="virtual", seed=seed, delivery=delivery, timeout=_START_SECONDS
        )
    except EmulatorError as error:
        raise EnvironmentNotReady(str(error)) from error
    with embedded as target:
        yield Pipeline(target)


def _digest(steps: Sequence[Step]) -> str:
    return hashlib.sha256(json.dumps([step_to_json(step) for step in steps]).encode()).hexdigest()[:8]
