"""The command line: `windtunnel up`, `windtunnel load`, `windtunnel doctor`, and what stands beside them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from emulator.config import EmulatorConfig
from emulator.errors import EmulatorError
from emulator.explain.commands import app as execution_commands
from emulator.explain.commands import executions
from emulator.log_command import logs
from emulator.version_command import show_version

__all__ = ["main"]

app = typer.Typer(
    name="windtunnel",
    help="A wind tunnel for serverless pipelines: your SAM template, unmodified, on this machine; real load through it; a verdict.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


_RUN, _JUDGE, _LOOK, _PLAN = "Run", "Judge", "Look", "Plan, and keep house"


@app.callback(
    epilog="Start with `windtunnel up --template FILE`, or with `windtunnel load`. Every command tells more with --help."
)
def _options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what the emulator logs.")] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )


@app.command(rich_help_panel=_RUN)
def up(
    template: Annotated[
        list[Path] | None,
        typer.Option("--template", "-t", help="Template to deploy; repeat for several. None: an empty account."),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve on; 0 takes a free one. Default 4566.")] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to bind. Default 127.0.0.1; anything else is open to your network.")
    ] = None,
    stack_name: Annotated[str | None, typer.Option(help="Name of the stack; default: the template's folder.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="Template parameter, Name=Value; repeat.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Region to play. Default us-east-1.")] = None,
    clock: Annotated[str | None, typer.Option(help="wall, or virtual (time moves when told to).")] = None,
    auto_advance: Annotated[
        bool, typer.Option(help="Virtual clock: jump ahead whenever nothing is in flight.")
    ] = False,
    delivery: Annotated[
        str | None, typer.Option(help="polite (once, in order) or contract (at least once, as AWS may).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of ids, delivery order and faults.")] = None,
    max_environments: Annotated[int | None, typer.Option(help="Most function environments on this machine.")] = None,
    redis_url: Annotated[str | None, typer.Option(help="Use this Redis or Valkey for ElastiCache endpoints.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Stream the journal to this file (NDJSON).")] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write endpoint, outputs, ... here as JSON once ready.")
    ] = None,
    detach: Annotated[
        bool,
        typer.Option(help="Keep serving when the process that started this one ends (a background service in CI)."),
    ] = False,
) -> None:
    """Serve the emulator, deploy templates into it, and print how to reach them. Ctrl-C stops it and cleans up.

    Example: windtunnel up --template system/audit_ingest/template.yaml

    Then, in another shell: export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    AWS_REGION=us-east-1, and use aws, boto3, sam or curl as you would with AWS.
    """
    from emulator.serve import Deployment, serve

    parameters = dict(_name_value(item) for item in parameter or ())
    deployments = []
    for path in template or ():
        if not path.is_file():
            raise EmulatorError(f"there is no template {path}: give the path of a SAM or CloudFormation template")
        name = stack_name if stack_name is not None and len(template or ()) == 1 else _stack_name_of(path)
        deployments.append(Deployment(path.resolve(), name, parameters))
    config = EmulatorConfig.from_env(
        os.environ,
        host=host,
        port=port,
        region=region,
        clock=clock,
        auto_advance=auto_advance or None,
        delivery=delivery,
        seed=seed,
        max_environments=max_environments,
        redis_url=redis_url,
        journal_file=journal,
    )
    parent = None if detach else os.getppid()
    asyncio.run(
        serve(config, tuple(deployments), announce=_announce, progress=_progress, ready_file=ready_file, parent=parent)
    )


@app.command(
    rich_help_panel=_RUN,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def load(context: typer.Context) -> None:
    """Push real load through a pipeline and give a verdict. Needs the extra 'load', as do all below that judge or plan."""
    _load_tests("windtunnel load", list(context.args))


def _load_tests(program: str, arguments: list[str]) -> None:
    try:
        from loadtests.__main__ import main as load_main
    except ImportError as error:
        raise EmulatorError(f"load tests need more packages ({error.name}): pip install 'windtunnel[load]'") from error
    sys.argv = [program, *arguments]
    load_main(program)


def _mount(name: str, summary: str, panel: str) -> None:
    """Add a command of the load tests, which reads its own options; nothing of it is imported before it is asked for."""

    def run(context: typer.Context) -> None:
        _load_tests("windtunnel", [name, *context.args])

    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    app.command(name, help=summary, context_settings=settings, rich_help_panel=panel)(run)


for _name, _summary, _panel in (
    ("gate", "Hold this tree against a committed baseline and, with --base, against another tree.", _JUDGE),
    ("baseline", "Save, list and show what was agreed that a message costs.", _JUDGE),
    ("fuzz", "Look for messages and troubles after which a pipeline breaks its promise; play them again.", _JUDGE),
    ("calibrate", "Measure the noise of this machine, and so the smallest change that a gate would see.", _JUDGE),
    ("compare", "Show two finished runs side by side.", _JUDGE),
    ("report", "Make the reports of a finished run again, from its message log.", _LOOK),
    ("limits", "Tell for a message size which hop of a pipeline refuses it, and how close each one is.", _PLAN),
    ("cost", "Estimate what messages cost on AWS: counted calls times a versioned file of list prices.", _PLAN),
    ("clean-up", "Delete exactly what a run wrote to a deployed stack; without --yes, list it.", _PLAN),
):
    _mount(_name, _summary, _panel)

app.command(rich_help_panel=_LOOK)(executions)
app.command(rich_help_panel=_LOOK)(logs)
app.command("version", rich_help_panel=_PLAN)(show_version)


@app.command(
    rich_help_panel=_LOOK,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def explain(context: typer.Context) -> None:
    """Tell what became of a message of a run (its id, key or trace) or of an execution (its ARN or name), what is missing first."""
    arguments = list(context.args)
    if not arguments or "--help" in arguments:
        typer.echo("A message of a run below reports/:")
        with contextlib.suppress(SystemExit):
            _load_tests("windtunnel", ["explain", "--help"])
        typer.echo("An execution of a state machine:")
        execution_commands(["explain", "--help"], prog_name="windtunnel")
    elif _names_a_message(arguments):
        _load_tests("windtunnel", ["explain", *arguments])
    else:
        execution_commands(["explain", *arguments], prog_name="windtunnel")


def _names_a_message(arguments: list[str]) -> bool:
    """Whether a run is named, or the newest runs here know such a message; else it must be an execution."""
    if any(word.partition("=")[0] in ("--run", "--reports") for word in arguments):
        return True
    names = [f'"{word}"'.encode() for word in arguments if not word.startswith(("-", "arn:"))]
    return any(name in log.read_bytes() for log in Path("reports").glob("*/messages.ndjson") for name in names)


@app.command(rich_help_panel=_PLAN, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def doctor(
    context: typer.Context,
    target: Annotated[
        str | None,
        typer.Option(
            help="aws: check what a run on a deployed stack needs instead (with --stack, --region, --config, --json)."
        ),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check what this machine offers: sandbox, interpreters, cache server, and what is lost without them. Ends with 1 where something is.

    Example: windtunnel doctor; for a deployed stack: windtunnel doctor --target aws --stack audit-ingest-staging
    """
    from emulator.doctor import findings

    if target is not None:
        _load_tests("windtunnel", ["doctor", "--target", target, *context.args, *(["--json"] if json_output else [])])
    if context.args:
        raise EmulatorError(f"doctor knows no {context.args[0]}; for a deployed stack add --target aws")

    found = list(findings(os.environ))
    lost = sum(not finding.good for finding in found)
    if json_output:
        rows = [dataclasses.asdict(finding) for finding in found]
        typer.echo(json.dumps({"schema_version": 1, "ready": lost == 0, "findings": rows}, indent=2))
        raise typer.Exit(1 if lost else 0)
    for finding in found:
        mark = typer.style("ok  ", fg="green") if finding.good else typer.style("lost", fg="red")
        typer.echo(f"{mark} {finding.subject}: {finding.detail}")
        if finding.advice:
            typer.echo(f"     {finding.advice}")
    raise typer.Exit(1 if lost else 0)


