"""`windtunnel report RUN`: every report of a finished run, made again from its message log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from loadtests.commands.load import print_paths
from loadtests.commands.options import JsonOption, ReportsOption, print_json, run_folder_of
from loadtests.console import new_console, print_results
from loadtests.message_table import write_parquet
from loadtests.reporting.report_json import report as json_report
from loadtests.reporting.report_markdown import append_step_summary
from loadtests.reporting.reports import read_run, run_counters, write_reports

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run, or its name below --reports.")],
    reports: ReportsOption = Path("reports"),
    parquet: Annotated[
        bool, typer.Option(help="Also write the messages as a Parquet file. Needs the extra 'parquet'.")
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """Make the reports of a finished run again, from its message log, and end as the run did.

    Example: windtunnel report 20261122-102030-beef --json
    """
    folder = run_folder_of(run, reports)
    facts, messages = read_run(folder)
    summary, verdict = write_reports(folder, facts, messages)
    append_step_summary(folder.summary_markdown.read_text(encoding="utf-8"), os.environ)
    console = new_console(stderr=json_output)
    print_results(console, facts, summary, verdict)
    print_paths(console, folder)
    if parquet:
        write_parquet(folder.parquet, messages)
        console.print(f"  {folder.parquet}", highlight=False, soft_wrap=True)
    if json_output:
        print_json(json_report(facts, summary, verdict, run_counters(folder, messages)))
    raise typer.Exit(int(verdict.exit_code))
