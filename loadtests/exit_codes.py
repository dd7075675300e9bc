"""What the exit code of a load run means. A report is always written before a run exits."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

__all__ = ["EXIT_CODES", "ExitCode", "worst"]


EXIT_CODES = (
    "Exit codes: 0 ok; 1 a message was lost, duplicated, corrupt or lied about; 2 usage; 3 a threshold or budget was crossed; "
    "4 regression; 5 inconclusive: too few messages for a threshold's percentile, or, with --strict, a gate that could not tell; "
    "6 target not ready; 7 generator invalid: the figures mean nothing; 130 interrupted. Reports are written before any of them."
)


class ExitCode(IntEnum):
    """One code for each way to end, so that a CI job can tell a lost message from a busy machine."""

    OK = 0
    FUNCTIONAL_FAILURE = 1
    USAGE = 2
    THRESHOLD = 3
    REGRESSION = 4
    INCONCLUSIVE = 5
    ENVIRONMENT_NOT_READY = 6
    GENERATOR_INVALID = 7
    INTERRUPTED = 130


# A lost message stays lost however late the generator was; a threshold that an invalid generator crossed means nothing.
_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.ENVIRONMENT_NOT_READY,
    ExitCode.FUNCTIONAL_FAILURE,
    ExitCode.GENERATOR_INVALID,
    ExitCode.REGRESSION,
    ExitCode.THRESHOLD,
    ExitCode.INCONCLUSIVE,
    ExitCode.OK,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that says most about a run that has all of these; `OK` for none."""
    return min(codes, key=_PRECEDENCE.index, default=ExitCode.OK)
