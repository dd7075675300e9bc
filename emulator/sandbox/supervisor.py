"""The small shell that stays alive in an environment while its programs come and go, so that /tmp outlives a crash.

It reads commands from its standard input, one a line, and reports on its standard output:

    start NAME PID     a program was started; PID as seen inside the environment
    exit NAME STATUS   it ended; the shell's status, 128 + n for signal n

It is a shell because every environment has one, it starts in a millisecond and takes a megabyte.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

__all__ = ["SCRIPT", "launch_line"]

SCRIPT = """exec 2>/dev/null
ulimit -n 1024
nl='
'
while IFS= read -r line; do eval "$line"; done"""
"""1,024 file descriptors are Lambda's limit (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), unless the host's
is lower. A value with a newline comes as `$nl`, so that a command stays one line."""


def launch_line(name: str, argv: Sequence[str], variables: Mapping[str, str], output: int, folder: str) -> str:
    """The command that starts a program with exactly these variables, writing to descriptor `output`, in `folder`."""
    given = " ".join(f"{key}={_quoted(value)}" for key, value in variables.items())
    words = " ".join(map(_quoted, argv))
    sink = f"/dev/fd/{output}"
    # Its own subshell keeps what the waiting shell says of a signal out of the log.
    run = f"cd {_quoted(folder)}; (exec env -i PWD={_quoted(folder)} {given} {words} </dev/null >>{sink} 2>>{sink})"
    # A program that cannot be executed says so in the log, through env's message.
    return f"({run}; echo exit {_quoted(name)} $?) & echo start {_quoted(name)} $!\n"


def _quoted(text: str) -> str:
    return '"$nl"'.join(shlex.quote(part) for part in text.split("\n"))
