"""Step Functions where growth matters: many executions at once, distributed maps, the longest history, documents of every size.

    python -m emulator.bench.stepfunctions_scale

Everything runs on the virtual clock in this process, so that a figure is work and no waiting. Memory is what Python holds (tracemalloc),
measured in a run of its own. The floor of the evaluations is one `json.loads` and `json.dumps` of the same document.
"""

from __future__ import annotations

import gc
import json
import statistics
import tracemalloc
from collections.abc import Callable
from typing import Any

from emulator.account import Account
from emulator.bench.stepfunctions import UNTHROTTLED, InstantLambda, answered
from emulator.clock import VirtualClock, stopwatch
from emulator.engine import Engine
from emulator.operation import CallContext
from emulator.services.stepfunctions import StepFunctionsService

EXECUTIONS = 10_000
MAP_ITEMS = (200, 10_000)
RELAXED_COLLECTOR = (200_000, 20, 100)
DOCUMENT_BYTES = (1_000, 16_000, 64_000, 240_000)
ROLE = "arn:aws:iam::000000000000:role/r"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


class Stand:
    """One engine on a virtual clock with Step Functions and a function that answers at once."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock)
        self.account = Account("http://127.0.0.1:1")
        self.service = StepFunctionsService(self.account, UNTHROTTLED)
        self.engine.register("stepfunctions", self.service)
        self.engine.register("lambda", InstantLambda(self.account))

    def call(self, operation: str, **params: Any) -> None:
        """A client's call."""
        context = CallContext(now=self.clock.now(), request_id="bench")
        self.engine.call("stepfunctions", operation, params, context, answered)

    def create(self, definition: dict[str, Any], name: str = "bench") -> str:
        """A state machine; its ARN."""
        self.call("CreateStateMachine", name=name, definition=json.dumps(definition), roleArn=ROLE)
        return self.account.arn("states", f"stateMachine:{name}")

    def settle(self) -> None:
        """Do what can be done without moving time."""
        self.engine.run_ready()
        while self.engine.fire_due():
            self.engine.run_ready()

    def run(self) -> None:
        """Let time pass until nothing waits."""
        self.settle()
        while (deadline := self.engine.timers.next_deadline()) is not None:
            self.clock.move_to(deadline)
            self.settle()

    def expect(self, status: str) -> None:
        """Every execution ended so."""
        wrong = [execution for execution in self.service.executions.values() if execution.status != status]
        if wrong:
            raise RuntimeError(f"{len(wrong)} executions are not {status}: {wrong[0].error} {wrong[0].cause}")


MISSING = "arn:aws:states:us-east-1:000000000000:stateMachine:missing"
WAITS: dict[str, Any] = {
    "StartAt": "W1",
    "States": {
        "W1": {"Type": "Wait", "Seconds": 3_600, "Next": "P"},
        "P": {"Type": "Pass", "Next": "T"},
        "T": {  # the machine does not exist: the call fails, and is tried again
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": MISSING, "Input": {}},
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 2}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "W2"}],
            "Next": "W2",
        },
        "W2": {"Type": "Wait", "Seconds": 31_000, "End": True},
    },
}


def waiting_executions() -> None:
    """Executions that wait, fail, retry and wait again."""
    stand = Stand()
    arn = stand.create(WAITS)
    begin = stopwatch()
    for _ in range(EXECUTIONS):
        stand.call("StartExecution", stateMachineArn=arn, input='{"n":1}')
    stand.run()
    seconds = stopwatch() - begin
    stand.expect("SUCCEEDED")
    events = sum(execution.history.last_id for execution in stand.service.executions.values())
    days = (stand.clock.now() - VirtualClock().now()) / 86_400
    print(
        f"{EXECUTIONS:,} executions with waits and retries, {days:.1f} virtual days: {seconds:.2f} s, {events:,} events, "
        f"{seconds / events * 1e6:.1f} us an event"
    )


