"""`windtunnel capacity`: the highest arrival rate that keeps up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from loadtests.capacity import CapacityStep, find_capacity, judge_step, limited_by_generator, without_backlog
from loadtests.commands.options import JsonOption, ReportsOption, SeedOption, TargetOption, TemplateOption, print_json
from loadtests.console import ConsoleProgress, format_seconds, new_console, new_table
from loadtests.exit_codes import ExitCode
from loadtests.failures import EnvironmentNotReady, UsageError
from loadtests.opening import DEFAULT_TEMPLATE, EMBEDDED, open_target
from loadtests.persona import Persona
from loadtests.plan import RunPlan
from loadtests.reporting.reports import write_reports
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.run_id import new_run_id, new_seed
from loadtests.schedule import Rate
from loadtests.sizes import parse_mix

__all__ = ["capacity"]


def capacity(
    size: Annotated[str, typer.Option(help="Size of the messages.")] = "256KiB",
    target: TargetOption = EMBEDDED,
    template: TemplateOption = DEFAULT_TEMPLATE,
    start_rate: Annotated[float, typer.Option(min=0.1, help="Messages per second of the first step.")] = 8.0,
    step: Annotated[float, typer.Option(min=2, help="Seconds of each step.")] = 8.0,
    max_steps: Annotated[int, typer.Option(min=1, help="Most steps to take.")] = 10,
    max_p99: Annotated[
        float, typer.Option(help="Seconds that the slowest percent of ingests may take, from schedule.")
    ] = 1.0,
    drain: Annotated[
        float, typer.Option(min=1, help="Seconds that an accepted message may take to be persisted.")
    ] = 30.0,
    max_lag: Annotated[
        float | None,
        typer.Option(min=0.001, help="Seconds that the generator may be late. Default: a tenth of --max-p99."),
    ] = None,
    seed: SeedOption = None,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Find the highest arrival rate that keeps up, and who used the processors at it.

    Example: windtunnel load capacity --size 1MiB --max-p99 0.5
    """
    console = new_console(stderr=json_output)
    mix = tuple(parse_mix(size))
    if len(mix) != 1:
        raise UsageError("capacity is measured for one size at a time")
    base = new_run_id()
    chosen = new_seed(seed)
    console.print(
        f"Capacity {base}: {size}, steps of {step:g} s, p99 at most {max_p99:g} s, seed {chosen}", highlight=False
    )
    with open_target(target, template) as opened:

        def try_rate(rate: float) -> CapacityStep:
            plan = RunPlan(
                f"{base}-{next(names):02d}",
                (),
                (Persona(schedule=Rate(rate)),),
                step,
                chosen,
                drain,
                max_start_lag_seconds=max_p99 / 10 if max_lag is None else max_lag,
            )
            options = RunOptions(mix, warm_up_messages=4, with_floor=False, with_journal=False)
            folder = RunFolder((reports / plan.run_id).resolve())
            run = LoadRun(opened, plan, options, folder, ConsoleProgress(console, quiet=True))
            facts, messages = run.execute()
            summary, verdict = write_reports(folder, facts, messages)
            if verdict.exit_code is ExitCode.INTERRUPTED:
                raise KeyboardInterrupt
            if facts.failure is not None and verdict.exit_code is ExitCode.ENVIRONMENT_NOT_READY:
                console.print(
                    f"{rate:8.1f}/s  the pipeline refuses, so the search ends: {facts.failure}", highlight=False
                )
                raise EnvironmentNotReady(facts.failure)
            found = replace(judge_step(facts, summary, verdict, max_p99), rate_per_second=rate)
            _print_step(console, found)
            return found

        names = iter(range(1, max_steps + 1))
        best, steps = find_capacity(try_rate, start_rate, max_steps)
    at_least = limited_by_generator(best, steps)
    value = _as_json(size, best, steps)
    (reports / f"{base}-capacity.json").write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    _print_capacity(console, size, best, steps)
    if json_output:
        print_json(value)
    if at_least:
        raise typer.Exit(int(ExitCode.GENERATOR_INVALID))
    raise typer.Exit(int(ExitCode.OK if best is not None else ExitCode.THRESHOLD))


def _print_step(console: Console, step: CapacityStep) -> None:
    verdict = "kept up" if step.why_not is None else f"did not: {step.why_not}"
    console.print(
        f"  {step.rate_per_second:6.1f}/s  p50 {format_seconds(step.ingest_p50_seconds)}  p99 {_p99(step)}  "
        f"persisted p50 {format_seconds(step.persisted_p50_seconds)}  drained in {format_seconds(step.drain_seconds)}  {verdict}",
        highlight=False,
        soft_wrap=True,
    )


def _p99(step: CapacityStep) -> str:
    return "n<" if step.ingest_p99_seconds is None else format_seconds(step.ingest_p99_seconds)


def _print_capacity(console: Console, size: str, best: float | None, steps: Sequence[CapacityStep]) -> None:
    if best is None:
        console.print(
            f"[bold red]{size}: no rate that was tried kept up; the lowest was {min(s.rate_per_second for s in steps):g}/s"
        )
        return
    at_best = next(step for step in steps if step.rate_per_second == best)
    at_least = "at least " if limited_by_generator(best, steps) else ""
    console.print(
        f"[bold]{size}: {at_least}{best:.1f} messages/s[/bold], nothing lost, 99 % of ingests in time (p99 {_p99(at_best)}); "
        f"most of the processors went to {at_best.busiest}"
    )
    if at_least:
        console.print("[red]The load generator gave up before the pipeline did: give it a machine of its own")
    prompt = without_backlog(steps)
    if prompt != best:
        rate = "no rate that was tried" if prompt is None else f"{prompt:.1f}/s"
        drained = format_seconds(at_best.drain_seconds)
        console.print(f"The workflow behind it lags at that rate: {drained} to drain. Without a backlog: {rate}")
    table = new_table(f"Who used the processors at {best:.1f}/s", "part", "cores")
    for use in sorted(at_best.processor_use, key=lambda use: -use.load_cores):
        table.add_row(use.part, f"{use.load_cores:.2f}")
    console.print(table)


def _as_json(size: str, best: float | None, steps: Sequence[CapacityStep]) -> dict[str, Any]:
    prompt = without_backlog(steps)
    return {
        "schema_version": 1,
        "size": size,
        "capacity_per_second": best,
        "limited_by_generator": limited_by_generator(best, steps),
        "without_backlog_per_second": prompt,
        "steps": list(steps),
    }
