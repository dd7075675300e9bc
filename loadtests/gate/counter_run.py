"""The run that the counters gate counts: a few messages of each size through a fresh emulator, one at a time.

One at a time is what makes it exact: how many environments start, and so how many cold starts there are, is then decided by the
pipeline and not by how busy the machine is. The first message of each function is its cold start, and is counted as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.gate.counters import Counters, count
from loadtests.gate.side import Side, running_side

__all__ = ["CounterPlan", "run_counters"]


@dataclass(frozen=True, slots=True)
class CounterPlan:
    """Which messages are counted; part of the baseline, since other messages cost something else."""

    template: Path
    sizes: tuple[int, ...] = (256 * 1024, 1024 * 1024, 4_000_000)
    messages_per_size: int = 5
    seed: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON, comparable between machines."""
        return {**asdict(self), "template": self.template.as_posix(), "sizes": list(self.sizes)}


def run_counters(plan: CounterPlan, checkout: Path | None = None) -> Counters:
    """Run, and return the counters of all messages. Raises `EnvironmentNotReady` where a message does not arrive."""
    with running_side(checkout, plan.template, f"counters-{plan.seed}", plan.seed) as side:
        for size in plan.sizes:
            for _ in range(plan.messages_per_size):
                side.send(size)
                side.settle()
        entries = side.journal()
        traces = [str(entry["trace_id"]) for entry in entries if entry["kind"] == "request" and "trace_id" in entry]
        transitions = _transitions(side, entries, set(traces))
        return count(entries, traces, memory_mb=_memory(side), transitions=transitions)


def _memory(side: Side) -> dict[str, int]:
    pages = side.target.client("lambda").get_paginator("list_functions").paginate()
    return {row["FunctionName"]: int(row["MemorySize"]) for page in pages for row in page["Functions"]}


def _transitions(side: Side, entries: Iterable[Mapping[str, Any]], traces: set[str]) -> int:
    """How many states were entered: https://aws.amazon.com/step-functions/pricing/ bills each, retries included."""
    executions = [
        str(entry["resource"])
        for entry in entries
        if entry["kind"] == "ExecutionStarted" and entry.get("trace_id") in traces
    ]
    return sum(_entered(side, arn) for arn in executions)


def _entered(side: Side, execution: str) -> int:
    pages = side.target.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    events: Sequence[str] = [event["type"] for page in pages for event in page["events"]]
    return sum(event.endswith("StateEntered") for event in events)
