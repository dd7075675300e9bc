"""`windtunnel cost`: dollars per million messages, from counted calls and a versioned price file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from loadtests.commands.gate_options import DEFAULT_BASELINE, FolderOption
from loadtests.commands.options import JsonOption, ReportsOption, print_json
from loadtests.console import new_console, new_table
from loadtests.cost import Cost, estimate, load_prices
from loadtests.cost.nodes import cache_nodes
from loadtests.cost.sources import Source, file_source, find_source
from loadtests.exit_codes import ExitCode
from loadtests.failures import UsageError
from loadtests.gate.baseline import DEFAULT_FOLDER

__all__ = ["cost", "print_cost"]


def cost(
    source: Annotated[
        str, typer.Argument(metavar="RUN|BASELINE", help="A finished run, or a baseline, by name or path.")
    ] = DEFAULT_BASELINE,
    counters: Annotated[
        Path | None,
        typer.Option(help="File with counters instead: a baseline, a run's report.json, or plain counters."),
    ] = None,
    per: Annotated[int, typer.Option(min=1, help="Messages that the dollars are for.")] = 1_000_000,
    region: Annotated[str, typer.Option(help="Region whose price file is used.")] = "us-east-1",
    retention: Annotated[float, typer.Option(min=0.0, help="Days for which what is stored is kept and paid.")] = 30.0,
    node: Annotated[
        list[str] | None,
        typer.Option(
            help="Cache nodes that run, ENGINE:TYPE:COUNT, e.g. valkey:cache.t3.small:2; repeat. Default: the template's."
        ),
    ] = None,
    free_tier: Annotated[
        bool, typer.Option(help="Take off what is free for ever in a month, as though nothing else used it.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="End with 5 where something that was counted has no price.")] = False,
    baselines: FolderOption = DEFAULT_FOLDER,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Estimate what messages cost on AWS, line by line: counted calls times list prices.

    Nothing is asked of AWS. What was counted but has no price is named, never taken as zero.

    Example: windtunnel cost audit-ingest --per 1000000 --retention 90
    """
    prices = load_prices(region)
    found = file_source(counters) if counters is not None else find_source(source, reports, baselines)
    nodes = _parsed(node) if node else _nodes_of(found)
    result = estimate(found.counters, prices, per=per, retention_days=retention, nodes=nodes, free_tier=free_tier)
    if json_output:
        print_json(
            {"schema_version": 1, "source": found.name, "messages_counted": found.counters.messages, **result.to_json()}
        )
    else:
        print_cost(new_console(), result, found)
    raise typer.Exit(int(ExitCode.INCONCLUSIVE if strict and not result.complete else ExitCode.OK))


def print_cost(console: Console, cost: Cost, source: Source) -> None:
    """Print every line, what has no price, and what is left out on purpose."""
    title = f"{cost.messages:,} messages like those of {source.name}, {cost.region}, list prices of {cost.date}"
    table = new_table(title, "what", "quantity", "unit price", "dollars", "share")
    for line in cost.lines:
        mark = " *" if line.measured else ""
        table.add_row(
            f"{line.service}: {line.what}{mark}",
            f"{line.quantity:,.{0 if line.quantity >= 100 else 2}f} {line.unit}",
            f"{line.price_dollars:.10f}".rstrip("0").rstrip("."),
            f"{line.dollars:,.2f}",
            f"{line.share:.1%}",
        )
    table.add_row("in all", "", "", f"{cost.dollars:,.2f}", "", style="bold")
    if any(line.measured for line in cost.lines):
        table.caption = "* times of this machine: AWS's are its own"
        table.caption_justify = "left"
    console.print(table)
    console.print(
        f"  {source.counters.messages} messages counted; what is stored is kept for {cost.retention_days:g} days",
        highlight=False,
    )
    for fixed in cost.fixed:
        console.print(
            f"  and ${fixed.dollars_per_month:,.2f} a month, whatever comes: {fixed.service}, {fixed.what}",
            highlight=False,
            soft_wrap=True,
        )
    for unpriced in cost.unpriced:
        text = f"NOT COUNTED  {unpriced.counter} ({unpriced.per_message:g} a message): {unpriced.reason}"
        console.print(Text(text, style="bold red"), soft_wrap=True)
    if not cost.complete:
        console.print(Text("The sum is too low by what is not counted.", style="bold red"))
    console.print(Text(f"  Left out: {'; '.join(cost.excluded)}. --json says why.", style="dim"), soft_wrap=True)


def _parsed(texts: list[str]) -> dict[tuple[str, str], int]:
    nodes: dict[tuple[str, str], int] = {}
    for text in texts:
        engine, _, rest = text.partition(":")
        node_type, _, number = rest.partition(":")
        if not engine or not node_type or not (number or "1").isdigit():
            raise UsageError(f"--node {text!r} is no cache node: write e.g. valkey:cache.t3.small:2")
        nodes[engine, node_type] = nodes.get((engine, node_type), 0) + int(number or "1")
    return nodes


def _nodes_of(source: Source) -> dict[tuple[str, str], int]:
    """The nodes of the template that was counted, where it is known."""
    return {} if source.template is None else cache_nodes(source.template)
