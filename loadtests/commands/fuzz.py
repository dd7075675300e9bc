"""`windtunnel fuzz`: look for steps after which a pipeline breaks its promise; `windtunnel fuzz replay FILE`: play them again.

Nothing of Hypothesis is imported before it is needed: it comes with an extra of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from loadtests.clock import monotonic
from loadtests.commands.options import JsonOption, print_json
from loadtests.console import new_console
from loadtests.exit_codes import EXIT_CODES, ExitCode
from loadtests.failures import UsageError
from loadtests.scenario import Scenario, load_scenario

if TYPE_CHECKING:
    from loadtests.fuzz.campaign import Progress

__all__ = ["app"]

_PERIOD_SECONDS = 5.0
_PROFILE_VARIABLE = "HYPOTHESIS_PROFILE"

app = typer.Typer(
    name="fuzz",
    pretty_exceptions_enable=False,
    epilog=EXIT_CODES,
)


@app.callback(invoke_without_command=True, epilog=EXIT_CODES)
def fuzz(
    context: typer.Context,
    scenario: Annotated[
        Path | None,
        typer.Option(help="Python file that defines `scenario`: its template, and the sizes of its messages."),
    ] = None,
    template: Annotated[Path | None, typer.Option(help="Template of the pipeline; overrides the scenario's.")] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="ci (the same examples every time, under two minutes) or long. Default: HYPOTHESIS_PROFILE, or ci."
        ),
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=1, help="Seconds to look, instead of the profile's.")] = None,
    trouble: Annotated[
        list[str] | None, typer.Option(help="Only this trouble, e.g. 's3 outage'; repeat. Default: all of them.")
    ] = None,
    large: Annotated[bool, typer.Option(help="Messages up to the limits of the platform too.")] = True,
    delivery: Annotated[
        str, typer.Option(help="polite, or contract: notices repeat and overtake, as AWS may.")
    ] = "polite",
    seed: Annotated[int, typer.Option(help="Seed of the emulator: its ids, and its order of deliveries.")] = 0,
    reports: Annotated[Path, typer.Option(help="Folder for event files, and for examples of profile long.")] = Path(
        "reports/fuzz"
    ),
    json_output: JsonOption = False,
) -> None:
    """Send good, borderline and broken messages while Redis restarts, services throttle or fail, functions crash before and after
    their writes, and the clock jumps; then let the pipeline recover, and judge: accepted means archived exactly once and indexed, or
    salvaged; refused means that nothing is left; no notice ever lies.

    Example: `windtunnel fuzz --scenario scenarios/test_audit_ingest_load.py --profile ci`. What fails is made as small as it can be, saved
    as an event file, and printed with the line that plays it again. Exit code 1 where something was found.
    """
    if context.invoked_subcommand is not None:
        return
    with _extra():
        from loadtests.fuzz.campaign import fuzz as look
        from loadtests.fuzz.profiles import PROFILES, profile_named
        from loadtests.fuzz.troubles import TROUBLES

    for name in trouble or ():
        if name not in TROUBLES:
            near = get_close_matches(name, TROUBLES, 1)
            raise UsageError(
                f"there is no trouble {name!r}{f': did you mean {near[0]!r}?' if near else ''}; all are: {', '.join(TROUBLES)}"
            )
    wanted = os.environ.get(_PROFILE_VARIABLE, "ci") if profile is None else profile
    chosen = profile_named(wanted if profile is not None or wanted in PROFILES else "ci", seconds=seconds)
    source = Scenario() if scenario is None else load_scenario(scenario)
    console = new_console(stderr=json_output)
    result = look(
        Path(source.template) if template is None else template,
        reports,
        chosen,
        sizes=source.fuzzed_sizes(),
        large=large,
        troubles=trouble or (),
        seed=seed,
        delivery=delivery,
        progress=_shown(console),
    )
    console.print(result.text(), highlight=False, soft_wrap=True, markup=False)
    if json_output:
        print_json(result.to_json())
    raise typer.Exit(int(ExitCode.OK if result.event_file is None else ExitCode.FUNCTIONAL_FAILURE))


@app.command(epilog=EXIT_CODES)
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Event file that `windtunnel fuzz` saved.")],
    template: Annotated[Path | None, typer.Option(help="Template of the pipeline, instead of the file's.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Play an event file, step by step, on an emulator of its own, and judge the pipeline as the fuzzer does.

    Example: `windtunnel fuzz replay reports/fuzz/fuzz-1a2b3c4d.event.json`. Exit code 1 where something does not hold. `pytest FILE` does
    the same, so a file that is committed is a test.
    """
    with _extra():
        from loadtests.fuzz.campaign import replay as play
        from loadtests.fuzz.event_file import EventFile

    console = new_console(stderr=json_output)
    problem = play(
        EventFile.read(file),
        template=template,
        progress=lambda line: console.print(line, highlight=False, soft_wrap=True, markup=False),
    )
    console.print(problem if problem else "everything holds", highlight=False, soft_wrap=True, markup=False)
    if json_output:
        print_json({"file": str(file), "holds": not problem, "problem": problem})
    raise typer.Exit(int(ExitCode.FUNCTIONAL_FAILURE if problem else ExitCode.OK))


@contextmanager
def _extra() -> Iterator[None]:
    """Say what to install where the fuzzer's own packages are not there."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f"fuzzing needs more packages ({error.name}): pip install 'windtunnel[load,fuzz]'") from error


def _shown(console: Console) -> Progress:
    """A line now and then, each time that something was found, and at the start."""
    last: list[tuple[float, bool]] = []

    def tell(line: str) -> None:
        now, found = monotonic(), "failing" in line
        if not last or now - last[-1][0] >= _PERIOD_SECONDS or found != last[-1][1]:
            last[:] = [(now, found)]
            console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)

    return tell
