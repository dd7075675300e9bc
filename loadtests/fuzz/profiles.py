"""How long and how widely to look: `ci` (the same examples every time, in under two minutes) and `long`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from loadtests.failures import UsageError

__all__ = ["PROFILES", "Profile", "profile_named"]

_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""What fails is made small by `minimise`."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Examples, steps in each, and how long to look in all: for a failure, and from the first one for a smaller one (seconds)."""

    name: str
    examples: int
    steps: int
    search_seconds: float
    shrink_seconds: float
    derandomize: bool

    def settings(self, database: Path) -> settings:
        """Hypothesis's settings. Times per example say nothing: examples run real processes."""
        kept: Mapping[str, Any] = (
            {"derandomize": True, "database": None}
            if self.derandomize
            else {"database": DirectoryBasedExampleDatabase(database), "print_blob": True}
        )
        return settings(
            max_examples=self.examples,
            stateful_step_count=self.steps,
            deadline=None,
            phases=_PHASES,
            suppress_health_check=[*HealthCheck],
            report_multiple_bugs=False,
            **kept,
        )


PROFILES = {
    "ci": Profile("ci", examples=40, steps=8, search_seconds=75.0, shrink_seconds=40.0, derandomize=True),
    "long": Profile("long", examples=5_000, steps=25, search_seconds=3_600.0, shrink_seconds=900.0, derandomize=False),
}


def profile_named(
    name: str, *, seconds: float | None = None, examples: int | None = None, steps: int | None = None
) -> Profile:
    """Return a profile, with other limits where given: `seconds` to look, and as many again to make a failure smaller.

    Raises `UsageError`, which names the profiles that there are.
    """
    if name not in PROFILES:
        raise UsageError(f"there is no profile {name!r}: {', '.join(PROFILES)}")
    profile = PROFILES[name]
    return replace(
        profile,
        search_seconds=profile.search_seconds if seconds is None else seconds,
        shrink_seconds=profile.shrink_seconds if seconds is None else seconds,
        examples=profile.examples if examples is None else examples,
        steps=profile.steps if steps is None else steps,
    )
