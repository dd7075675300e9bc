"""The options of every command that goes to a deployed stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "ConfigOption",
    "MaxBytesOption",
    "MaxCostOption",
    "MaxDurationOption",
    "MaxRateOption",
    "RegionOption",
    "StackOption",
]

_PANEL = "Staging (--target aws)"
StackOption = Annotated[
    str | None, typer.Option(help="The deployed stack. Default: the one in windtunnel.toml.", rich_help_panel=_PANEL)
]
RegionOption = Annotated[
    str | None,
    typer.Option(help="Its region. Default: the one in windtunnel.toml, or your profile's.", rich_help_panel=_PANEL),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        help="File with the settings of staging. Default: windtunnel.toml, if there is one.", rich_help_panel=_PANEL
    ),
]
MaxRateOption = Annotated[
    float | None,
    typer.Option(help="Most messages in a second; can only lower what the file says.", rich_help_panel=_PANEL),
]
MaxBytesOption = Annotated[
    str | None,
    typer.Option(help="Most bytes in all, e.g. 500MB; can only lower what the file says.", rich_help_panel=_PANEL),
]
MaxDurationOption = Annotated[
    str | None,
    typer.Option(help="Longest run, e.g. 5m; can only lower what the file says.", rich_help_panel=_PANEL),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(help="Most estimated dollars; can only lower what the file says.", rich_help_panel=_PANEL),
]
