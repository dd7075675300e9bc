"""Step Functions by itself: microseconds per state transition, and executions per second with a function that answers at once.

    python -m emulator.bench.stepfunctions
    python -m emulator.bench.stepfunctions_audit    # the pipeline that this repository deploys
    python -m emulator.bench.stepfunctions_scale    # many executions, distributed maps, long histories, large documents
    python -m emulator.bench.stepfunctions_peers    # over HTTP, beside other emulators

The floor is named beside each figure: the same number of engine effects (`Now`) by an empty process, so that the ratio says what
the language, the data flow and the history cost on top of the engine.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock, stopwatch
from emulator.effects import Now, Process
from emulator.engine import Engine
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.services.stepfunctions import StepFunctionsQuotas, StepFunctionsService

ROUNDS = 5
EXECUTIONS = 200
UNTHROTTLED = StepFunctionsQuotas(start_execution_bucket=10**9, start_express_bucket=10**9)
PAYLOAD_SIZES = (100, 10_000, 80_000)  # the pipeline carries three copies, and AWS at most 262,144 bytes


class InstantLambda(Service):
    """A function that answers at once with its input."""

    service_id = "lambda"

    @operation("Invoke")
    def invoke(self, params: Params, context: CallContext) -> Reply:
        return Reply({"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": params["Payload"]})


def chain(length: int) -> dict[str, Any]:
    """Pass states one after the other, each writing into its input."""
    states: dict[str, Any] = {}
    for number in range(length):
        following: dict[str, Any] = {"End": True} if number == length - 1 else {"Next": f"s{number + 1}"}
        states[f"s{number}"] = {"Type": "Pass", "Result": number, "ResultPath": "$.number", **following}
    return {"StartAt": "s0", "States": states}


PIPELINE: dict[str, Any] = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "ResultPath": "$.branches",
            "Branches": [
                {
                    "StartAt": name,
                    "States": {
                        name: {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::lambda:invoke",
                            "Parameters": {"FunctionName": "f", "Payload.$": "$"},
                            "TimeoutSeconds": 30,
                            "OutputPath": "$.Payload",
                            "Retry": [{"ErrorEquals": ["States.ALL"]}],
                            "End": True,
                        }
                    },
                }
                for name in ("Archive", "Record")
            ],
            "Next": "Check",
        },
        "Check": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.branches[0].ok", "BooleanEquals": True, "Next": "Done"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}


def answered(result: Any, error: BaseException | None) -> None:
    """A client that only wants to know that nothing failed."""
    if error is not None:
        raise error


def execute(definition: dict[str, Any], data: str, executions: int) -> tuple[float, int]:
    """Run executions one after the other: seconds, and state transitions in all."""
    account = Account("http://127.0.0.1:1")
    engine = Engine(VirtualClock())
    service = StepFunctionsService(account, UNTHROTTLED, retained_executions=10)
    engine.register("stepfunctions", service)
    engine.register("lambda", InstantLambda(account))
    context = CallContext(now=engine.clock.now(), request_id="bench")
    params = {"name": "bench", "definition": json.dumps(definition), "roleArn": "arn:aws:iam::000000000000:role/r"}
    engine.call("stepfunctions", "CreateStateMachine", params, context, answered)
    arn = next(iter(service.state_machines))
    begin = stopwatch()
    for _ in range(executions):
        start = {"stateMachineArn": arn, "input": data}
        engine.call("stepfunctions", "StartExecution", start, context, answered)
        engine.run_ready()
        while engine.fire_due():
            engine.run_ready()
    seconds = stopwatch() - begin
    last = next(reversed(service.executions.values()))
    if last.status != "SUCCEEDED":
        raise RuntimeError(f"the benchmark's execution is {last.status}: {last.error} {last.cause}")
    entered = sum(event["type"].endswith("StateEntered") for event in last.history.events)
    return seconds, entered * executions


def floor(effects: int) -> float:
    """Seconds that the engine needs for so many effects alone."""

    def empty() -> Process:
        for _ in range(effects):
            yield Now()

    engine = Engine(VirtualClock())
    engine.spawn("floor", empty())
    begin = stopwatch()
    engine.run_ready()
    return stopwatch() - begin


def median(measure: Callable[[], float]) -> tuple[float, float]:
    """Median of the rounds and their spread, after one warm-up."""
    measure()
    rounds = [measure() for _ in range(ROUNDS)]
    return statistics.median(rounds), max(rounds) - min(rounds)


def main() -> None:
    """Measure and print."""
    empty, _ = median(lambda: floor(20_000) / 20_000)
    print(f"floor: one engine effect {empty * 1e6:.2f} us")
    for size in PAYLOAD_SIZES:
        data = json.dumps({"body": "x" * size, "ok": True})

        def one_transition(data: str = data) -> float:
            seconds, transitions = execute(chain(100), data, 3)
            return seconds / transitions

        cost, spread = median(one_transition)
        ratio = f"{cost / empty:6.0f} x floor"
        print(f"Pass with ResultPath, {size:>7} B: {cost * 1e6:7.1f} us per transition (+-{spread * 1e6:.1f}), {ratio}")

        def one_execution(data: str = data) -> float:
            return execute(PIPELINE, data, EXECUTIONS)[0] / EXECUTIONS

        cost, spread = median(one_execution)
        print(f"two functions side by side, {size:>7} B: {1 / cost:7.0f} executions/s (+-{100 * spread / cost:.0f} %)")


if __name__ == "__main__":
    main()
