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

__all__ = ["CounterPlan", "run_counters", "state_retries", "states_entered"]

_SCHEDULED = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")


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
        entered, retries = _states(side, entries, set(traces))
        # https://aws.amazon.com/step-functions/pricing/ bills each step that is done, retries included.
        return count(entries, traces, memory_mb=_memory(side), transitions=entered + retries, state_retries=retries)


def _memory(side: Side) -> dict[str, int]:
    pages = side.target.client("lambda").get_paginator("list_functions").paginate()
    return {row["FunctionName"]: int(row["MemorySize"]) for page in pages for row in page["Functions"]}


def _states(side: Side, entries: Iterable[Mapping[str, Any]], traces: set[str]) -> tuple[int, int]:
    """How many states were entered, and how many tries of theirs were not the first."""
    executions = [
        str(entry["resource"])
        for entry in entries
        if entry["kind"] == "ExecutionStarted" and entry.get("trace_id") in traces
    ]
    histories = [_events(side, arn) for arn in executions]
    return sum(map(states_entered, histories)), sum(map(state_retries, histories))


def _events(side: Side, execution: str) -> Sequence[str]:
    pages = side.target.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event["type"] for page in pages for event in page["events"]]


def states_entered(events: Sequence[str]) -> int:
    """Return how many states an execution entered, given the types of its events."""
    return sum(event.endswith("StateEntered") for event in events)


def state_retries(events: Sequence[str]) -> int:
    """Return how often an execution tried a task again: each try schedules it, and the first one follows its state's entry."""
    scheduled = sum(event in _SCHEDULED for event in events)
    return max(0, scheduled - events.count("TaskStateEntered"))
