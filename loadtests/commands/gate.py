"""`windtunnel gate`: is this tree worse than what was agreed, and than another tree?"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from loadtests.commands.gate_options import (
    DEFAULT_BASELINE,
    DEFAULT_LOOKS,
    DEFAULT_MARGIN,
    DEFAULT_MESSAGES,
    FolderOption,
    LooksOption,
    MarginOption,
    MessagesOption,
    NameOption,
    SizeOption,
    TreeTemplateOption,
    check_template,
    parse_rule,
    round_progress,
)
from loadtests.commands.options import JsonOption, ReportsOption, print_json
from loadtests.console import new_console, new_table
from loadtests.exit_codes import ExitCode
from loadtests.failures import LoadError, UsageError
from loadtests.gate.baseline import DEFAULT_FOLDER, Baseline, parse_budget
from loadtests.gate.calibration import FILE_NAME, hint
from loadtests.gate.checkout import checkout_of, copy_of, root
from loadtests.gate.confirmation import confirmed_differences
from loadtests.gate.counter_run import CounterPlan, run_counters
from loadtests.gate.floor_ratio import check_ratios, measure_ratios
from loadtests.gate.relative import compare_trees
from loadtests.gate.result import GateResult
from loadtests.gate.rounds import Plan
from loadtests.opening import DEFAULT_TEMPLATE
from loadtests.run_id import new_run_id
from loadtests.sizes import parse_size

__all__ = ["gate", "print_gate"]


def gate(
    base: Annotated[
        str | None, typer.Option(help="Git ref to compare with; it runs in a worktree of its own. None: counters only.")
    ] = None,
    baseline: NameOption = DEFAULT_BASELINE,
    baselines: FolderOption = DEFAULT_FOLDER,
    template: TreeTemplateOption = DEFAULT_TEMPLATE,
    budget: Annotated[
        list[str] | None, typer.Option(help="Most that a message may cost, e.g. 'calls/* <= 18'; repeat.")
    ] = None,
    margin: MarginOption = DEFAULT_MARGIN,
    looks: LooksOption = DEFAULT_LOOKS,
    size: SizeOption = "256KiB",
    messages: MessagesOption = DEFAULT_MESSAGES,
    counters: Annotated[bool, typer.Option(help="Count what a message costs.")] = True,
    floor: Annotated[bool, typer.Option(help="Compare ingest over the floor with the baseline's.")] = True,
    strict: Annotated[bool, typer.Option(help="End with 5 where nothing is known of the times.")] = False,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Hold this tree against a committed baseline (counters, exact) and against another tree (times, with a bound).

    Example: windtunnel gate --base origin/main --budget 'calls/* <= 18'

    It says whether this tree is slower than the other one: regression, pass or inconclusive, in about a minute on a quiet machine.
    `windtunnel calibrate` tells beforehand how small a change it would see.
    """
    console = new_console(stderr=json_output)
    rule = parse_rule(margin, looks)
    check_template(template)
    budgets = [parse_budget(text) for text in budget or ()]
    path = baselines / f"{baseline}.json"
    agreed = Baseline.read(path) if path.is_file() else None
    if counters and agreed is None and base is None:
        Baseline.read(path)
    gate_id = f"gate-{new_run_id()}"
    result = GateResult(gate_id, against="", strict=strict)
    folder = reports / gate_id
    try:
        with ExitStack() as stack:
            tree = None if base is None else stack.enter_context(checkout_of(base))
            if counters:
                result = _count(console, result, agreed, tree, template, with_floor=floor)
                result = replace(result, budgets=[*(agreed.budgets if agreed is not None else ()), *budgets])
            if tree is not None:
                console.print(f"[bold]Comparing times with {base}[/bold], looks after {looks} rounds", highlight=False)
                console.print(f"  {hint(reports / FILE_NAME, rule)}", highlight=False, soft_wrap=True)
                plan = Plan(template, parse_size(size), messages)
                # Copies of both: where a tree lies, and whether it had run before, is no difference that counts.
                before, after = stack.enter_context(copy_of(tree)), stack.enter_context(copy_of(root()))
                relative = compare_trees(plan, rule, before, after, round_progress(console))
                result = replace(result, relative=relative)
    except LoadError as error:
        result = replace(result, failure=str(error), failure_code=error.exit_code)
        raise
    except BaseException as error:
        code = ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.ENVIRONMENT_NOT_READY
        result = replace(result, failure=f"{type(error).__name__} {error}".strip(), failure_code=code)
        raise
    finally:
        # What is known until then, whatever ends it.
        result.write(folder, os.environ)
    print_gate(console, result)
    console.print(f"  {(folder / 'gate.json').resolve()}", highlight=False, soft_wrap=True)
    if json_output:
        print_json(result.to_json())
    raise typer.Exit(int(result.exit_code))


def _count(
    console: Console,
    result: GateResult,
    agreed: Baseline | None,
    tree: Path | None,
    template: Path,
    *,
    with_floor: bool,
) -> GateResult:
    console.print("[bold]Counting what a message costs[/bold]", highlight=False)
    plan = CounterPlan(template)
    if agreed is not None:
        if dict(agreed.plan) != plan.to_json():
            raise UsageError(
                f"baseline {agreed.name} counted other messages ({agreed.plan}); save it again with `windtunnel baseline save`"
            )
        known, against = agreed.counters, f"baseline {agreed.name}"
        counters, changes = confirmed_differences(lambda: known, lambda: run_counters(plan))
    else:
        assert tree is not None
        against = "the base"
        counters, changes = confirmed_differences(lambda: run_counters(plan, tree), lambda: run_counters(plan))
    result = replace(result, against=against, counters=counters, changes=changes)
    if with_floor and agreed is not None and agreed.ratios and template == DEFAULT_TEMPLATE:
        console.print("[bold]Measuring ingest over the floor[/bold]", highlight=False)
        measured = measure_ratios(plan.sizes)
        result = replace(result, ratios=check_ratios(agreed.ratios, measured), floor_why_not=measured.why_not)
    return result


def print_gate(console: Console, result: GateResult) -> None:
    """Print the checks, what changed, and the verdict."""
    if result.changes:
        table = new_table("What a message costs now, where it differs", "counter", "before", "after", "")
        for change in sorted(result.changes, key=lambda change: not change.compared):
            style = {"worse": "red", "better": "green"}.get(change.word, "dim")
            table.add_row(change.name, f"{change.before:g}", f"{change.after:g}", change.word, style=style)
        console.print(table)
    for check in result.checks:
        mark, style = ("ok    ", "green") if check.passed else ("FAILED", "red")
        console.print(Text(f"{mark}  {check.gate}: {check.name}: {check.detail}", style=style), soft_wrap=True)
    if result.floor_why_not is not None:
        console.print(f"  floor {result.floor_why_not}", highlight=False)
    passed = result.exit_code is ExitCode.OK
    good = "PASSED"
    if result.unknown:
        good += (
            f"  but {' and '.join(result.unknown)} could not tell: a quieter machine, or more --looks; --strict fails"
        )
    word = good if passed else f"FAILED  {result.exit_code.name.lower().replace('_', ' ')}"
    console.print(Text(word, style="bold green" if passed else "bold red"))
