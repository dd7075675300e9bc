"""The walk of one message through a pipeline: what it is at each hop, and how that compares with what the hop takes.

Where a function's code decides what it hands on, nobody can know the size from a template. Such a hop is `code`: fine where the code passes
on a pointer (a claim check), refused where it passes on the whole message. Counters of real messages settle it.
https://docs.aws.amazon.com/prescriptive-guidance/latest/cloud-design-patterns/claim-check.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from emulator.limits.ceilings import Profile, ceiling_of
from emulator.limits.edges import Carrier, Edge, edges_of
from emulator.limits.envelopes import arriving, how
from emulator.limits.message import Message, Text
from emulator.limits.template_view import TemplateView

__all__ = ["Assessment", "Hop", "Measured", "Status", "assess", "largest"]

NEAR = 0.8
"""From this share of its limit on a hop is near it."""
_POINTER_SHARE = 0.1
"""A call whose average size is below this share of the messages' average carries no message."""
_STORES = ("AWS::S3::Bucket", "AWS::EFS::FileSystem")


class Status(StrEnum):
    """What a hop says to a message."""

    OK = "ok"
    NEAR = "near"
    REFUSED = "refused"
    CODE = "code"
    """It depends on the function's code: a pointer passes, the whole message does not."""
    UNKNOWN = "unknown"
    """This profile knows no limit of the target."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What counted messages were: their average body, and the average size of a call by hop target or operation."""

    name: str
    body_bytes: float
    sizes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop. `size_bytes` is None where it is not known, and no more than a bound where `at_most`; `share` is the size over the limit."""

    source: str
    target: str
    operation: str
    status: Status
    size_bytes: int | None
    limit_bytes: int | None
    share: float | None
    at_most: bool
    basis: str
    error: str
    doc: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """All hops of a message, in the order in which it passes them."""

    message_bytes: int
    hops: tuple[Hop, ...]

    @property
    def refused(self) -> Hop | None:
        """The first hop that refuses the message."""
        return next((hop for hop in self.hops if hop.status is Status.REFUSED), None)

    @property
    def undecided(self) -> tuple[Hop, ...]:
        """The hops that a template cannot decide."""
        return tuple(hop for hop in self.hops if hop.status in (Status.CODE, Status.UNKNOWN))

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        refused = self.refused
        return {
            "message_bytes": self.message_bytes,
            "refused_by": None if refused is None else f"{refused.source or 'sender'} -> {refused.target}",
            "hops": [asdict(hop) for hop in self.hops],
        }


@dataclass(frozen=True, slots=True)
class _Load:
    """What a resource was handed: a text, or at most so many bytes of one that is not known."""

    text: Text
    bounded: bool = False
    why: str = ""


class _Walk:
    def __init__(
        self, view: TemplateView, edges: Sequence[Edge], message: Message, profile: Profile, measured: Measured | None
    ) -> None:
        self._view = view
        self._edges = edges
        self._message = message
        self._profile = profile
        self._measured = measured
        self.hops: dict[tuple[str, str, str], Hop] = {}

    def run(self) -> Assessment:
        message = _Load(self._message.body)
        queue = [(edge, message) for edge in self._edges if edge.source == ""]
        entered = {edge.target for edge in self._edges}
        if not queue:
            roots = dict.fromkeys(edge.source for edge in self._edges if edge.source and edge.source not in entered)
            queue = [(edge, message) for edge in self._edges if edge.source in roots]
        walked: set[Edge] = set()
        while queue:
            edge, load = queue.pop(0)
            if edge in walked:
                continue
            walked.add(edge)
            passed = self._hop(edge, load)
            queue += [(following, passed) for following in self._edges if following.source == edge.target]
        return Assessment(self._message.body.size_bytes, tuple(self.hops.values()))

    def _hop(self, edge: Edge, load: _Load) -> _Load:
        """Write a hop down, and return what its target was handed."""
        if edge.carrier is Carrier.CODE:
            return self._code(edge)
        text = arriving(self._view, edge, load.text, self._message)
        bounded = load.bounded and edge.carrier is not Carrier.POINTER
        ceiling = ceiling_of(self._view, edge, self._profile)
        if bounded and ceiling is not None and text.size_bytes > ceiling.limit_bytes:
            measured = self._measured_at(edge)
            if measured is None:
                self._write(edge, Status.CODE, None, f"{how(self._view, edge, self._message)}: {load.why}")
                return _Load(Text(ceiling.limit_bytes), True, load.why)
            text, bounded = Text(round(measured)), False
        if bounded:
            measured = self._measured_at(edge)
            basis = load.why if measured is None else self._counted(measured)
            self._write(
                edge, None, text.size_bytes if measured is None else round(measured), basis, at_most=measured is None
            )
            return _Load(text, True, load.why)
        self._write(edge, None, text.size_bytes, how(self._view, edge, self._message))
        if ceiling is not None and text.size_bytes > ceiling.limit_bytes:
            return _Load(Text(ceiling.limit_bytes), True, f"not more than {edge.target} lets through")
        return _Load(text)

    def _code(self, edge: Edge) -> _Load:
        """A function may hand on the whole message, or only say where it is."""
        ceiling = ceiling_of(self._view, edge, self._profile)
        whole = self._message.body
        target = self._view.resources[edge.target]
        if ceiling is None:
            self._write(edge, Status.UNKNOWN, whole.size_bytes, "built in code; this profile knows no limit of it")
            return _Load(whole)
        measured = self._measured_at(edge)
        if measured is not None and measured < _POINTER_SHARE * (self._measured.body_bytes if self._measured else 0.0):
            self._write(edge, None, round(measured), self._counted(measured))
            return _Load(Text(ceiling.limit_bytes), True, f"a pointer: {self._counted(measured)}")
        is_store = target.type in _STORES or target.type.startswith("AWS::ElastiCache::")
        if is_store or whole.size_bytes <= ceiling.limit_bytes:
            self._write(edge, None, whole.size_bytes, "built in code: taken as the whole message")
            return _Load(whole)
        stores = self._stores(edge.source)
        hint = (
            f"{edge.source} can keep it in {' or '.join(stores)}"
            if stores
            else "and no store to keep it in is in reach"
        )
        share = whole.size_bytes / ceiling.limit_bytes
        self._write(
            edge, Status.CODE, None, f"built in code: whole it is {share:.0%} of the limit, a pointer fits; {hint}"
        )
        return _Load(Text(ceiling.limit_bytes), True, f"not more than {edge.target} lets through")

    def _stores(self, function: str) -> list[str]:
        """Where a function may put a message whole."""
        found = [
            edge.target
            for edge in self._edges
            if edge.source == function
            and (
                self._view.resources[edge.target].type in _STORES
                or self._view.resources[edge.target].type.startswith("AWS::ElastiCache::")
            )
        ]
        return list(dict.fromkeys(found))

    def _measured_at(self, edge: Edge) -> float | None:
        if self._measured is None:
            return None
        return self._measured.sizes.get(f"invocation/{edge.target}", self._measured.sizes.get(edge.operation))

    def _counted(self, size: float) -> str:
        assert self._measured is not None
        return (
            f"{size:,.0f} bytes a call in {self._measured.name}, whose messages have {self._measured.body_bytes:,.0f}"
        )

    def _write(self, edge: Edge, status: Status | None, size: int | None, basis: str, *, at_most: bool = False) -> None:
        ceiling = ceiling_of(self._view, edge, self._profile)
        limit = None if ceiling is None else ceiling.limit_bytes
        share = None if size is None or limit is None else size / limit
        if status is None:
            # What the hop before lets through at most, and this one takes, is not near anything.
            status = Status.UNKNOWN if share is None else Status.OK if at_most else _status(share)
        hop = Hop(
            edge.source,
            edge.target,
            edge.operation,
            status,
            size,
            limit,
            None if at_most else share,
            at_most,
            basis,
            "" if ceiling is None else ceiling.error,
            "" if ceiling is None else ceiling.doc,
        )
        # Several functions that may put the same message into one place are one line.
        key = ("" if edge.carrier is Carrier.CODE else edge.source, edge.target, edge.operation)
        known = self.hops.get(key)
        if known is None or _GRAVITY.index(hop.status) < _GRAVITY.index(known.status):
            self.hops[key] = hop


_GRAVITY = (Status.REFUSED, Status.CODE, Status.UNKNOWN, Status.NEAR, Status.OK)


def _status(share: float) -> Status:
    return Status.REFUSED if share > 1 else Status.NEAR if share >= NEAR else Status.OK


def assess(
    view: TemplateView,
    message: Message,
    profile: Profile | None = None,
    measured: Measured | None = None,
    edges: Sequence[Edge] | None = None,
) -> Assessment:
    """Return every hop of a message through a template's pipeline."""
    return _Walk(view, edges_of(view) if edges is None else edges, message, profile or Profile(), measured).run()


def largest(
    view: TemplateView, message: Message, profile: Profile | None = None, measured: Measured | None = None
) -> Assessment | None:
    """Return the assessment of the largest message of a kind that no hop refuses, found by halving; None where none passes.

    Hops that code decides do not count as refusing.
    """
    edges = edges_of(view)

    def passes(size: int) -> bool:
        return assess(view, message.resized(size), profile, measured, edges).refused is None

    low, high = 1, 1 << 34
    if not passes(low):
        return None
    if passes(high):
        return assess(view, message.resized(high), profile, measured, edges)
    while high - low > 1:
        middle = (low + high) // 2
        if passes(middle):
            low = middle
        else:
            high = middle
    return assess(view, message.resized(low), profile, measured, edges)
