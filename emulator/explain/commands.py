"""The commands `executions` and `explain`, ready to be mounted; they speak to the emulator, or to AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from emulator.api_client import ApiClient, Aws, EndpointUrl, api_client, endpoint_of
from emulator.errors import EmulatorError
from emulator.explain.tree import Visit, seconds_of

__all__ = ["app", "executions", "explain_execution"]

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

app = typer.Typer(help="Look at executions of state machines.", no_args_is_help=True)


@app.command("executions")
def executions(
    state_machine: Annotated[str | None, typer.Argument(help="Name or ARN; default: all state machines.")] = None,
    status: Annotated[str | None, typer.Option(help="RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.")] = None,
    most: Annotated[int, typer.Option("--max", help="How many, per state machine.")] = 20,
    json_output: JsonOption = False,
    endpoint_url: EndpointUrl = None,
    aws: Aws = False,
) -> None:
    """List executions, newest first: status, start, duration, name.

    Example: windtunnel executions IngestStateMachine --status FAILED
    """
    client = api_client("stepfunctions", endpoint_of(endpoint_url, aws))
    found = []
    for machine in _machines(client, state_machine):
        params = {"stateMachineArn": machine["stateMachineArn"], "maxResults": most}
        if status is not None:
            params["statusFilter"] = status
        rows = client.ask("list_executions", **params)["executions"]
        found.append({"name": machine["name"], "arn": machine["stateMachineArn"], "executions": rows})
        if not json_output:
            typer.echo(machine["name"])
            for row in rows:
                typer.echo(f"  {_row(row)}")
    if json_output:
        _print_json({"schema_version": 1, "state_machines": found})


@app.command("explain")
def explain_execution(
    execution: Annotated[str, typer.Argument(help="ARN of an execution, or its name.")],
    width: Annotated[int, typer.Option(help="Where inputs and outputs are cut.")] = 100,
    data: Annotated[bool, typer.Option(help="Show inputs and outputs.")] = True,
    mermaid_file: Annotated[Path | None, typer.Option("--mermaid", help="Draw the machine and the path here.")] = None,
    svg_file: Annotated[Path | None, typer.Option("--svg", help="Draw the machine and the path here.")] = None,
    json_output: JsonOption = False,
    endpoint_url: EndpointUrl = None,
    aws: Aws = False,
) -> None:
    """Tell what an execution did: the failure first, then every state with attempts, durations, input and output.

    Example: windtunnel explain 6f1a2b3c-execution-name --svg path.svg
    """
    from emulator.explain import Diagram, build_tree, explain_text, mermaid, svg

    client = api_client("stepfunctions", endpoint_of(endpoint_url, aws))
    arn = execution if execution.startswith("arn:") else _find(client, execution)
    described = client.ask("describe_execution", executionArn=arn)
    tree = build_tree(_events(client, arn))
    if json_output:
        kept = {name: value for name, value in described.items() if name != "ResponseMetadata"}
        _print_json({"schema_version": 1, "execution": kept, "visits": [_visit(visit) for visit in tree.visits]})
    else:
        typer.echo(explain_text(described, tree, width=width, data=data))
    if mermaid_file is None and svg_file is None:
        return
    machine = client.ask("describe_state_machine_for_execution", executionArn=arn)
    diagram = Diagram.of(json.loads(machine["definition"]), tree)
    if mermaid_file is not None:
        mermaid_file.write_text(mermaid(diagram, tree.steps))
    if svg_file is not None:
        svg_file.write_text(svg(diagram, tree.steps))


def _visit(visit: Visit) -> dict[str, Any]:
    """A visit and those inside it, as JSON; it does not say whose child it is, which its place does."""
    row = {member.name: getattr(visit, member.name) for member in fields(visit) if member.name != "parent"}
    return {**row, "children": [_visit(child) for child in visit.children]}


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, default=lambda moment: seconds_of(moment)))


def _events(client: ApiClient, arn: str) -> Iterator[Any]:
    return client.pages("get_execution_history", "events", executionArn=arn, maxResults=1000)


def _machines(client: ApiClient, wanted: str | None) -> list[Any]:
    machines = [
        machine
        for machine in client.pages("list_state_machines", "stateMachines")
        if wanted in (None, machine["name"], machine["stateMachineArn"])
    ]
    if not machines and wanted is not None:
        raise EmulatorError(
            f"there is no state machine {wanted!r}: `windtunnel executions` alone shows those that there are"
        )
    return [machine for machine in machines if wanted is not None or machine["type"] == "STANDARD"]


def _find(client: ApiClient, name: str) -> str:
    """The ARN of the newest execution of that name."""
    for machine in _machines(client, None):
        arn = machine["stateMachineArn"]
        for row in client.pages("list_executions", "executions", stateMachineArn=arn, maxResults=1000):
            if row["name"] == name:
                return str(row["executionArn"])
    raise EmulatorError(f"there is no execution {name!r}; `windtunnel executions` lists them")


def _row(row: dict[str, Any]) -> str:
    from emulator.explain.text import duration

    start = seconds_of(row["startDate"])
    took = "" if row.get("stopDate") is None else duration(seconds_of(row["stopDate"]) - start)
    began = datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{row['status']:<9} {began}  {took:>9}  {row['name']}"
