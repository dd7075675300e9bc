"""The command line of the load tests."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from loadtests.capacity import CapacityStep, find_capacity, judge_step, without_backlog
from loadtests.clock import wall
from loadtests.console import ConsoleProgress, format_seconds, new_console, new_table, print_results
from loadtests.exit_codes import ExitCode
from loadtests.failures import EnvironmentNotReady, LoadError, UsageError
from loadtests.opening import DEFAULT_TEMPLATE, EMBEDDED, open_target
from loadtests.plan import RunPlan
from loadtests.reports import read_run, write_reports
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.schedule import ArrivalProcess
from loadtests.sizes import DEFAULT_SIZES, parse_mix
from loadtests.summary import Summary
from loadtests.target import Target
from loadtests.thresholds import parse_threshold
from loadtests.verdict import Verdict

__all__ = ["app", "main"]

app = typer.Typer(
    name="load",
    help="Push real load through a pipeline, follow every message to the end, and give a verdict.",
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="Exit codes: 0 ok, 1 a message was lost or wrong, 2 usage, 3 threshold, 6 target not ready, 7 generator invalid, "
    "130 interrupted.",
)

TargetOption = Annotated[
    str, typer.Option(help="embedded (starts the emulator), environment, or a file with a target's JSON.")
]
TemplateOption = Annotated[Path, typer.Option(help="Template that the embedded target deploys.")]
ReportsOption = Annotated[Path, typer.Option(help="Folder for the reports; each run gets its own below it.")]
SeedOption = Annotated[
    int | None, typer.Option(help="Seed of the schedule and the payloads. Default: a new one, which is printed.")
]


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    target: TargetOption = EMBEDDED,
    template: TemplateOption = DEFAULT_TEMPLATE,
    duration: Annotated[float, typer.Option(min=1, help="Seconds of load.")] = 30.0,
    rate: Annotated[float, typer.Option(min=0.01, help="Messages per second, all sizes together.")] = 10.0,
    sizes: Annotated[
        str, typer.Option(help="Sizes with optional weights, e.g. 256KiB:9,1MiB,4MB,max.")
    ] = DEFAULT_SIZES,
    arrivals: Annotated[
        str, typer.Option(help="constant (evenly spaced) or poisson (independent, with bursts).")
    ] = "constant",
    seed: SeedOption = None,
    slo: Annotated[
        list[str] | None, typer.Option(help="Threshold, e.g. 'ingest.p99 < 1s', '4MB persisted.p50 < 2s'; repeat.")
    ] = None,
    max_refused_percent: Annotated[
        float, typer.Option(min=0, max=100, help="Share of messages that may be refused.")
    ] = 0.0,
    drain: Annotated[
        float, typer.Option(min=1, help="Seconds that an accepted message may take to be persisted.")
    ] = 60.0,
    max_lag: Annotated[float, typer.Option(min=0.001, help="Seconds that the generator may be late at p99.")] = 0.05,
    floor: Annotated[bool, typer.Option(help="Measure the floor of this machine before the load.")] = True,
    reports: ReportsOption = Path("reports"),
) -> None:
    """Run a load and judge it."""
    if context.invoked_subcommand is not None:
        return
    for text in slo or ():
        parse_threshold(text)
    mix = tuple(parse_mix(sizes))
    process: ArrivalProcess = "constant" if arrivals == "constant" else "poisson"
    if arrivals not in ("constant", "poisson"):
        raise UsageError(f"--arrivals {arrivals!r} is neither constant nor poisson")
    plan = RunPlan(
        run_id=_run_id(),
        sizes=(),
        rate_per_second=rate,
        duration_seconds=duration,
        seed=_seed(seed),
        arrival_process=process,
        drain_seconds=drain,
        max_start_lag_seconds=max_lag,
    )
    options = RunOptions(mix, tuple(slo or ()), max_refused_percent, with_floor=floor)
    console = new_console()
    folder = RunFolder((reports / plan.run_id).resolve())
    console.print(
        f"Run {plan.run_id}: {rate:g} messages/s for {duration:g} s, sizes {sizes}, seed {plan.seed}", highlight=False
    )
    with open_target(target, template) as opened:
        _, verdict = _run_once(console, opened, plan, options, folder)
    raise typer.Exit(int(verdict.exit_code))


@app.command()
def report(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a finished run, or its name below reports/.")
    ],
) -> None:
    """Make the reports of a finished run again, from its message log, and end as the run did."""
    path = run_folder if run_folder.is_dir() else Path("reports") / run_folder
    folder = RunFolder(path.resolve())
    if not folder.facts.is_file():
        raise UsageError(f"{path} is no finished run: there is no {folder.facts.name} in it")
    facts, messages = read_run(folder)
    summary, verdict = write_reports(folder, facts, messages)
    console = new_console()
    print_results(console, facts, summary, verdict)
    _print_paths(console, folder)
    raise typer.Exit(int(verdict.exit_code))


@app.command()
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
    max_lag: Annotated[float, typer.Option(min=0.001, help="Seconds that the generator may be late at p99.")] = 0.25,
    seed: SeedOption = None,
    reports: ReportsOption = Path("reports"),
) -> None:
    """Find the highest arrival rate that keeps up, and who used the processors at it."""
    console = new_console()
    mix = tuple(parse_mix(size))
    if len(mix) != 1:
        raise UsageError("capacity is measured for one size at a time")
    base = _run_id()
    chosen = _seed(seed)
    console.print(
        f"Capacity {base}: {size}, steps of {step:g} s, p99 at most {max_p99:g} s, seed {chosen}", highlight=False
    )
    with open_target(target, template) as opened:

        def try_rate(rate: float) -> CapacityStep:
            plan = RunPlan(
                f"{base}-{next(names):02d}", (), rate, step, chosen, "constant", drain, max_start_lag_seconds=max_lag
            )
            options = RunOptions(mix, warm_up_messages=4, with_floor=False)
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
            found = judge_step(facts, summary, verdict, max_p99)
            _print_step(console, found)
            return found

        names = iter(range(1, max_steps + 1))
        best, steps = find_capacity(try_rate, start_rate, max_steps)
    _write_capacity((reports / f"{base}-capacity.json").resolve(), size, best, steps)
    _print_capacity(console, size, best, steps)
    raise typer.Exit(int(ExitCode.OK if best is not None else ExitCode.THRESHOLD))


def _run_once(
    console: Console, target: Target, plan: RunPlan, options: RunOptions, folder: RunFolder
) -> tuple[Summary, Verdict]:
    with ConsoleProgress(console) as progress:
        facts, messages = LoadRun(target, plan, options, folder, progress).execute()
    summary, verdict = write_reports(folder, facts, messages)
    print_results(console, facts, summary, verdict)
    _print_paths(console, folder)
    return summary, verdict


def _print_paths(console: Console, folder: RunFolder) -> None:
    for path in (folder.report_html, folder.report_json, folder.messages):
        console.print(f"  {path}", highlight=False, soft_wrap=True)


def _print_step(console: Console, step: CapacityStep) -> None:
    verdict = "kept up" if step.why_not is None else f"did not: {step.why_not}"
    console.print(
        f"  {step.rate_per_second:6.1f}/s  p50 {format_seconds(step.ingest_p50_seconds)}  p99 {format_seconds(step.ingest_p99_seconds)}  "
        f"persisted p50 {format_seconds(step.persisted_p50_seconds)}  drained in {format_seconds(step.drain_seconds)}  {verdict}",
        highlight=False,
        soft_wrap=True,
    )


def _print_capacity(console: Console, size: str, best: float | None, steps: Sequence[CapacityStep]) -> None:
    if best is None:
        console.print(
            f"[bold red]{size}: no rate that was tried kept up; the lowest was {min(s.rate_per_second for s in steps):g}/s"
        )
        return
    at_best = next(step for step in steps if step.rate_per_second == best)
    p99 = format_seconds(at_best.ingest_p99_seconds)
    console.print(
        f"[bold]{size}: {best:.1f} messages/s[/bold], nothing lost, p99 of ingest {p99}; "
        f"most of the processors went to {at_best.busiest}"
    )
    prompt = without_backlog(steps)
    if prompt != best:
        rate = "no rate that was tried" if prompt is None else f"{prompt:.1f}/s"
        drained = format_seconds(at_best.drain_seconds)
        console.print(f"The workflow behind it lags at that rate: {drained} to drain. Without a backlog: {rate}")
    table = new_table(f"Who used the processors at {best:.1f}/s", "part", "cores")
    for use in sorted(at_best.processor_use, key=lambda use: -use.load_cores):
        table.add_row(use.part, f"{use.load_cores:.2f}")
    console.print(table)


def _write_capacity(path: Path, size: str, best: float | None, steps: Sequence[CapacityStep]) -> None:
    prompt = without_backlog(steps)
    value = {
        "schema_version": 1,
        "size": size,
        "capacity_per_second": best,
        "without_backlog_per_second": prompt,
        "steps": list(steps),
    }
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))


def _run_id() -> str:
    """A name that sorts by time and differs between runs of the same second."""
    suffix = random.SystemRandom().randbytes(2).hex()
    return f"{datetime.fromtimestamp(wall(), UTC):%Y%m%d-%H%M%S}-{suffix}"


def _seed(seed: int | None) -> int:
    return random.SystemRandom().randrange(2**31) if seed is None else seed


def main(command: Callable[[], None] = app) -> None:
    """Run the command line; errors of our user's are one line on standard error."""
    # Whoever ends a run, it ends its processes and writes what it knows.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        command()
    except LoadError as error:
        print(f"load: {error}", file=sys.stderr)
        raise SystemExit(int(error.exit_code)) from None
    except KeyboardInterrupt:
        raise SystemExit(int(ExitCode.INTERRUPTED)) from None
