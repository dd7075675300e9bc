"""Walks the workflow's definition: enough of the Amazon States Language to see what it does with its data.

Only what this definition uses: reference paths, `Parameters`, `ResultSelector`, `ResultPath`, `OutputPath`, `Catch` and five
kinds of states. Retries are not repeated; a task's answer is the one after its last attempt. Anything else is an error here.
https://states-language.net/spec.html
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Definition = dict[str, Any]
Task = Callable[[str, dict[str, Any]], Any]


def load_definition(path: Path) -> Definition:
    definition: Definition = json.loads(path.read_text())
    return definition


class TaskFailed(Exception):
    """What a task raises to fail for good."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


@dataclass(slots=True)
class Run:
    """One execution: `status` is SUCCEEDED or FAILED, `visited` the names of its states in their order."""

    task: Task
    status: str = "RUNNING"
    error: str | None = None
    visited: list[str] = field(default_factory=list)


def walk(definition: Definition, message: dict[str, Any], task: Task) -> Run:
    """Run the definition; `task(resource, parameters)` answers for every task, or raises `TaskFailed`."""
    run = Run(task)
    _machine(definition, copy.deepcopy(message), run)
    if run.status == "RUNNING":
        run.status = "SUCCEEDED"
    return run


def _machine(machine: Definition, data: Any, run: Run) -> Any:
    name: str | None = machine["StartAt"]
    while name is not None:
        run.visited.append(name)
        name, data = _state(machine["States"][name], data, run)
    return data


def _state(state: Definition, data: Any, run: Run) -> tuple[str | None, Any]:
    match state["Type"]:
        case "Succeed":
            return None, data
        case "Fail":
            run.status, run.error = "FAILED", state["Error"]
            return None, data
        case "Choice":
            return next((rule["Next"] for rule in state["Choices"] if _holds(rule, data)), state["Default"]), data
    parameters = _template(state["Parameters"], data) if "Parameters" in state else data
    try:
        result = _result(state, parameters, run)
    except TaskFailed as failure:
        (catcher,) = state["Catch"]
        assert catcher["ErrorEquals"] == ["States.ALL"]
        output = {"Error": failure.error, "Cause": failure.cause}
        return catcher["Next"], _write(catcher["ResultPath"], data, output)
    if "ResultSelector" in state:
        result = _template(state["ResultSelector"], result)
    data = _read(state.get("OutputPath", "$"), _write(state.get("ResultPath", "$"), data, result))
    assert ("Next" in state) != ("End" in state)
    return state.get("Next"), data


def _result(state: Definition, parameters: Any, run: Run) -> Any:
    match state["Type"]:
        case "Pass":
            return state.get("Result", parameters)
        case "Task":
            result = run.task(state["Resource"].rpartition(":::")[2], parameters)
            return json.loads(json.dumps(result))
        case "Parallel":
            return [_machine(branch, copy.deepcopy(parameters), run) for branch in state["Branches"]]
    raise AssertionError(state["Type"])


def _holds(rule: Definition, data: Any) -> bool:
    if "IsPresent" in rule:
        return _present(rule["Variable"], data) is rule["IsPresent"]
    return _read(rule["Variable"], data) is rule["BooleanEquals"]


def _present(path: str, data: Any) -> bool:
    try:
        _read(path, data)
    except LookupError:
        return False
    return True


def _read(path: str, data: Any) -> Any:
    assert path.startswith("$"), path
    for step in path[1:].replace("[", ".").replace("]", "").split(".")[1:]:
        data = data[int(step) if isinstance(data, list) else step]
    return data


def _write(path: str | None, data: Any, value: Any) -> Any:
    if path is None:
        return data
    if path == "$":
        return value
    prefix, _, name = path.partition(".")
    assert prefix == "$", path
    assert "." not in name, path
    return {**data, name: value}


def _template(template: Any, data: Any) -> Any:
    if isinstance(template, dict):
        return {
            name.removesuffix(".$"): copy.deepcopy(_read(value, data))
            if name.endswith(".$")
            else _template(value, data)
            for name, value in template.items()
        }
    return [_template(item, data) for item in template] if isinstance(template, list) else template


def longest_seconds(machine: Definition) -> float:
    """Return the longest that the machine can take: every task times out on each attempt, with full backoff between."""
    states = machine["States"]

    def from_state(name: str) -> float:
        state = states[name]
        own = _own_seconds(state)
        return own + max((from_state(follower) for follower in followers(state)), default=0.0)

    return from_state(machine["StartAt"])


def followers(state: Definition) -> list[str]:
    """Return the names of the states that may come next."""
    rules = [*state.get("Choices", []), *state.get("Catch", [])]
    names = [state[key] for key in ("Next", "Default") if key in state] + [rule["Next"] for rule in rules]
    return list(dict.fromkeys(names))


def _own_seconds(state: Definition) -> float:
    if state["Type"] == "Parallel":
        return max(longest_seconds(branch) for branch in state["Branches"])
    if state["Type"] != "Task":
        return 0.0
    # Each retrier counts its own attempts, so a task can use up all of them.
    attempts, waited = 1, 0.0
    for retrier in state["Retry"]:
        for attempt in range(retrier["MaxAttempts"]):
            attempts += 1
            waited += min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt, retrier["MaxDelaySeconds"])
    return attempts * float(state["TimeoutSeconds"]) + waited
