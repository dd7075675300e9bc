"""`windtunnel calibrate`: the noise of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loadtests.commands.gate_options import (
    DEFAULT_LOOKS,
    DEFAULT_MARGIN,
    DEFAULT_MESSAGES,
    LooksOption,
    MarginOption,
    MessagesOption,
    SizeOption,
    TreeTemplateOption,
    parse_rule,
    round_progress,
)
from loadtests.commands.options import JsonOption, ReportsOption, print_json
from loadtests.console import new_console, new_table
from loadtests.gate.calibration import FILE_NAME
from loadtests.gate.calibration import calibrate as measure_noise
from loadtests.gate.rounds import METRICS, Plan
from loadtests.opening import DEFAULT_TEMPLATE
from loadtests.sizes import parse_size

__all__ = ["calibrate"]


def calibrate(
    rounds: Annotated[int, typer.Option(min=3, help="Rounds of this tree against itself.")] = 12,
    template: TreeTemplateOption = DEFAULT_TEMPLATE,
    margin: MarginOption = DEFAULT_MARGIN,
    looks: LooksOption = DEFAULT_LOOKS,
    size: SizeOption = "256KiB",
    messages: MessagesOption = DEFAULT_MESSAGES,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Measure this machine's own noise, and so the smallest change that `gate --base` would see here.

    Example: windtunnel calibrate --rounds 12

    Takes some two minutes on a quiet machine. `windtunnel gate --base` then says whether its margin can pass here.
    """
    console = new_console(stderr=json_output)
    rule = parse_rule(margin, looks)
    found = measure_noise(Plan(template, parse_size(size), messages), rule, rounds, round_progress(console))
    table = new_table(
        f"Noise of this machine, from {rounds} rounds",
        "metric",
        "spread",
        *(f"seen after {look}" for look in rule.looks),
        *(f"margin for {look}" for look in rule.looks),
    )
    for metric, spread in found.spread.items():
        figures = [found.detectable[look].get(metric) for look in rule.looks]
        figures += [found.passing[look].get(metric) for look in rule.looks]
        table.add_row(METRICS[metric], f"{spread:.1%}", *map(_percent, figures))
    console.print(table)
    console.print(
        f"seen: so large a change is called a regression 8 times of 10, with a margin of {margin:g} %. "
        "margin: the smallest one with which an identical tree passes as often; the largest of a column counts.",
        highlight=False,
    )
    path = reports / FILE_NAME
    found.write(path)
    console.print(f"  {path.resolve()}", highlight=False, soft_wrap=True)
    if json_output:
        print_json(found.to_json())


def _percent(change: float | None) -> str:
    return "-" if change is None else f"{change:.0%}"
