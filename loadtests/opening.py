"""Getting a target to push against: one that is started for the run, or one that already stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loadtests.failures import EnvironmentNotReady, UsageError
from loadtests.target import Target

__all__ = ["DEFAULT_TEMPLATE", "open_target"]

DEFAULT_TEMPLATE = Path("system/audit_ingest/template.yaml")
EMBEDDED = "embedded"
ENVIRONMENT = "environment"


@contextmanager
def open_target(name: str, template: Path) -> Iterator[Target]:
    """Yield the target called `name` for the length of the block.

    `embedded` starts the emulator in a process of its own and deploys `template`; `environment` is the target that the
    environment's variables describe; anything else is a file with a target's JSON.
    Raises `UsageError` or `EnvironmentNotReady`.
    """
    from emulator.errors import EmulatorError
    from emulator.targets import EmbeddedTarget
    from emulator.targets import Target as AnyTarget

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
        elif Path(name).is_file():
            yield AnyTarget.from_json(Path(name).read_text())
        else:
            raise UsageError(f"no target {name!r}: {EMBEDDED}, {ENVIRONMENT}, or a file with a target's JSON")
    except EmulatorError as error:
        raise EnvironmentNotReady(str(error)) from error
