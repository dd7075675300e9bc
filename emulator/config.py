"""All settings of an emulator as one frozen value, made once at the edge; everything below gets values, never the environment.

Each setting has a `WINDTUNNEL_` variable of its name in capitals: `WINDTUNNEL_PORT`, `WINDTUNNEL_SEED`, ... The command line wins.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from emulator.errors import EmulatorError

__all__ = ["EmulatorConfig"]

ClockKind = Literal["wall", "virtual"]
DeliveryKind = Literal["polite", "contract"]

PREFIX = "WINDTUNNEL_"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorConfig:
    """Settings of one emulator."""

    host: str = "127.0.0.1"
    """Address to bind. Loopback by default: function code and credentials are not for the network."""
    port: int = 4566
    """Port of the one HTTP front; 0 takes a free one."""
    region: str = "us-east-1"
    account_id: str = "000000000000"
    seed: int | None = None
    """Seed of identifiers, delivery order and faults; None draws one, which is printed."""
    clock: ClockKind = "wall"
    auto_advance: bool = False
    """Virtual clock only: jump to the next deadline whenever nothing is in flight."""
    delivery: DeliveryKind = "polite"
    """`polite` delivers once and in order; `contract` does what AWS is allowed to do."""
    max_environments: int | None = None
    """Bound of function environments on this machine; None derives it from cores and memory."""
    plain_processes: bool = False
    """Run functions without a sandbox even where one is possible."""
    cache_dir: Path | None = None
    """Content-addressed cache of installed requirements; None is the user's cache folder."""
    redis_url: str | None = None
    """A running Redis or Valkey to use for ElastiCache endpoints instead of starting one."""
    journal_file: Path | None = None
    """Stream the journal to this file as NDJSON."""
    journal_entries: int = 200_000
    """Entries of the journal that are kept in memory; the oldest make room."""
    closed_executions: int = 20_000
    """Executions of Step Functions that can be read after their end; the oldest make room, also those of AWS's ninety days."""
    log_group_bytes: int = 67_108_864
    """Memory for the events of one log group; the oldest make room."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str], **overrides: Any) -> EmulatorConfig:
        """Settings from the environment; `overrides` that are not None win. Raises EmulatorError on a value that does not fit."""
        hints = get_type_hints(cls)
        values: dict[str, Any] = {}
        for field in fields(cls):
            text = environ.get(PREFIX + field.name.upper())
            if text is not None and text != "":
                values[field.name] = _parse(PREFIX + field.name.upper(), text, hints[field.name])
        values.update({name: value for name, value in overrides.items() if value is not None})
        return cls(**values)

    def resolved_cache_dir(self) -> Path:
        """The cache folder in force."""
        if self.cache_dir is not None:
            return self.cache_dir
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        return Path(base) / "windtunnel"


def _parse(name: str, text: str, kind: Any) -> Any:
    options = [option for option in get_args(kind) if option is not type(None)]
    if options and all(isinstance(option, str) for option in options):
        if text not in options:
            raise EmulatorError(f"{name}={text!r} is none of {', '.join(options)}")
        return text
    target = options[0] if options else kind
    if target is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise EmulatorError(f"{name}={text!r} is neither true nor false")
    try:
        return target(text)
    except ValueError as error:
        raise EmulatorError(f"{name}={text!r} is no {target.__name__}") from error
