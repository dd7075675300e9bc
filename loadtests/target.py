"""What a load run asks of a target, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from loadtests.failures import EnvironmentNotReady

__all__ = ["CapsLike", "Target", "output"]


class CapsLike(Protocol):
    """The caps of a target: see `emulator.targets.caps`."""

    @property
    def max_rate(self) -> float:
        """Messages a second."""

    @property
    def max_bytes(self) -> int:
        """Bytes of request bodies in all."""

    @property
    def max_duration(self) -> float:
        """Seconds from the first byte to the last start."""

    @property
    def max_cost_usd(self) -> float | None:
        """Estimated dollars; None for any."""

    @property
    def counters(self) -> str:
        """The file with what was counted of messages, which the estimate rests on."""


class Target(Protocol):
    """A deployed pipeline: where it is, how to get in, and how to reach the services that it uses."""

    @property
    def name(self) -> str:
        """What kind of target it is, for reports."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """The outputs of its stack."""

    @property
    def api_url(self) -> str | None:
        """Where its API takes messages."""

    @property
    def api_key(self) -> str | None:
        """The key for its API."""

    @property
    def control_url(self) -> str | None:
        """Where the emulator's control API is; None where there is none."""

    @property
    def process_id(self) -> int | None:
        """The root of its process tree, where that is on this machine."""

    @property
    def region(self) -> str:
        """The AWS region that it is in."""

    @property
    def account_id(self) -> str | None:
        """The AWS account, where it is one."""

    @property
    def stack_name(self) -> str:
        """The stack."""

    @property
    def caps(self) -> CapsLike | None:
        """How much may be done to it at most; None where it is ours to wear out."""

    def client(self, service: str) -> Any:
        """Return a boto3 client."""

    def to_json(self) -> Any:
        """Return all of it, for another process of this machine."""


def output(target: Target, name: str) -> str:
    """Return a stack output. Raises `EnvironmentNotReady`, which names it, when the stack has none."""
    value = target.outputs.get(name)
    if value is None:
        known = ", ".join(sorted(target.outputs)) or "none"
        raise EnvironmentNotReady(f"the stack of target {target.name} has no output {name}; its outputs: {known}")
    return value
