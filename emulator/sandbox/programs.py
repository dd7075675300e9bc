"""The programs of an environment: the runtime and the external extensions, and the variables that each of them sees."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulator.sandbox.effects import EnvironmentSpec
from emulator.sandbox.extensions_api import hidden_from_extensions
from emulator.sandbox.isolation import Command

__all__ = ["RUNTIME", "Programs"]

RUNTIME = "/runtime"
"""The runtime's name among the programs; no file in /opt/extensions can have it."""


@dataclass(frozen=True, slots=True)
class Programs:
    """What is started in an environment. `runtime` is empty where there is no bootstrap to run."""

    command: Command
    runtime: tuple[str, ...]
    extensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By name, which is the file's name in /opt/extensions."""

    @classmethod
    def of(cls, command: Command, task: Path, layers: Path | None, wrapper: str) -> Programs:
        """Look into the code's and the layers' folders of this machine. A `wrapper` is called with the runtime and must exec it."""
        inside = command.folders
        runtime = command.runtime
        if not runtime:
            runtime = _bootstrap(task, inside.task) or _bootstrap(layers, inside.layers)
        elif wrapper:
            runtime = (wrapper, *runtime)
        found: dict[str, tuple[str, ...]] = {}
        folder = None if layers is None else layers / "extensions"
        if folder is not None and folder.is_dir():
            for file in sorted(folder.iterdir()):
                if file.is_file():
                    found[file.name] = (f"{inside.layers}/extensions/{file.name}",)
        return cls(command, runtime, found)

    @property
    def may_listen(self) -> bool:
        """Whether programs other than one of Lambda's own runtimes run, which may bind ports that are written down in them."""
        return self.extensions != {} or self.runtime != self.command.runtime

    @property
    def names(self) -> tuple[str, ...]:
        """The external extensions."""
        return tuple(self.extensions)

    def variables(self, spec: EnvironmentSpec, api: str, log: int) -> dict[str, str]:
        """The runtime's variables; those that name places cannot be replaced by the function's."""
        places = self.command.variables
        return {
            **places,
            **dict(spec.variables),
            "AWS_LAMBDA_RUNTIME_API": api,
            "LAMBDA_TASK_ROOT": places["LAMBDA_TASK_ROOT"],
            "LAMBDA_RUNTIME_DIR": places["LAMBDA_RUNTIME_DIR"],
            "_LAMBDA_TELEMETRY_LOG_FD": str(log),
            "_HANDLER": spec.handler,
        }

    def for_extension(self, variables: Mapping[str, str]) -> dict[str, str]:
        """An external extension's."""
        return hidden_from_extensions(variables)

    def function_facts(self, spec: EnvironmentSpec) -> dict[str, str]:
        """What registration tells an extension about the function."""
        return {
            "functionName": spec.function_name,
            "functionVersion": spec.version,
            "handler": spec.handler,
            "accountId": spec.account_id,
        }


def _bootstrap(folder: Path | None, inside: str) -> tuple[str, ...]:
    if folder is None or not os.access(folder / "bootstrap", os.X_OK) or not (folder / "bootstrap").is_file():
        return ()
    return (f"{inside}/bootstrap",)