def _announce(info: Any) -> None:
    lines = [f"Windtunnel is ready at {info['endpoint_url']} (region {info['region']}, seed {info['seed']})"]
    for name, stack in info["stacks"].items():
        lines.append(f"  stack {name}")
        lines.extend(f"    {key:<32} {value}" for key, value in stack["outputs"].items())
        lines.extend(f"    {'API URL':<32} {url}" for url in stack.get("api_urls", ()))
        lines.extend(f"    {'Function URL':<32} {url}" for url in stack.get("function_urls", ()))
        lines.extend(f"    {'Website URL':<32} {url}" for url in stack.get("website_urls", ()))
        lines.extend(f"    {'API key':<32} {key}" for key in stack.get("api_keys", ()))
    lines.append(
        f"  export AWS_ENDPOINT_URL={info['endpoint_url']} AWS_ACCESS_KEY_ID={info['access_key_id']} "
        f"AWS_SECRET_ACCESS_KEY={info['secret_access_key']} AWS_REGION={info['region']} AWS_DISABLE_HOST_PREFIX_INJECTION=true"
    )
    _say("\n".join(lines), sys.stdout)


def _progress(line: str) -> None:
    _say(line, sys.stderr)


def _say(text: str, stream: TextIO) -> None:
    """Print, as long as somebody listens: whoever started us may have closed the pipe, and the clean-up must go on."""
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _stack_name_of(template: Path) -> str:
    name = "".join(letter if letter.isalnum() else "-" for letter in template.resolve().parent.name).strip("-")
    return name or "stack"


def _name_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise EmulatorError(f"--parameter {text!r} is not Name=Value")
    return name, value


def main() -> None:
    """Entry point: errors of our user's are one line on standard error and exit code 2."""
    try:
        app(prog_name="windtunnel")
    except EmulatorError as error:
        typer.secho(f"windtunnel: {error}", fg="red", err=True)
        raise SystemExit(2) from None
