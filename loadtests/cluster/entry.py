"""The entry point of the image: an operator starts it as it would start Locust, and it becomes a run or a worker.

    ... --master --expect-workers=4 ...    the run: probe, collector, master of 4 workers, drain, verdict, reports
    ... --worker --master-host=NAME ...    a worker of it

| variable | for |
|---|---|
| `WINDTUNNEL_TARGET` | the target as JSON, credentials included: from a Secret; the master alone |
| `WINDTUNNEL_LOAD_URL`, `WINDTUNNEL_LOAD_API_KEY` | where messages go, and the key: from a Secret; workers |
| `WINDTUNNEL_LOAD_WORKERS` | how many workers, where the operator does not say it |
| `WINDTUNNEL_LOAD_REPORTS` | where reports go; default /reports |
| `WINDTUNNEL_LOAD_OPTIONS` | further options of `windtunnel load` |
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence

__all__ = ["command_of", "main"]

_PORT = 5557


def command_of(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the arguments of `python -m loadtests` for the arguments that an operator gives to Locust.

    What Locust alone understands (`--autostart`, `--only-summary`, ...) is left out. Raises `SystemExit` where it is neither.
    """
    parser = argparse.ArgumentParser(prog="windtunnel-load", allow_abbrev=False)
    role = parser.add_mutually_exclusive_group(required=True)
    role.add_argument("--master", action="store_true")
    role.add_argument("--worker", action="store_true")
    parser.add_argument("--master-host", default="127.0.0.1")
    parser.add_argument("--master-port", "--master-bind-port", type=int, default=_PORT)
    parser.add_argument("--expect-workers", type=int, default=int(environment.get("WINDTUNNEL_LOAD_WORKERS", "1")))
    known, _ = parser.parse_known_args(list(arguments))
    if known.worker:
        return ["worker", "--master", f"{known.master_host}:{known.master_port}"]
    options = shlex.split(environment.get("WINDTUNNEL_LOAD_OPTIONS", ""))
    command = ["--target", "environment", "--no-floor"]
    command += ["--reports", environment.get("WINDTUNNEL_LOAD_REPORTS", "/reports")]
    # One worker from elsewhere is a worker all the same.
    command += ["--workers", str(known.expect_workers), "--listen", f"0.0.0.0:{known.master_port}"]
    return [*command, *options]


def main() -> None:
    """Go on as the load tests' own command line."""
    command = [sys.executable, "-m", "loadtests", *command_of(sys.argv[1:], os.environ)]
    os.execv(command[0], command)  # noqa: S606 - the same process goes on


if __name__ == "__main__":
    main()
