"""Options that several commands share, and how a command tells its result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from loadtests.failures import UsageError
from loadtests.run_folder import RunFolder

__all__ = [
    "JsonOption",
    "ReportsOption",
    "SeedOption",
    "TargetOption",
    "TemplateOption",
    "print_json",
    "run_folder_of",
]

TargetOption = Annotated[
    str,
    typer.Option(
        help="embedded (starts the emulator), aws (a deployed stack), environment, or a file with a target's JSON."
    ),
]
TemplateOption = Annotated[Path, typer.Option(help="Template that the embedded target deploys.")]
ReportsOption = Annotated[Path, typer.Option(help="Folder for the reports; each run gets its own below it.")]
SeedOption = Annotated[
    int | None, typer.Option(help="Seed of the schedule and the payloads. Default: a new one, which is printed.")
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print the result as JSON on standard output, and everything else on standard error."),
]


def print_json(value: Any) -> None:
    """Print a result for a program."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def run_folder_of(run: Path, reports: Path = Path("reports")) -> RunFolder:
    """Return the folder of a finished run, given by path or by its name below `reports`. Raises `UsageError` where there is none."""
    path = run if run.is_dir() else reports / run
    folder = RunFolder(path.resolve())
    if not folder.facts.is_file():
        known = sorted(entry.name for entry in reports.glob("*/") if (entry / "run.json").is_file())
        hint = f"; the last runs: {', '.join(known[-3:])}" if known else "; make one with `windtunnel load`"
        raise UsageError(f"{path} is no finished run: there is no {folder.facts.name} in it{hint}")
    return folder
