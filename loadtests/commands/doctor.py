"""`windtunnel doctor --target aws`: is everything ready for a run on a deployed stack?"""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from loadtests.commands.options import JsonOption, TargetOption, print_json
from loadtests.console import new_console
from loadtests.exit_codes import ExitCode
from loadtests.failures import UsageError
from loadtests.opening import AWS
from loadtests.staging.doctor import diagnose
from loadtests.staging.options import ConfigOption, RegionOption, StackOption

__all__ = ["doctor"]

_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}


def doctor(
    target: TargetOption = AWS,
    stack: StackOption = None,
    region: RegionOption = None,
    config: ConfigOption = None,
    json_output: JsonOption = False,
) -> None:
    """Check all that a run on a deployed stack needs, before a byte is sent: credentials, account, clock, quotas, rights.

    Example: windtunnel doctor --target aws --stack audit-ingest-staging

    Nothing is written, and no message is sent. Ends with 6 where a check failed.
    """
    if target != AWS:
        raise UsageError(
            f"--target {target}: only {AWS} has more to check; `windtunnel doctor` alone looks at this machine"
        )
    console = new_console(stderr=json_output)
    checks = []
    table = Table(box=None, pad_edge=False)
    for heading in ("", "check", "what was seen, and what to do next"):
        table.add_column(heading, overflow="fold")
    with console.status("looking") as status:
        for check in diagnose({"stack": stack, "region": region}, config):
            status.update(f"{check.subject} is {check.state}")
            checks.append(check)
            told = Text(check.detail + (f"\n-> {check.advice}" if check.advice else ""))
            table.add_row(Text(check.state, _STYLES[check.state]), Text(check.subject), told)
    console.print(table, soft_wrap=not console.is_terminal)
    good = all(check.state in ("ok", "warning") for check in checks)
    console.print("Ready: `windtunnel load --target aws`" if good else "Not ready. Nothing was sent.", highlight=False)
    if json_output:
        print_json({"schema_version": 1, "ready": good, "checks": [asdict(check) for check in checks]})
    raise typer.Exit(int(ExitCode.OK if good else ExitCode.ENVIRONMENT_NOT_READY))
