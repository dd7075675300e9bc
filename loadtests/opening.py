"""Getting a target to push against: one that is started for the run, or one that already stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadtests.failures import EnvironmentNotReady, UsageError
from loadtests.target import Target

__all__ = ["AWS", "DEFAULT_TEMPLATE", "EMBEDDED", "Staging", "open_target"]

DEFAULT_TEMPLATE = Path("system/audit_ingest/template.yaml")
EMBEDDED = "embedded"
ENVIRONMENT = "environment"
AWS = "aws"


@dataclass(frozen=True, slots=True)
class Staging:
    """Where the settings of a deployed stack come from: a file (None: `windtunnel.toml`), and options that go before it."""

    config: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        """Whether anything was asked for that only a deployed stack knows."""
        return self.config is not None or any(value is not None for value in self.options.values())


@contextmanager
def open_target(name: str, template: Path, staging: Staging | None = None) -> Iterator[Target]:
    """Yield the target called `name` for the length of the block.

    `embedded` starts the emulator in a process of its own and deploys `template`; `aws` is a deployed stack; `environment` is the target
    that the environment's variables describe; anything else is a file with a target's JSON.
    Raises `UsageError` or `EnvironmentNotReady`.
    """
    from emulator.errors import EmulatorError
    from emulator.targets import EmbeddedTarget, aws_target, read_settings
    from emulator.targets import Target as AnyTarget
    from emulator.targets.staging_settings import SettingsError

    if staging is not None and staging.named and name != AWS:
        raise UsageError(f"--stack, --config, --region and the caps are for a deployed stack: add --target {AWS}")
    try:
        if name == EMBEDDED:
            if not template.is_file():
                raise UsageError(
                    f"there is no template {template}: run from the repository, or name one with --template"
                )
            with EmbeddedTarget.start(template=template) as target:
                yield target
        elif name == ENVIRONMENT:
            yield AnyTarget.from_environment()
        elif name == AWS:
            if staging is None:
                raise UsageError("this command wears a pipeline out, and is not for a deployed one: use embedded")
            yield aws_target(settings=read_settings(staging.options, path=staging.config))
        elif Path(name).is_file():
            yield AnyTarget.from_json(Path(name).read_text())
        else:
            raise UsageError(f"no target {name!r}: {EMBEDDED}, {AWS}, {ENVIRONMENT}, or a file with a target's JSON")
    except SettingsError as error:
        raise UsageError(str(error)) from error
    except EmulatorError as error:
        raise EnvironmentNotReady(str(error)) from error
