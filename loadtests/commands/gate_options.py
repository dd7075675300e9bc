"""What the commands of the gates share: options, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from loadtests.failures import UsageError
from loadtests.floor import measure_floor
from loadtests.gate.counter_run import CounterRun
from loadtests.gate.rounds import METRICS, Round
from loadtests.gate.statistics import Rule

__all__ = [
    "DEFAULT_BASELINE",
    "FolderOption",
    "LooksOption",
    "MarginOption",
    "MessagesOption",
    "NameOption",
    "SizeOption",
    "TreeTemplateOption",
    "floor_ratios",
    "parse_rule",
    "round_progress",
]

DEFAULT_BASELINE = "audit-ingest"
NameOption = Annotated[str, typer.Option("--baseline", help="Name of the baseline in --baselines.")]
FolderOption = Annotated[Path, typer.Option(help="Folder of the committed baselines.")]
TreeTemplateOption = Annotated[Path, typer.Option(help="Template that both sides deploy, each its own.")]
MarginOption = Annotated[float, typer.Option(min=0.0, help="Percent that does not matter.")]
LooksOption = Annotated[str, typer.Option(help="After how many rounds to look; a round takes some 10 seconds.")]
SizeOption = Annotated[str, typer.Option(help="Size of the messages of a round.")]
MessagesOption = Annotated[int, typer.Option(min=4, help="Messages through each side in a round.")]


def floor_ratios(run: CounterRun) -> tuple[dict[int, float], str | None]:
    """Ingest over the floor by size; the floor is measured right after the ingests."""
    floor = measure_floor(list(run.ingest_seconds))
    ratios = {
        size: seconds / floor.p50_seconds[size]
        for size, seconds in run.ingest_seconds.items()
        if floor.p50_seconds.get(size, 0.0) > 0
    }
    return ratios, floor.why_not


def parse_rule(margin_percent: float, looks: str) -> Rule:
    """Return the rule of a margin in percent and looks like `8,12,16`. Raises `UsageError`."""
    try:
        counts = tuple(sorted({int(part) for part in looks.split(",")}))
    except ValueError:
        raise UsageError(f"--looks {looks!r} is no list of rounds, e.g. 8,12,16") from None
    if not counts or counts[0] < 2:
        raise UsageError("a look needs 2 rounds at least")
    return Rule(margin_percent / 100, looks=counts)


def round_progress(console: Console) -> Callable[[int, Round], None]:
    """Return what tells a person of each round."""

    def tell(number: int, found: Round) -> None:
        parts = [f"{METRICS[metric]} {change * 100:+.1f} %" for metric, change in found.differences.items()]
        console.print(f"  round {number}: {', '.join(parts)}", highlight=False, soft_wrap=True)

    return tell