def open_memory() -> None:
    """What an open execution holds."""
    stand = Stand()
    arn = stand.create(WAITS)
    stand.call("StartExecution", stateMachineArn=arn, input='{"n":1}')
    stand.settle()
    gc.collect()
    tracemalloc.start()
    for _ in range(1_000):
        stand.call("StartExecution", stateMachineArn=arn, input='{"n":1}')
    stand.settle()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"memory of an open execution in its first wait: {held / 1_000 / 1024:.1f} KiB")


def distributed_map(items: int, *, kind: str) -> None:
    """A distributed map over a function."""
    task = {"Type": "Task", "Resource": FUNCTION, "End": True}
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {"ProcessorConfig": config, "StartAt": "T", "States": {"T": task}}
    state = {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 100, "End": True}
    definition = {"StartAt": "M", "States": {"M": state}}

    def once() -> float:
        stand = Stand()
        arn = stand.create(definition)
        begin = stopwatch()
        stand.call("StartExecution", stateMachineArn=arn, input=json.dumps(list(range(items))))
        stand.run()
        seconds = stopwatch() - begin
        stand.expect("SUCCEEDED")
        return seconds

    seconds = once()
    gc.collect()
    tracemalloc.start()
    once()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(
        f"distributed map, {items:>6,} items, {kind:<8}: {seconds:6.2f} s ({items / seconds:,.0f} items/s), "
        f"peak {peak / 2**20:.1f} MiB"
    )


def longest_history() -> None:
    """A loop until the history is full."""
    stand = Stand()
    arn = stand.create(
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}
    )
    begin = stopwatch()
    stand.call("StartExecution", stateMachineArn=arn)
    stand.run()
    seconds = stopwatch() - begin
    stand.expect("FAILED")
    (execution,) = stand.service.executions.values()
    print(f"loop to the end of the history: {execution.history.last_id:,} events in {seconds:.2f} s")


def evaluation(size: int) -> None:
    """A state that picks and builds from a document of some size, in either language."""
    row = {"id": 12345, "name": "x" * 60, "tags": ["a", "b"]}
    document = json.dumps({"rows": [row] * (size // 100), "key": "value"})
    json_path = {"Type": "Pass", "Parameters": {"k.$": "$.key", "n.$": "States.ArrayLength($.rows)"}, "End": True}
    json_ata = {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": {"k": "{% $states.input.key %}", "n": "{% $count($states.input.rows) %}"},
        "End": True,
    }
    stand = Stand()
    floor = _median(lambda: json.dumps(json.loads(document)))
    costs = []
    for name, state in (("path", json_path), ("ata", json_ata)):
        arn = stand.create({"StartAt": "S", "States": {"S": state}}, name)

        def once(arn: str = arn) -> None:
            stand.call("StartExecution", stateMachineArn=arn, input=document)
            stand.settle()

        costs.append(_median(once))
    stand.expect("SUCCEEDED")
    print(
        f"one state, {len(document):>7,} B: JSONPath {costs[0] * 1e6:7.0f} us ({costs[0] / floor:4.1f} x floor), "
        f"JSONata {costs[1] * 1e6:7.0f} us ({costs[1] / floor:4.1f} x floor), floor {floor * 1e6:.0f} us"
    )


def _median(work: Callable[[], Any]) -> float:
    work()
    rounds = []
    for _ in range(7):
        begin = stopwatch()
        work()
        rounds.append(stopwatch() - begin)
    return statistics.median(rounds)


def main() -> None:
    """Measure and print. The first figure twice: Python's collector looks through all that is alive, again and again."""
    waiting_executions()
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*RELAXED_COLLECTOR)
    print(f"the same with gc.freeze() and gc.set_threshold{RELAXED_COLLECTOR}: ", end="")
    waiting_executions()
    gc.unfreeze()
    gc.set_threshold(*before)
    open_memory()
    for items in MAP_ITEMS:
        for kind in ("STANDARD", "EXPRESS"):
            distributed_map(items, kind=kind)
    longest_history()
    for size in DOCUMENT_BYTES:
        evaluation(size)


if __name__ == "__main__":
    main()
