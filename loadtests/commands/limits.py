"""`windtunnel limits`: for a message size, which hop of a template's pipeline refuses it, and how close each one is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.text import Text

from emulator.errors import EmulatorError
from emulator.limits import Assessment, Hop, Measured, Message, Status, TemplateView, assess, largest, read_view
from loadtests.commands.gate_options import FolderOption
from loadtests.commands.options import JsonOption, print_json
from loadtests.console import new_console, new_table
from loadtests.cost.sources import file_source
from loadtests.exit_codes import ExitCode
from loadtests.failures import UsageError
from loadtests.gate.baseline import DEFAULT_FOLDER
from loadtests.gate.counters import Counters
from loadtests.opening import DEFAULT_TEMPLATE
from loadtests.sizes import format_bytes, parse_size

__all__ = ["limits", "measured_sizes"]

_STYLES = {
    Status.OK: "green",
    Status.NEAR: "yellow",
    Status.REFUSED: "bold red",
    Status.CODE: "cyan",
    Status.UNKNOWN: "cyan",
}
_WORDS = {Status.REFUSED: "REFUSED", Status.NEAR: "near", Status.CODE: "code decides"}


def limits(
    size: Annotated[str | None, typer.Option(help="Size of the message as it is sent, e.g. 256KiB, 6MB.")] = None,
    find_largest: Annotated[
        bool, typer.Option("--largest", help="Find the largest message that passes, by calculation.")
    ] = False,
    template: Annotated[
        Path, typer.Option("--template", "-t", help="SAM or CloudFormation template of the pipeline.")
    ] = DEFAULT_TEMPLATE,
    sample: Annotated[
        Path | None,
        typer.Option(help="A message body, to count what JSON escapes. Default: one large string, few quotes."),
    ] = None,
    content_type: Annotated[
        str, typer.Option(help="Media type of the body; binary ones become base64.")
    ] = "application/json",
    counters: Annotated[
        Path | None,
        typer.Option(help="Counters of real messages, which say what code hands on. Default: the template's baseline."),
    ] = None,
    baselines: FolderOption = DEFAULT_FOLDER,
    json_output: JsonOption = False,
) -> None:
    """Tell for a message size which hop of a pipeline refuses it, and how close each one is.

    Nothing runs: sizes are calculated from the template, limits are the emulator's own. Ends with 3 where a hop refuses the message.

    Example: windtunnel limits --size 6MB --template system/audit_ingest/template.yaml
    """
    if (size is None) != find_largest:
        raise UsageError("say either --size 6MB, for one size, or --largest, for the largest that passes")
    kind = Message.of_size(parse_size(size or "1MB"), None if sample is None else _read(sample), content_type)
    measured = _measured(template, counters, baselines)
    try:
        view = read_view(template)
        found = largest(view, kind, measured=measured) if find_largest else assess(view, kind, measured=measured)
    except EmulatorError as error:
        raise UsageError(str(error)) from None
    if found is None or not found.hops:
        raise UsageError(
            f"{template} has no way in for a message: no API, function URL, queue, topic, bus or bucket with a target"
        )
    first_beyond = _first_beyond(view, kind, measured, found) if find_largest else None
    if json_output:
        value = {"schema_version": 1, "template": str(template), **found.to_json()}
        if first_beyond is not None:
            value["first_beyond"] = f"{first_beyond.source or 'sender'} -> {first_beyond.target}"
        print_json(value)
    else:
        _print(new_console(), template, found, measured, first_beyond)
    raise typer.Exit(int(ExitCode.OK if found.refused is None else ExitCode.THRESHOLD))


def measured_sizes(name: str, counters: Counters) -> Measured:
    """Return the average size of each call that was counted, by the function that it invoked or the operation that it was."""
    totals = counters.totals
    requests = totals.get("requests/apigateway", 0.0)
    body = totals.get("request_bytes/apigateway", 0.0) / requests if requests else 0.0
    sizes = {}
    for counter, total in totals.items():
        group, _, what = counter.partition("/")
        if group == "invocation_bytes" and totals.get(f"invocations/{what}"):
            sizes[f"invocation/{what}"] = total / totals[f"invocations/{what}"]
        if group == "request_bytes" and total and totals.get(f"calls/{what}"):
            service, _, operation = what.partition(".")
            sizes[f"{_NAMES.get(service, service)}:{operation}"] = total / totals[f"calls/{what}"]
    return Measured(name, body, sizes)


_NAMES = {"stepfunctions": "states"}


def _measured(template: Path, counters: Path | None, baselines: Path) -> Measured | None:
    if counters is not None:
        found = file_source(counters)
        return measured_sizes(found.name, found.counters)
    for path in sorted(baselines.glob("*.json")):
        plan = orjson.loads(path.read_bytes()).get("plan", {})
        if Path(plan.get("template", "")) == template:
            return measured_sizes(f"baseline {path.stem}", file_source(path).counters)
    return None


def _read(sample: Path) -> bytes:
    try:
        return sample.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the sample {sample}: {error.strerror}") from None


def _first_beyond(view: TemplateView, kind: Message, measured: Measured | None, found: Assessment) -> Hop | None:
    """The hop that refuses a message of one byte more."""
    return assess(view, kind.resized(found.message_bytes + 1), measured=measured).refused


def _print(
    console: Console, template: Path, found: Assessment, measured: Measured | None, first_beyond: Hop | None
) -> None:
    title = f"A message of {format_bytes(found.message_bytes)} ({found.message_bytes:,} bytes) through {template}"
    table = new_table(title, "hop", "there", "limit", "used", "")
    for hop in found.hops:
        table.add_row(
            f"{hop.source or 'sender'} -> {hop.target}  {hop.operation}",
            _size(hop),
            "-" if hop.limit_bytes is None else format_bytes(hop.limit_bytes),
            "-" if hop.share is None else f"{hop.share:.1%}",
            Text(_WORDS.get(hop.status, str(hop.status)), style=_STYLES[hop.status]),
        )
    console.print(table)
    for hop in found.hops:
        if hop.status in (Status.REFUSED, Status.NEAR, Status.CODE, Status.UNKNOWN):
            console.print(
                Text(f"{hop.source or 'sender'} -> {hop.target}: {hop.basis}", style=_STYLES[hop.status]),
                soft_wrap=True,
            )
            if hop.error:
                console.print(f"    beyond it: {hop.error}", highlight=False, soft_wrap=True, markup=False)
                console.print(f"    {hop.doc}", style="dim", highlight=False, soft_wrap=True)
    if measured is not None:
        console.print(f"  What code hands on was measured: {measured.name}.", highlight=False)
    elif found.undecided:
        console.print(
            "  What code hands on is not in a template: --counters with counted messages says it.", highlight=False
        )
    _print_verdict(console, found, first_beyond)


def _print_verdict(console: Console, found: Assessment, first_beyond: Hop | None) -> None:
    refused = found.refused
    if refused is not None:
        text, style = (
            f"REFUSED  by {refused.target} ({refused.operation}), {refused.share or 0:.1%} of its limit",
            "bold red",
        )
    elif first_beyond is not None:
        text = f"LARGEST  {found.message_bytes:,} bytes; one more and {first_beyond.target} ({first_beyond.operation}) refuses it"
        style = "bold green"
    elif found.undecided:
        where = ", ".join(hop.target for hop in found.undecided)
        text, style = f"PASSES   as far as the template says; code decides what {where} gets", "bold green"
    else:
        text, style = "PASSES", "bold green"
    console.print(Text(text, style=style), soft_wrap=True)


def _size(hop: Hop) -> str:
    if hop.size_bytes is None:
        return "?"
    return ("≤ " if hop.at_most else "") + format_bytes(hop.size_bytes)
