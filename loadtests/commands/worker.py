"""`windtunnel load worker`: a process that sends its part of a load for a master elsewhere."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from loadtests.commands.load import parse_listen
from loadtests.failures import UsageError
from loadtests.launcher import generator_environment, worker_command

__all__ = ["worker"]


def worker(
    master: Annotated[str, typer.Option(help="HOST:PORT where `windtunnel load --listen` waits.")],
    url: Annotated[
        str | None, typer.Option(help="Where messages go. Default: WINDTUNNEL_LOAD_URL.", envvar="WINDTUNNEL_LOAD_URL")
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            help="The API's key; better in WINDTUNNEL_LOAD_API_KEY.",
            envvar="WINDTUNNEL_LOAD_API_KEY",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Send part of a load for a master elsewhere: join it, get the plan, wait for all others, and send.

    Example: windtunnel load worker --master load-master:5557 --url https://abc.execute-api.us-east-1.amazonaws.com/Prod/ingestMessage
    """
    if url is None or api_key is None:
        raise UsageError(
            "a worker needs to know where messages go: set WINDTUNNEL_LOAD_URL and WINDTUNNEL_LOAD_API_KEY"
        )
    command = worker_command(parse_listen(master))
    os.execve(command[0], command, generator_environment(url, api_key))  # noqa: S606 - the same process goes on as Locust
