"""The command line of the load tests: `windtunnel load`, and the commands that stand beside it."""

from __future__ import annotations

import signal
import sys

import typer

from loadtests.commands import baseline, fuzz
from loadtests.commands.calibrate import calibrate
from loadtests.commands.capacity import capacity
from loadtests.commands.clean_up import clean_up
from loadtests.commands.compare import compare
from loadtests.commands.cost import cost
from loadtests.commands.doctor import doctor
from loadtests.commands.explain import explain
from loadtests.commands.gate import gate
from loadtests.commands.kubernetes import kubernetes
from loadtests.commands.limits import limits
from loadtests.commands.load import load
from loadtests.commands.prove_gate import prove_gate
from loadtests.commands.report import report
from loadtests.commands.worker import worker
from loadtests.exit_codes import EXIT_CODES, ExitCode
from loadtests.failures import LoadError

__all__ = ["app", "main"]

app = typer.Typer(
    name="load",
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog=EXIT_CODES,
)
app.callback(invoke_without_command=True, epilog=EXIT_CODES)(load)
_COMMANDS = (
    report,
    capacity,
    explain,
    gate,
    compare,
    limits,
    cost,
    calibrate,
    clean_up,
    doctor,
    prove_gate,
    worker,
    kubernetes,
)
for _command in _COMMANDS:
    app.command(_command.__name__.replace("_", "-"), epilog=EXIT_CODES)(_command)
app.add_typer(baseline.app)
app.add_typer(fuzz.app)


def main(program: str = "windtunnel load") -> None:
    """Run the command line, which its own texts call `program`; errors of our user's are one line on standard error."""
    # Whoever ends a run, it ends its processes and writes what it knows; also one that a shell started in the background, which ignores
    # SIGINT until somebody says otherwise.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.default_int_handler)
    try:
        app(prog_name=program)
    except LoadError as error:
        print(f"windtunnel: {error}", file=sys.stderr)
        raise SystemExit(int(error.exit_code)) from None
    except KeyboardInterrupt:
        raise SystemExit(int(ExitCode.INTERRUPTED)) from None
