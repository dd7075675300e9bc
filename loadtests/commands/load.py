"""`windtunnel load`: one run, followed and judged."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from loadtests.commands.options import JsonOption, ReportsOption, SeedOption, TargetOption, print_json
from loadtests.console import ConsoleProgress, new_console, print_results
from loadtests.failures import UsageError
from loadtests.launcher import Listen
from loadtests.opening import EMBEDDED, Staging, open_target
from loadtests.plan import RunPlan
from loadtests.reporting.report_json import report
from loadtests.reporting.report_markdown import append_step_summary
from loadtests.reporting.reports import run_counters, write_reports
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.run_id import new_run_id
from loadtests.scenario import Scenario, Sender, load_scenario
from loadtests.schedule_text import parse_schedule
from loadtests.sizes import DEFAULT_SIZES
from loadtests.staging.options import (
    ConfigOption,
    MaxBytesOption,
    MaxCostOption,
    MaxDurationOption,
    MaxRateOption,
    RegionOption,
    StackOption,
)
from loadtests.target import Target
from loadtests.thresholds import parse_threshold
from loadtests.verdict import Verdict

__all__ = ["load", "parse_listen", "print_paths", "run_once"]

_DEFAULT = Scenario()
# The groups of --help.
_WHAT, _JUDGED, _MEASURED = "What is sent", "How it is judged", "How it is measured"


def load(
    context: typer.Context,
    scenario: Annotated[
        Path | None, typer.Option(help="Python file that defines `scenario`; other options override it.")
    ] = None,
    target: TargetOption = EMBEDDED,
    template: Annotated[Path | None, typer.Option(help="Template that the embedded target deploys.")] = None,
    duration: Annotated[
        float | None, typer.Option(rich_help_panel=_WHAT, min=1, help="Seconds of load. Default 30.")
    ] = None,
    rate: Annotated[
        float, typer.Option(rich_help_panel=_WHAT, min=0.01, help="Messages per second, all sizes together.")
    ] = 10.0,
    sizes: Annotated[
        str, typer.Option(rich_help_panel=_WHAT, help="Sizes with optional weights, e.g. 256KiB:9,1MiB,4MB,max.")
    ] = DEFAULT_SIZES,
    arrivals: Annotated[
        str,
        typer.Option(
            rich_help_panel=_WHAT,
            help="When messages come: constant or poisson (at --rate), or rate(50), ramp(5,100), poisson(50), "
            "stages(10:5s,50:10s), burst(20,5s).",
        ),
    ] = "constant",
    seed: SeedOption = None,
    slo: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=_JUDGED,
            help="Threshold, e.g. 'ingest p99 < 1s', '4MB persisted p50 < 2s', 'lost == 0'; repeat.",
        ),
    ] = None,
    max_refused_percent: Annotated[
        float | None,
        typer.Option(rich_help_panel=_JUDGED, min=0, max=100, help="Share of messages that may be refused. Default 0."),
    ] = None,
    drain: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=_JUDGED,
            min=1,
            help="Seconds that an accepted message may take to be persisted. Default 60.",
        ),
    ] = None,
    max_lag: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=_JUDGED,
            min=0.001,
            help="Seconds that the generator may start a message late. The run is invalid where more than 1 % are later and that is "
            "more than a tenth of a percentile shown. Default 0.01.",
        ),
    ] = None,
    floor: Annotated[
        bool, typer.Option(rich_help_panel=_MEASURED, help="Measure the floor of this machine before the load.")
    ] = True,
    workers: Annotated[
        int,
        typer.Option(rich_help_panel=_MEASURED, min=1, help="Processes that send; the schedule is split among them."),
    ] = 1,
    listen: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_MEASURED,
            help="HOST:PORT where workers from elsewhere join (`windtunnel load worker`), instead of own ones.",
        ),
    ] = None,
    stack: StackOption = None,
    region: RegionOption = None,
    config: ConfigOption = None,
    max_rate: MaxRateOption = None,
    max_bytes: MaxBytesOption = None,
    max_duration: MaxDurationOption = None,
    max_cost: MaxCostOption = None,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Push real load through a pipeline, follow every message to the end, and give a verdict.

    Ends with the exit code of the worst that happened, after the reports are written.

    Example: windtunnel load --rate 20 --duration 60 --sizes 256KiB:9,4MB,max --slo 'ingest p99 < 1s' --slo 'lost == 0'
    """
    if context.invoked_subcommand is not None:
        return
    for text in slo or ():
        parse_threshold(text)
    if scenario is None:
        sender = Sender(arrivals=str(parse_schedule(arrivals, rate)), sizes=sizes)
        chosen = replace(_DEFAULT, senders=(sender,), thresholds=tuple(slo or ()))
    else:
        chosen = load_scenario(scenario)
        chosen = replace(chosen, thresholds=(*chosen.thresholds, *(slo or ())))
    overriding: dict[str, Any] = {
        "duration": duration,
        "seed": seed,
        "max_refused_percent": max_refused_percent,
        "drain": drain,
        "max_lag": max_lag,
        "template": template,
    }
    chosen = replace(chosen, **{name: value for name, value in overriding.items() if value is not None})
    plan = chosen.plan(new_run_id(), workers)
    place = None if listen is None else parse_listen(listen)
    options = replace(chosen.options(with_floor=floor), listen=place)
    console = new_console(stderr=json_output)
    console.print(
        f"Run {plan.run_id}: {plan.schedule_text} for {plan.duration_seconds:g} s, "
        f"sizes {', '.join(label for label, _, _ in chosen.mix())}, seed {plan.seed}",
        highlight=False,
    )
    if place is not None:
        console.print(f"Waiting for {workers} workers on {place.host}:{place.port}", highlight=False)
    folder = RunFolder((reports / plan.run_id).resolve())
    caps = {"max_rate": max_rate, "max_bytes": max_bytes, "max_duration": max_duration, "max_cost_usd": max_cost}
    staging = Staging(config, {"stack": stack, "region": region, **caps})
    with open_target(target, Path(chosen.template), staging) as opened:
        verdict = run_once(console, opened, plan, options, folder, json_output=json_output)
    raise typer.Exit(int(verdict.exit_code))


def run_once(
    console: Console,
    target: Target,
    plan: RunPlan,
    options: RunOptions,
    folder: RunFolder,
    *,
    json_output: bool = False,
) -> Verdict:
    """Run, write the reports, then print what they say."""
    with ConsoleProgress(console) as progress:
        facts, messages = LoadRun(target, plan, options, folder, progress).execute()
    summary, verdict = write_reports(folder, facts, messages)
    append_step_summary(folder.summary_markdown.read_text(encoding="utf-8"), os.environ)
    print_results(console, facts, summary, verdict)
    print_paths(console, folder)
    if json_output:
        print_json(report(facts, summary, verdict, run_counters(folder, messages)))
    return verdict


def print_paths(console: Console, folder: RunFolder) -> None:
    """Say where the reports are."""
    for path in (folder.report_html, folder.report_json, folder.junit, folder.messages):
        console.print(f"  {path}", highlight=False, soft_wrap=True)
    console.print(
        f"  and {folder.summary_markdown.name}, sizes.csv, messages.csv and hgrm/ beside them", highlight=False
    )


def parse_listen(text: str) -> Listen:
    """Return the place of `HOST:PORT`. Raises `UsageError`."""
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdecimal():
        raise UsageError(f"{text!r} is no HOST:PORT, e.g. 0.0.0.0:5557")
    return Listen(host, int(port))
