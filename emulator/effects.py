"""What a service may ask of the engine: a dozen frozen values, and nothing else leaves a service.

A *process* is a generator that yields effects and is resumed with their results; an effect that fails raises into the generator.

    result = yield Call("sqs", "SendMessage", {...})      # another service's operation, as a client would call it
    yield Sleep(30.0)                                     # seconds on the engine's clock
    results = yield All((branch_a(), branch_b()))         # all of them; the first failure cancels the rest and is raised
    index, value = yield Race((work(), deadline()))       # the first to finish; the rest are cancelled
    result = yield Shield(work())                         # goes on even if we are cancelled
    woken = yield WaitFor(("sqs", queue_arn), 20.0)       # True when notified, False after the seconds
    yield Notify(("sqs", queue_arn))                      # wakes every process that waits for the topic
    task = yield Spawn("execution x", lambda: run(x))     # goes on by itself; the result is its Task
    yield Cancel(task)
    now = yield Now()
    yield Record("lambda", "START", ...)                  # one line in the journal
    value = yield SomeExternal(...)                       # work outside: sandbox, cache, HTTP, bridge (see External)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.value import value

__all__ = [
    "All",
    "Call",
    "Cancel",
    "Effect",
    "External",
    "Notify",
    "Now",
    "Process",
    "Race",
    "Record",
    "Shield",
    "Sleep",
    "Spawn",
    "WaitFor",
]


class Effect:
    """Base of all effects; a marker only."""

    __slots__ = ()


Process = Generator[Effect, Any, Any]
"""A generator that yields effects; its return value is its result."""


@value
class Call(Effect):
    """Call an operation of a service, through the same dispatch, faults and journal as a client's call.

    `principal` is who calls: an ARN or a service principal such as `states.amazonaws.com`; empty inherits the caller's. The result is the
    operation's output as botocore's model shapes it (bytes for a streaming or blob member); an AwsError is raised into the process.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    principal: str = ""
    trace_id: str = ""
    source_arn: str = ""
    """The resource on whose behalf a service principal calls: `aws:SourceArn` in a resource policy."""


@dataclass(frozen=True, slots=True)
class Sleep(Effect):
    """Resume after `seconds` on the engine's clock (not handler time)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now(Effect):
    """The engine's time, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class All(Effect):
    """Run the processes side by side; the list of their results, in their order. The first failure cancels the others."""

    processes: tuple[Process, ...]


@dataclass(frozen=True, slots=True)
class Race(Effect):
    """Run the processes side by side until the first ends: `(index, result)`. The others are cancelled."""

    processes: tuple[Process, ...]


@value
class Shield(Effect):
    """Run a process to its end whatever becomes of the one that waits for it: its result, or the error that it raised.

    For work that others' bookkeeping hangs on: a function goes on when the caller has hung up. It starts at once, unlike a Spawn.
    """

    process: Process


@value
class WaitFor(Effect):
    """Wait until `topic` is notified: True, or False when `timeout_seconds` passed first (None waits for ever).

    A notification is an edge, not a level: check your condition before you wait, and again when you are woken.
    """

    topic: Hashable
    timeout_seconds: float | None = None


@value
class Notify(Effect):
    """Wake every process that waits for `topic`, in the order in which they began to wait."""

    topic: Hashable


@value
class Spawn(Effect):
    """Start a process of its own; the result is its task (see `emulator.engine.task.Task`).

    `start` makes the generator, so that a delivery can be made more than once. `delivery` marks what AWS promises *at least once*
    (a message to a subscriber, an asynchronous invoke, an event to a target): the delivery policy may delay, reorder or repeat it.
    Deliveries with the same `order_key` keep their order and are never overtaken by each other. A process whose failure nobody awaits
    is journaled as `failed`.
    """

    name: str
    start: Callable[[], Process]
    delivery: bool = False
    order_key: str | None = None
    trace_id: str = ""
    background: bool = False
    """It may wait a moment for clients' requests that are under way: what AWS does later, on other machines than the caller's."""


@dataclass(frozen=True, slots=True)
class Cancel(Effect):
    """Stop a spawned task: its generator is closed (`finally` blocks run; effects yielded there are refused)."""

    task: Any


@value
class Record(Effect):
    """Add an entry to the journal. Keep `detail` small: sizes and names, never bodies."""

    service: str
    kind: str
    resource: str = ""
    outcome: str = "ok"
    detail: Mapping[str, Any] = field(default_factory=dict)


class External(Effect):
    """Base of effects that leave the engine: each subclass is a frozen dataclass with one performer registered for it.

    The performer alone touches sockets, processes or threads. While any external effect is in flight, virtual time stands still.
    """

    __slots__ = ()
