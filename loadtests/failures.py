"""The errors that end a load run before it has a verdict.

LoadError                  the root; its message says what to do
  UsageError               what was asked for cannot be done
  EnvironmentNotReady      the target does not answer as a pipeline
  GeneratorFailed          the load generator or the collector ended on its own
"""

from __future__ import annotations

from typing import ClassVar

from loadtests.exit_codes import ExitCode

__all__ = ["EnvironmentNotReady", "GeneratorFailed", "LoadError", "UsageError"]


class LoadError(Exception):
    """A run that cannot go on. `exit_code` is what the process ends with."""

    exit_code: ClassVar[ExitCode] = ExitCode.ENVIRONMENT_NOT_READY


class UsageError(LoadError):
    """The options contradict each other or the target."""

    exit_code = ExitCode.USAGE


class EnvironmentNotReady(LoadError):
    """The target refuses or does not answer a message that it must accept."""

    exit_code = ExitCode.ENVIRONMENT_NOT_READY


class GeneratorFailed(LoadError):
    """A process of the load generator ended before its work was done."""

    exit_code = ExitCode.GENERATOR_INVALID
