"""The caps of a target, held against a plan before a byte is sent, and what is left of them once messages were sent."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor
from pathlib import Path

from loadtests.clock import monotonic, sleep, wall
from loadtests.failures import UsageError
from loadtests.plan import KEY_FOLDER, RunPlan
from loadtests.sizes import MessageSize, format_bytes
from loadtests.staging.allowance import SendingCaps
from loadtests.staging.price import CountedPrice, MessagePrice
from loadtests.target import CapsLike, Target

__all__ = ["CapReached", "Guard", "Need", "peak_rate"]

# What `max` turns out to be is found by real requests: two at the borders, and ten that halve 64 KiB down to 64 bytes; two to spare.
_MAX_SIZE_BYTES = 6 * 1024 * 1024
_MAX_SIZE_PROBES = 14
# A second less what floats make of the moments of a schedule.
_SECOND = 1.0 - 1e-6


class CapReached(UsageError):
    """Messages before the load would cross a cap; none of them was sent that would."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a plan will send at most, all messages before the load included. `dollars` is None where no cap asks for it."""

    peak_per_second: float
    messages: int
    total_bytes: int
    seconds: float
    dollars: float | None
    basis: str = ""

    def __str__(self) -> str:
        cost = "" if self.dollars is None else f", {self.dollars:.4f} USD by {self.basis}"
        return f"{self.messages} messages, {format_bytes(self.total_bytes)}, {self.seconds:.0f} s{cost}"


