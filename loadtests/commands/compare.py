"""`windtunnel compare A B`: two finished runs side by side, without a verdict that two runs cannot give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loadtests.commands.options import JsonOption, ReportsOption, print_json, run_folder_of
from loadtests.compare import Comparison, compare_runs
from loadtests.console import format_seconds, new_console, new_table

__all__ = ["compare"]


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="A finished run: its folder, or its name below --reports.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The other one.")],
    force: Annotated[bool, typer.Option(help="Compare runs that did not do the same.")] = False,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Show what differs between two runs: times, and what a message cost. One run each proves nothing: `gate --base` does.

    Example: windtunnel compare 20261122-102030-beef 20261122-112233-cafe
    """
    found = compare_runs(run_folder_of(a, reports), run_folder_of(b, reports), force=force)
    if json_output:
        print_json(found.to_json())
        return
    console = new_console()
    table = new_table(f"{found.names[0]} and {found.names[1]}", "size", "metric", "A", "B", "change")
    for row in found.rows:
        values = [format_seconds(row.a), format_seconds(row.b)]
        table.add_row(row.size, row.metric, *values, _change(row.change))
    console.print(table)
    _print_counters(found)
    for text in found.unlike:
        console.print(f"[yellow]not the same: {text}", highlight=False)
    console.print(
        "One run each: a difference may be noise. `windtunnel gate --base REF` tells them apart.", highlight=False
    )


def _change(change: float | None) -> str:
    return "n too small" if change is None else f"{change:+.1%}"


def _print_counters(found: Comparison) -> None:
    if not found.changes:
        return
    table = new_table("What a message cost", "counter", "A", "B")
    for change in found.changes:
        table.add_row(change.name, f"{change.before:g}", f"{change.after:g}")
    new_console().print(table)
