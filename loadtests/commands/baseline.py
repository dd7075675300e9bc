"""`windtunnel baseline`: what was agreed, saved, listed and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from loadtests.commands.gate_options import DEFAULT_BASELINE, FolderOption, TreeTemplateOption
from loadtests.commands.options import JsonOption, print_json
from loadtests.console import new_console, new_table
from loadtests.gate.baseline import DEFAULT_FOLDER, Baseline, differences, parse_budget
from loadtests.gate.confirmation import steady_counters
from loadtests.gate.counter_run import CounterPlan, run_counters
from loadtests.gate.floor_ratio import measure_ratios
from loadtests.gate.machine import machine
from loadtests.opening import DEFAULT_TEMPLATE

__all__ = ["app"]

app = typer.Typer(
    name="baseline",
    help="What was agreed that a message costs: saved, listed and shown.\n\nExample: windtunnel baseline show audit-ingest",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command("save")
def save(
    name: Annotated[str, typer.Argument(help="Name of the baseline.")] = DEFAULT_BASELINE,
    baselines: FolderOption = DEFAULT_FOLDER,
    template: TreeTemplateOption = DEFAULT_TEMPLATE,
    budget: Annotated[
        list[str] | None, typer.Option(help="Most that a message may cost; repeat. Default: those that it had.")
    ] = None,
    floor: Annotated[bool, typer.Option(help="Measure ingest over the floor too.")] = True,
    calibration: Annotated[Path, typer.Option(help="Noise of this machine, of `windtunnel calibrate`.")] = Path(
        "reports/calibration.json"
    ),
    json_output: JsonOption = False,
) -> None:
    """Count what a message costs now, and agree on it: commit the file.

    Example: windtunnel baseline save audit-ingest --budget 'calls/s3.PutObject <= 1'
    """
    console = new_console(stderr=json_output)
    path = baselines / f"{name}.json"
    before = Baseline.read(path) if path.is_file() else None
    budgets = tuple(parse_budget(text) for text in budget) if budget else (before.budgets if before else ())
    plan = CounterPlan(template)
    counters = steady_counters(lambda: run_counters(plan))
    ratios = dict(before.ratios) if before else {}
    if floor:
        console.print("Measuring ingest over the floor", highlight=False)
        measured = measure_ratios(plan.sizes)
        if measured.why_not is not None:
            console.print(f"  floor {measured.why_not}", highlight=False)
        ratios = {size: round(ratio, 4) for size, ratio in measured.typical.items()} or ratios
    noise = orjson.loads(calibration.read_bytes()) if calibration.is_file() else None
    agreed = Baseline(name, plan.to_json(), counters, budgets, ratios, noise, machine())
    agreed.write(path)
    for change in differences(before.counters, counters) if before is not None else ():
        console.print(f"  {change.text}", highlight=False)
    console.print(f"Saved {path}: {counters.messages} messages", highlight=False)
    if json_output:
        print_json({"name": name, "path": str(path), **counters.to_json()})


@app.command("list")
def list_baselines(baselines: FolderOption = DEFAULT_FOLDER, json_output: JsonOption = False) -> None:
    """Name every baseline.

    Example: windtunnel baseline list --baselines baselines
    """
    names = [path.stem for path in sorted(baselines.glob("*.json"))]
    if json_output:
        print_json(names)
    else:
        typer.echo("\n".join(names) if names else f"no baselines in {baselines}: `windtunnel baseline save` makes one")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of the baseline.")] = DEFAULT_BASELINE,
    baselines: FolderOption = DEFAULT_FOLDER,
    json_output: JsonOption = False,
) -> None:
    """Show what a message costs by a baseline.

    Example: windtunnel baseline show audit-ingest --json
    """
    agreed = Baseline.read(baselines / f"{name}.json")
    if json_output:
        print_json({"name": agreed.name, "per_message": agreed.counters.per_message(), "plan": dict(agreed.plan)})
        return
    table = new_table(f"Baseline {agreed.name}: a message costs", "counter", "a message")
    for counter, value in agreed.counters.per_message().items():
        table.add_row(counter, f"{value:g}")
    new_console().print(table)