class Guard:
    """The caps of one run. `price` of None reads the counters that the caps name."""

    def __init__(self, caps: CapsLike, region: str, price: MessagePrice | None = None) -> None:
        self._caps = caps
        self._began: float | None = None
        self._next = 0.0
        self._sent_messages = 0
        self._sent_bytes = 0
        self._sent_dollars = 0.0
        self._lock = threading.Lock()
        self._price: MessagePrice | None = None
        if caps.max_cost_usd is not None:
            self._price = CountedPrice.of_baseline(Path(caps.counters), region) if price is None else price

    @staticmethod
    def of(target: Target) -> Guard | None:
        """Return the guard of a target; None for one that is ours to wear out. Raises `UsageError` for AWS without caps."""
        caps = target.caps
        if caps is None:
            if target.name == "aws":
                raise UsageError(
                    "this target is AWS and says nothing of caps: open it with --target aws, not from an old file"
                )
            return None
        if not (target.api_url or "").startswith("https://"):
            raise UsageError(f"{target.api_url} is no https URL: staging is spoken to over verified TLS only")
        return Guard(caps, target.region)

    def need(self, plan: RunPlan, mix: Sequence[tuple[str, int | None, float]], warm_up_messages: int) -> Need:
        """Return what a plan will send; a size of None bytes is measured, and counts as the largest that Lambda takes."""
        sizes = tuple(
            MessageSize(label, _MAX_SIZE_BYTES if size is None else size, weight) for label, size, weight in mix
        )
        arrivals = replace(plan, sizes=sizes).arrivals()
        before = [size.body_bytes for size in sizes for _ in range(warm_up_messages)]
        before += [_MAX_SIZE_BYTES] * (_MAX_SIZE_PROBES * sum(size is None for _, size, _ in mix))
        bodies = before + [sizes[arrival.size_index].body_bytes for arrival in arrivals]
        return Need(
            peak_per_second=peak_rate([arrival.at_seconds for arrival in arrivals]),
            messages=len(bodies),
            total_bytes=sum(bodies),
            seconds=plan.duration_seconds + len(before) / self._caps.max_rate,
            dollars=None if self._price is None else sum(map(self._price.dollars, bodies)),
            basis="" if self._price is None else self._price.basis,
        )

    def refuse_too_much(self, need: Need) -> None:
        """Raise `UsageError` with every cap that a need crosses."""
        caps, crossed = self._caps, []
        if need.peak_per_second > caps.max_rate:
            crossed.append(f"{need.peak_per_second:g} messages in one second, above max_rate = {caps.max_rate:g}")
        if need.total_bytes > caps.max_bytes:
            crossed.append(
                f"{format_bytes(need.total_bytes)} in {need.messages} messages, above max_bytes = {format_bytes(caps.max_bytes)}"
            )
        if need.seconds > caps.max_duration:
            crossed.append(f"{need.seconds:.0f} s, preparation included, above max_duration = {caps.max_duration:g} s")
        if need.dollars is not None and caps.max_cost_usd is not None and need.dollars > caps.max_cost_usd:
            crossed.append(f"{need.dollars:.4f} USD ({need.basis}), above max_cost_usd = {caps.max_cost_usd:g}")
        if crossed:
            raise UsageError(
                f"nothing was sent, since this load would need {'; '.join(crossed)}: make it smaller, or have the caps in "
                "[staging] changed"
            )

    def admit(self, body_bytes: int) -> None:
        """Wait until the rate allows one more message before the load. Raises `CapReached` where the other caps do not."""
        with self._lock:
            now = monotonic()
            self._began = now if self._began is None else self._began
            at = max(now, self._next)
            if at - self._began > self._caps.max_duration:
                raise CapReached(f"preparing took all of max_duration = {self._caps.max_duration:g} s")
            if self._sent_bytes + body_bytes > self._caps.max_bytes:
                raise CapReached(
                    f"messages before the load would cross max_bytes = {format_bytes(self._caps.max_bytes)}: "
                    f"{format_bytes(self._sent_bytes)} are sent; leave the size max away, or have the cap changed"
                )
            dollars = 0.0 if self._price is None else self._price.dollars(body_bytes)
            if self._caps.max_cost_usd is not None and self._sent_dollars + dollars > self._caps.max_cost_usd:
                raise CapReached(f"messages before the load would cross max_cost_usd = {self._caps.max_cost_usd:g}")
            self._next = at + 1 / self._caps.max_rate
            self._sent_messages += 1
            self._sent_bytes += body_bytes
            self._sent_dollars += dollars
        sleep(max(0.0, at - now))

    def guarded(self, plan: RunPlan) -> RunPlan:
        """Return a plan with what is left of the caps, under keys that are below `windtunnel/`. Raises `UsageError` if it is too little."""
        left = self._caps.max_duration - (0.0 if self._began is None else monotonic() - self._began)
        caps = SendingCaps(
            per_second=self._caps.max_rate,
            total_bytes=int(self._caps.max_bytes) - self._sent_bytes,
            messages=self._messages_left(plan),
            until=wall() + left,
        )
        arrivals = plan.arrivals()
        needed = sum(plan.sizes[arrival.size_index].body_bytes for arrival in arrivals)
        if arrivals and (
            needed > caps.total_bytes
            or plan.duration_seconds > left
            or (caps.messages is not None and len(arrivals) > caps.messages)
        ):
            raise CapReached(
                f"preparing left {format_bytes(caps.total_bytes)} and {left:.0f} s of the caps, and the load needs "
                f"{format_bytes(needed)} and {plan.duration_seconds:g} s"
                + (f", {len(arrivals)} of {caps.messages} messages" if caps.messages is not None else "")
            )
        return replace(plan, key_folder=KEY_FOLDER, caps=caps)

    def _messages_left(self, plan: RunPlan) -> int | None:
        if self._price is None or self._caps.max_cost_usd is None:
            return None
        arrivals = plan.arrivals()
        if not arrivals:
            return 0
        dollars = sum(self._price.dollars(plan.sizes[arrival.size_index].body_bytes) for arrival in arrivals)
        return floor((self._caps.max_cost_usd - self._sent_dollars) / (dollars / len(arrivals)) + 1e-9)


def peak_rate(moments: Sequence[float]) -> int:
    """Return the most arrivals within any one second of a schedule, which is in order."""
    most = first = 0
    for last, at in enumerate(moments):
        while at - moments[first] >= _SECOND:
            first += 1
        most = max(most, last - first + 1)
    return most
