"""The audit pipeline's own state machine with stub tasks: executions per second, and processor time per state transition.

    python -m emulator.bench.stepfunctions_audit

Everything runs in this process on the virtual clock, histories included, so that a figure is work and no waiting. Processor time is this
process's own. The floor is the same number of engine effects (`Now`) by an empty process.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from pathlib import Path
from typing import Any

from emulator.account import Account
from emulator.bench.stepfunctions import UNTHROTTLED, answered, floor
from emulator.clock import VirtualClock, stopwatch
from emulator.engine import Engine
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.services.stepfunctions import StepFunctionsService
from emulator.services.stepfunctions.asl.document import dumps, loads

DEFINITION = Path(__file__).parents[2] / "system" / "audit_ingest" / "statemachine" / "audit_ingest.asl.json"
ROUNDS = 5
EXECUTIONS = 300
METADATA_BYTES = (100, 10_000)
TARGET_MICROSECONDS = 150.0


class StubLambda(Service):
    """The pipeline's functions, as far as the state machine looks: whatever is asked is stored."""

    service_id = "lambda"

    @operation("Invoke")
    def invoke(self, params: Params, context: CallContext) -> Reply:
        event = loads(params["Payload"])
        if "storageContext" in event:
            event["storageContext"] |= {
                "persistence": {"S3": True, "metaData": True},
                "S3Reference": {"key": "k"},
                "metaDataReference": {"primaryKey": "p"},
            }
        return Reply({"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": dumps(event).encode()})


class Stub(Service):
    """A service that accepts everything."""

    def handle(self, name: str, params: Params, context: CallContext) -> Reply:
        return Reply({"MessageId": "m"})


def message(size: int) -> str:
    """What the pipeline starts its workflow with, with so many bytes of metadata."""
    data = {
        "messageID": "1",
        "messageMetaData": {"text": "x" * size},
        "messageSecurityContext": {},
        "storageContext": {"persistence": {"S3": False, "metaData": False}, "redisReference": {"key": "1"}},
    }
    return json.dumps(data)


def run(data: str) -> tuple[float, float, int]:
    """Run executions one after the other: seconds, seconds of processor time, and state transitions in all."""
    account = Account("http://127.0.0.1:1")
    clock = VirtualClock()
    engine = Engine(clock)
    service = StepFunctionsService(account, UNTHROTTLED, retained_executions=10)
    engine.register("stepfunctions", service)
    engine.register("lambda", StubLambda(account))
    for name in ("sns", "sqs"):
        engine.register(name, Stub(account))
    context = CallContext(now=clock.now(), request_id="bench")
    text = DEFINITION.read_text().replace("${Partition}", "aws")
    text = re.sub(r"\$\{(\w+)QueueUrl\}", r"https://sqs/0/\1", text)
    text = re.sub(r"\$\{(\w+)\}", r"\1", text)
    params: dict[str, Any] = {"name": "audit", "definition": text, "roleArn": "arn:aws:iam::000000000000:role/r"}
    engine.call("stepfunctions", "CreateStateMachine", params, context, answered)
    start = {"stateMachineArn": next(iter(service.state_machines)), "input": data}
    begin, busy = stopwatch(), time.process_time()
    for _ in range(EXECUTIONS):
        engine.call("stepfunctions", "StartExecution", start, context, answered)
        engine.run_ready()
        while (deadline := engine.timers.next_deadline()) is not None:
            clock.move_to(deadline)
            engine.fire_due()
            engine.run_ready()
    seconds, busy = stopwatch() - begin, time.process_time() - busy
    last = next(reversed(service.executions.values()))
    if last.status != "SUCCEEDED":
        raise RuntimeError(f"the benchmark's execution is {last.status}: {last.error} {last.cause}")
    entered = sum(event["type"].endswith("StateEntered") for event in last.history.events)
    return seconds, busy, entered * EXECUTIONS


def main() -> None:
    """Measure and print."""
    if not DEFINITION.exists():
        raise SystemExit(f"there is no {DEFINITION}: run this in a checkout that has the pipeline")
    floor(1_000)
    empty = statistics.median(floor(20_000) / 20_000 for _ in range(ROUNDS)) * 1e6
    print(
        f"floor: one engine effect {empty:.2f} us; target: {TARGET_MICROSECONDS:.0f} us of processor time a transition"
    )
    for size in METADATA_BYTES:
        data = message(size)
        run(data)
        rounds = [run(data) for _ in range(ROUNDS)]
        cost = sorted(1e6 * busy / transitions for _, busy, transitions in rounds)
        rate = statistics.median(EXECUTIONS / seconds for seconds, _, _ in rounds)
        middle = statistics.median(cost)
        print(
            f"audit pipeline, {size:>6} B of metadata, {rounds[0][2] // EXECUTIONS} transitions: {rate:6.0f} executions/s, "
            f"{middle:6.1f} us of processor time per transition ({cost[0]:.1f} to {cost[-1]:.1f}), {middle / empty:.0f} x floor"
        )


if __name__ == "__main__":
    main()
