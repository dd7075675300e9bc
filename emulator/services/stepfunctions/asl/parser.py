"""Turns a state machine definition into the frozen tree, or into the list of everything that is wrong with it.

The interpreter trusts what comes out here. Codes and texts follow what CreateStateMachine answers.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.services.stepfunctions.asl.catalogue import Catalogue
from emulator.services.stepfunctions.asl.definition import ChoiceState, Definition, Flow, State
from emulator.services.stepfunctions.asl.document import loads
from emulator.services.stepfunctions.asl.fields import TRANSITION, Fields, Problem, Problems
from emulator.services.stepfunctions.asl.json_errors import json_problem
from emulator.services.stepfunctions.asl.state_fields import Scope
from emulator.services.stepfunctions.asl.state_parsers import PARSERS

__all__ = ["parse_definition", "parse_state"]

_LONGEST_STATE_NAME = 80
_LONGEST_TIMEOUT_SECONDS = 99_999_999


def parse_definition(
    text: str, workflow_type: str = "STANDARD", catalogue: Catalogue | None = None
) -> tuple[Definition | None, list[Problem]]:
    """The tree, and what is wrong; the tree is None exactly when something is.

    `workflow_type` is STANDARD or EXPRESS. With a catalogue, the operations that tasks call and their arguments are checked too.
    """
    problems = Problems()
    try:
        data = loads(text)
    except ValueError:
        problems.report(*json_problem(text), "INVALID_JSON_DESCRIPTION")
        return None, problems.found
    if not isinstance(data, Mapping):
        return None, [Problem("Definition must be a valid JSON object", "")]
    fields = Fields(data, "", problems)
    language = _query_language(fields, "JSONPath")
    if fields.string("Version") not in (None, "1.0"):
        fields.report("Version", "Value must be '1.0'")
    timeout = fields.integer("TimeoutSeconds", 1, _LONGEST_TIMEOUT_SECONDS)
    flow = parse_flow(fields, Scope(parse_flow, {}, language == "JSONata", None, workflow_type, catalogue))
    fields.finish()
    if problems.found:
        return None, problems.found
    return Definition(flow, timeout_seconds=timeout), []


def parse_state(text: str, catalogue: Catalogue | None = None) -> tuple[State | None, list[Problem]]:
    """A state by itself, as TestState takes it. Where it leads is not checked, for there is nothing around it."""
    problems = Problems()
    try:
        data = loads(text)
    except ValueError:
        problems.report(*json_problem(text), "INVALID_JSON_DESCRIPTION")
        return None, problems.found
    state = _parse_state("StateName", data, "", problems, Scope(parse_flow, {}, catalogue=catalogue))
    return (None, problems.found) if problems.found else (state, [])


def parse_flow(fields: Fields, scope: Scope) -> Flow:
    """StartAt and States of a machine, a branch or an item processor."""
    fields.require("States", "StartAt")
    start_at = fields.string("StartAt")
    states: dict[str, State] = {}
    given = fields.object("States")
    for name, data in (given or {}).items():
        location = f"{fields.at('States')}/{name}"
        state = _parse_state(name, data, location, fields.problems, scope)
        if state is not None:
            states[name] = state
    if given is not None and not given:
        fields.report("States", "At least one state is required")
    if given and start_at is not None:
        _check_transitions(start_at, states, given, fields)
    return Flow(start_at or "", states)


def _query_language(fields: Fields, default: str) -> str:
    language = fields.string("QueryLanguage")
    if language not in (None, "JSONPath", "JSONata"):
        fields.report("QueryLanguage", "Value must be one of [JSONPath, JSONata]")
    return default if language is None else language


def _parse_state(name: str, data: Any, location: str, problems: Problems, scope: Scope) -> State | None:
    if not isinstance(data, Mapping):
        problems.report("Expected value of type Object", location)
        return None
    if len(name) > _LONGEST_STATE_NAME:
        problems.report(f"State names must have at most {_LONGEST_STATE_NAME} characters", location)
    if name in scope.names:
        problems.report(f"Duplicate State name: {name}", location, "DUPLICATE_STATE_NAME")
    scope.names[name] = location
    fields = Fields(data, location, problems)
    fields.require("Type")
    kind = fields.string("Type")
    if kind is None:
        return None
    language = _query_language(fields, "JSONata" if scope.is_jsonata else "JSONPath")
    if scope.is_jsonata and language != "JSONata":
        text = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
        problems.report(text, location)
    parser = PARSERS.get(kind)
    if parser is None:
        fields.report("Type", f"Value must be one of [{', '.join(sorted(PARSERS))}]")
        return None
    state = parser(name, fields, replace(scope, is_jsonata=language == "JSONata", outer=scope))
    fields.finish()
    return state


def _check_transitions(start_at: str, states: Mapping[str, State], given: Mapping[str, Any], fields: Fields) -> None:
    """Every target exists and every state is reached."""
    problems = fields.problems
    if start_at not in given:
        problems.report(f"Missing 'Next' target: {start_at}", fields.at("StartAt"), TRANSITION)
    reached: set[str] = set()
    waiting = [start_at]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        if name in states:
            waiting.extend(target for target, _ in _targets(states[name]))
    for name, state in states.items():
        location = f"{fields.at('States')}/{name}"
        for target, place in _targets(state):
            if target not in given:
                problems.report(f"Missing 'Next' target: {target}", f"{location}/{place}", TRANSITION)
    for name in given:
        if name not in reached and len(states) == len(given):
            problems.report(f'State "{name}" is not reachable.', f"{fields.at('States')}/{name}", TRANSITION)


def _targets(state: State) -> list[tuple[str, str]]:
    """Where a state may go, and which field says so."""
    targets: list[tuple[str, str]] = []
    if state.next is not None:
        targets.append((state.next, "Next"))
    if isinstance(state, ChoiceState):
        targets.extend((rule.next, f"Choices[{index}]/Next") for index, rule in enumerate(state.rules))
        if state.default is not None:
            targets.append((state.default, "Default"))
    targets.extend((catcher.next, f"Catch[{index}]/Next") for index, catcher in enumerate(state.catch))
    return targets
