"""`windtunnel clean-up RUN`: delete what a run wrote to a deployed stack, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from loadtests.commands.options import JsonOption, ReportsOption, print_json
from loadtests.console import new_console
from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.failures import EnvironmentNotReady, UsageError
from loadtests.opening import AWS, Staging, open_target
from loadtests.plan import KEY_FOLDER, key_prefix
from loadtests.run_folder import RunFolder
from loadtests.sizes import format_bytes
from loadtests.staging.leftovers import STAYS, Leftovers, delete, find, purge_queue
from loadtests.staging.options import ConfigOption, RegionOption, StackOption

__all__ = ["clean_up"]

_Answer = TypeVar("_Answer")
_RUN_ID = re.compile(r"(\d{8}-\d{6})-[0-9a-f]{4}(?:-\d{2})?")
_SHOWN = 5
# Objects have the moment of their sender in their key; this is for senders whose clocks differ.
_AFTER_SECONDS = 60.0


def clean_up(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="Folder of a run, its name below --reports, or a run's id where there is no folder any more.",
        ),
    ],
    stack: StackOption = None,
    region: RegionOption = None,
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete. Without it, what would go is listed and stays.")] = False,
    reports: ReportsOption = Path("reports"),
    json_output: JsonOption = False,
) -> None:
    """Delete exactly what a run wrote to a deployed stack: archived and salvaged objects, items, and its notices in the test queue.

    Example: windtunnel clean-up 20261122-102030-beef lists what would go. With --yes it deletes that, looks again, and ends with 1
    if anything is left.
    """
    run_id, since, until, url = _run(run, reports)
    prefix = key_prefix(f"{KEY_FOLDER}/{run_id}")
    console = new_console(stderr=json_output)
    with open_target(AWS, Path(), Staging(config, {"stack": stack, "region": region})) as opened:
        if url is not None and url != opened.api_url:
            raise UsageError(f"run {run_id} went to {url}, and this stack is at {opened.api_url}: name its own stack")
        # The only place that may write here: what it deletes was found by the run's own keys.
        target = replace(opened, read_only=False)  # type: ignore[type-var]
        left = _tried(lambda: find(target, prefix, since, until))
        _print(console, prefix, left, deleting=yes)
        taken, after = 0, left
        if yes:
            _tried(lambda: delete(target, prefix, left))
            taken = _tried(lambda: purge_queue(target, prefix))
            after = _tried(lambda: find(target, prefix, since, until))
            console.print(
                f"Deleted {left.count - after.count} of {left.count}, and {taken} notices from the test queue.",
                highlight=False,
            )
        elif left.count:
            console.print(f"Nothing was deleted. To do it: windtunnel clean-up {run} --yes", highlight=False)
    if json_output:
        found = {"found": left.to_json(), "deleted": yes, "notices_deleted": taken}
        print_json({"schema_version": 1, "run_id": run_id, "prefix": prefix, **found, "stays": STAYS})
    raise typer.Exit(int(ExitCode.FUNCTIONAL_FAILURE if yes and after.count else ExitCode.OK))


def _run(run: str, reports: Path) -> tuple[str, float, float | None, str | None]:
    """The id of a run, when it sent (epoch seconds; the end is None where nobody knows), and where to."""
    path = Path(run) if Path(run).is_dir() else reports / run
    folder = RunFolder(path.resolve())
    if folder.facts.is_file():
        facts = RunFacts.read(folder.facts)
        if facts.plan.key_folder != KEY_FOLDER:
            raise UsageError(f"{path} is no run on a deployed stack, so nothing of it is left anywhere")
        # A run that failed before its load has no end to count from.
        end = None if facts.epoch_wall is None else facts.epoch_wall + facts.plan.duration_seconds + _AFTER_SECONDS
        return facts.plan.run_id, facts.wall_start, end, facts.url
    name = Path(run).name
    match = _RUN_ID.fullmatch(name)
    if match is None:
        raise UsageError(
            f"{run!r} is no folder of a run and no run id, such as 20261122-102030-beef: see `ls {reports}`"
        )
    return name, datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).timestamp(), None, None


def _print(console: Console, prefix: str, left: Leftovers, *, deleting: bool) -> None:
    console.print(f"{'Deleting' if deleting else 'Found'} of {prefix}:", highlight=False)
    for name, found in (("archived objects", left.objects), ("salvaged messages", left.salvaged)):
        size = sum(stored.size_bytes for stored in found)
        console.print(f"  {len(found)} {name}, {format_bytes(size)}", highlight=False)
        for stored in found[:_SHOWN]:
            console.print(f"    s3://{stored.bucket}/{stored.key}", highlight=False, soft_wrap=True)
        if len(found) > _SHOWN:
            console.print(f"    and {len(found) - _SHOWN} more (--json lists all)", highlight=False)
    console.print(f"  {len(left.items)} items of the metadata table", highlight=False)
    console.print("What stays, since nobody can delete it or it goes by itself:", highlight=False)
    for what in STAYS:
        console.print(f"  {what}", highlight=False)


def _tried(act: Callable[[], _Answer]) -> _Answer:
    """What a step gives. Raises `EnvironmentNotReady` with AWS's words where it is refused."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return act()
    except ClientError as error:
        told = error.response["Error"]
        raise EnvironmentNotReady(
            f"{error.operation_name} answered {told['Code']}, {told.get('Message', '')}: what was found before is still there; "
            "the rights that cleaning up needs are in docs/staging.md"
        ) from error
    except BotoCoreError as error:
        raise EnvironmentNotReady(f"cleaning up stopped: {error}") from error
