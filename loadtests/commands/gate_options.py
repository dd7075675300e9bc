"""What the commands of the gates share: options, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from loadtests.clock import monotonic
from loadtests.failures import UsageError
from loadtests.gate.rounds import METRICS, Round
from loadtests.gate.statistics import Rule

__all__ = [
    "DEFAULT_BASELINE",
    "DEFAULT_LOOKS",
    "DEFAULT_MARGIN",
    "DEFAULT_MESSAGES",
    "FolderOption",
    "LooksOption",
    "MarginOption",
    "MessagesOption",
    "NameOption",
    "SizeOption",
    "TreeTemplateOption",
    "check_template",
    "parse_rule",
    "round_progress",
]

DEFAULT_BASELINE = "audit-ingest"
NameOption = Annotated[str, typer.Option("--baseline", help="Name of the baseline in --baselines.")]
FolderOption = Annotated[Path, typer.Option(help="Folder of the committed baselines.")]
TreeTemplateOption = Annotated[Path, typer.Option(help="Template that both sides deploy, each its own.")]
MarginOption = Annotated[float, typer.Option(min=0.0, help="Percent more that does not matter.")]
DEFAULT_MARGIN = 10.0
DEFAULT_LOOKS = "7,10,14"
DEFAULT_MESSAGES = 40
LooksOption = Annotated[str, typer.Option(help="After how many rounds to look; a round takes some 8 seconds.")]
SizeOption = Annotated[str, typer.Option(help="Size of the messages of a round.")]
MessagesOption = Annotated[
    int, typer.Option(min=4, help="Messages through each side in a round; from 100 on p90 is gated too.")
]


def parse_rule(margin_percent: float, looks: str) -> Rule:
    """Return the rule of a margin in percent and looks like `8,12,16`. Raises `UsageError`."""
    try:
        counts = tuple(sorted({int(part) for part in looks.split(",")}))
    except ValueError:
        raise UsageError(f"--looks {looks!r} is no list of rounds, e.g. 8,12,16") from None
    if not counts or counts[0] < 2:
        raise UsageError("a look needs 2 rounds at least")
    rule = Rule(margin_percent / 100, looks=counts)
    if rule.first_decisive(len(METRICS)) is None:
        raise UsageError(
            f"--looks {looks} can never call a regression: {counts[-1]} rounds are too few for {len(METRICS)} metrics; "
            f"the default is {DEFAULT_LOOKS}"
        )
    return rule


def check_template(template: Path) -> None:
    """Raise `UsageError` for a template that would be the same one in both trees."""
    if template.is_absolute():
        raise UsageError(f"--template {template} must be relative to the repository's root: each side deploys its own")


def round_progress(console: Console) -> Callable[[int, Round], None]:
    """Return what tells a person of each round."""

    began = [monotonic()]

    def tell(number: int, found: Round) -> None:
        parts = [f"{METRICS[metric]} {change * 100:+.1f} %" for metric, change in found.differences.items()]
        seconds, began[0] = monotonic() - began[0], monotonic()
        console.print(
            f"  round {number} ({seconds:.0f} s): {', '.join(parts)}", highlight=False, soft_wrap=True, style="dim"
        )

    return tell
