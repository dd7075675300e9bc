"""Steps: everything that a fuzzed run does to a pipeline, as small values that an event file keeps word for word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from fixtures.incoming import Draft
from loadtests.failures import UsageError

__all__ = [
    "Jump",
    "Redis",
    "Redrive",
    "Relief",
    "Resend",
    "Reuse",
    "Send",
    "Step",
    "Trouble",
    "Workflow",
    "step_from_json",
    "step_to_json",
]


@dataclass(frozen=True, slots=True)
class Send:
    """A new message through the API."""

    do: ClassVar[str] = "send"
    draft: Draft = field(default_factory=Draft)


@dataclass(frozen=True, slots=True)
class Resend:
    """A message under the transaction id of an earlier one (`of` counts them, round and round): its body, or that of `draft`."""

    do: ClassVar[str] = "resend"
    of: int = 0
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Redrive:
    """A salvaged message given to the ingest function again, as the pipeline's own command does.

    `keep` leaves its record in the bucket, as a command that dies before it deletes it; the next one drives it again.
    """

    do: ClassVar[str] = "redrive"
    of: int = 0
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Reuse:
    """The id of an accepted message (`of` counts them) re-driven with another body, which must be refused."""

    do: ClassVar[str] = "reuse"
    of: int = 0
    size: int = 3


@dataclass(frozen=True, slots=True)
class Redis:
    """`restart` (connections break, data stays), `restart empty` (data is gone), `down`, `up`."""

    do: ClassVar[str] = "redis"
    what: str = "restart"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of the table in `troubles`, for `times` calls (None: until there is relief)."""

    do: ClassVar[str] = "trouble"
    name: str
    times: int | None = 1


@dataclass(frozen=True, slots=True)
class Relief:
    """All faults are lifted."""

    do: ClassVar[str] = "relief"


@dataclass(frozen=True, slots=True)
class Jump:
    """The clock jumps; what is due on the way happens in its order."""

    do: ClassVar[str] = "jump"
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Workflow:
    """The workflow started past the API, with an internal message: `payload missing`, or one of `size` bytes (`oversized` where
    that is more than Step Functions takes)."""

    do: ClassVar[str] = "workflow"
    size: int = 1_000
    seed: int = 0


Step = Send | Resend | Redrive | Reuse | Redis | Trouble | Relief | Jump | Workflow
_KINDS: dict[str, type[Step]] = {
    kind.do: kind for kind in (Send, Resend, Redrive, Reuse, Redis, Trouble, Relief, Jump, Workflow)
}


def step_to_json(step: Step) -> dict[str, Any]:
    """A step for an event file."""
    members = {item.name: getattr(step, item.name) for item in fields(step)}
    return {
        "do": step.do,
        **{name: value.to_json() if isinstance(value, Draft) else value for name, value in members.items()},
    }


def step_from_json(value: Mapping[str, Any]) -> Step:
    """The step that `step_to_json` wrote. Raises `UsageError`, which says what is wrong with it."""
    members = dict(value)
    kind = _KINDS.get(str(members.pop("do", "")))
    if kind is None:
        raise UsageError(f"there is no step {value.get('do')!r}: steps are {', '.join(_KINDS)}")
    try:
        draft = members.get("draft")
        if draft is not None:
            members["draft"] = Draft(**draft)
        return kind(**members)
    except TypeError as error:
        raise UsageError(f"step {value!r}: {error}") from None
