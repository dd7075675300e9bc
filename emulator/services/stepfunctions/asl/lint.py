"""What is allowed in a definition but probably meant otherwise: the warnings of ValidateStateMachineDefinition.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.services.stepfunctions.asl.document import loads
from emulator.services.stepfunctions.asl.fields import Problem

__all__ = ["warnings_of"]

_TEMPLATES = ("Parameters", "ItemSelector", "ResultSelector")
_ENDS_IN_TIME = ("TimeoutSeconds", "TimeoutSecondsPath")


def warnings_of(text: str) -> list[Problem]:
    """All warnings, in the order of the definition; none for a text that is no definition."""
    try:
        definition = loads(text)
    except ValueError:
        return []
    return list(_of_flow(definition, "", "JSONPath")) if isinstance(definition, Mapping) else []


def _of_flow(flow: Mapping[str, Any], location: str, language: str) -> Iterator[Problem]:
    language = flow.get("QueryLanguage", language)
    states = flow.get("States")
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if isinstance(state, Mapping):
            yield from _of_state(state, f"{location}/States/{name}", state.get("QueryLanguage", language), language)


def _of_state(state: Mapping[str, Any], location: str, language: str, outer: str) -> Iterator[Problem]:
    if language != "JSONata":
        for field in _TEMPLATES:
            yield from _constants_like_paths(state.get(field), f"{location}/{field}", "NO_DOLLAR")
        if state.get("Type") == "Pass":
            yield from _constants_like_paths(state.get("Result"), f"{location}/Result", "PASS_RESULT_IS_STATIC")
    resource = state.get("Resource")
    waits = isinstance(resource, str) and resource.endswith(".waitForTaskToken")
    if waits and not any(field in state for field in (*_ENDS_IN_TIME, "HeartbeatSeconds", "HeartbeatSecondsPath")):
        text = "A task that waits for its token should have a timeout or a heartbeat, or it may wait for a year"
        yield Problem(text, location, "NO_TIMEOUT")
    for index, branch in enumerate(state.get("Branches") or ()):
        if isinstance(branch, Mapping):
            yield from _of_flow(branch, f"{location}/Branches[{index}]", outer)
    for field in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(field), Mapping):
            yield from _of_flow(state[field], f"{location}/{field}", outer)


def _constants_like_paths(value: Any, location: str, code: str) -> Iterator[Problem]:
    """Texts that look like a path or a function call, in fields that take them as they are."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not name.endswith(".$"):
                yield from _constants_like_paths(inner, f"{location}/{name}", code)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _constants_like_paths(inner, f"{location}[{index}]", code)
    elif isinstance(value, str) and (value.startswith(("$.", "$[", "$$.", "States.")) or value == "$"):
        yield Problem("The value looks like a path or a function call, but is taken as it is", location, code)
