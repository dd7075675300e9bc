"""`windtunnel explain MESSAGE`: one message of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from loadtests.commands.options import JsonOption, ReportsOption, print_json, run_folder_of
from loadtests.console import new_console
from loadtests.exit_codes import ExitCode
from loadtests.reporting.explain_message import explain_message, find_run_of

__all__ = ["explain"]


def explain(
    message: Annotated[str, typer.Argument(help="Id, key or trace of a message.")],
    run: Annotated[
        Path | None, typer.Option(help="Its run: a folder, or a name below --reports. Default: the newest that has it.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Every row, lines written to logs and deliveries included.")
    ] = False,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Show the path of one message and say why what is missing is missing. Exit code 1 where something is.

    Example: windtunnel explain 20261122-102030-beef-0000042
    """
    folder = find_run_of(message, reports) if run is None else run_folder_of(run, reports)
    explanation = explain_message(folder.path, message)
    if json_output:
        print_json(explanation.to_json())
    else:
        _print(explanation.text(full=full))
    raise typer.Exit(int(ExitCode.FUNCTIONAL_FAILURE if explanation.reasons else ExitCode.OK))


def _print(text: str) -> None:
    """Print the explanation; what failed stands out where there are colours."""
    console = new_console()
    for number, line in enumerate(text.splitlines()):
        style = "bold" if number == 0 else "red" if line.startswith("- ") or "  <- " in line else ""
        console.print(Text(line, style=style), soft_wrap=True)
