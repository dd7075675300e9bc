"""The fields that several state types share, in either query language: filters, transitions, Assign, Retry and Catch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.services.stepfunctions.asl.catalogue import Catalogue
from emulator.services.stepfunctions.asl.definition import Catcher, Expression, Flow, Retrier
from emulator.services.stepfunctions.asl.failures import ALL
from emulator.services.stepfunctions.asl.fields import Fields
from emulator.services.stepfunctions.asl.jsonata_parsers import query, shared_fields

__all__ = ["LONGEST_SECONDS", "Scope", "assignments", "elements_of", "shared_by"]

LONGEST_SECONDS = 99_999_999
_LONGEST_DELAY_SECONDS = 31_622_400
_LONGEST_VARIABLE_NAME = 80


@dataclass(frozen=True, slots=True)
class Scope:
    """What a nested flow needs: how to parse one, and the state names that are taken in the whole machine."""

    parse_flow: Callable[[Fields, Scope], Flow]
    names: dict[str, str]
    is_jsonata: bool = False
    """The query language of the state, and by default of those inside it."""
    outer: Scope | None = None
    """The scope of the flow that a state is in: what nested flows inherit."""
    workflow_type: str = "STANDARD"
    """STANDARD or EXPRESS; a Distributed Map's processor has its own."""
    catalogue: Catalogue | None = None
    """What services can be called, where that is to be checked."""

    def nested(self, fields: Fields, workflow_type: str | None = None) -> Flow:
        """Parse a flow inside a state; its states have the language of the machine unless they say otherwise."""
        scope = self if self.outer is None else self.outer
        if workflow_type is not None and workflow_type != scope.workflow_type:
            scope = replace(scope, workflow_type=workflow_type)
        return self.parse_flow(fields, scope)


def shared_by(
    fields: Fields,
    scope: Scope,
    *,
    transition: bool = True,
    result: bool = False,
    errors: bool = False,
    arguments: bool = True,
) -> dict[str, Any]:
    """The fields that several state types share."""
    if scope.is_jsonata:
        shared = shared_fields(fields, arguments=errors and arguments)
        if transition:
            shared |= {"next": _transition(fields), "assign": assignments(fields, scope)}
        if errors:
            shared |= {"retry": _retry(fields), "catch": _catch(fields, scope)}
        return shared
    input_path, discard_input = fields.filter_path("InputPath")
    output_path, discard_output = fields.filter_path("OutputPath")
    shared = {
        "kind": fields.data["Type"],
        "input_path": input_path,
        "discard_input": discard_input,
        "output_path": output_path,
        "discard_output": discard_output,
    }
    if transition:
        shared["next"] = _transition(fields)
        shared["assign"] = assignments(fields, scope)
    if result:
        shared["parameters"] = fields.template("Parameters")
        shared["result_path"] = fields.reference_path("ResultPath")
    if errors:
        shared["result_selector"] = fields.template("ResultSelector")
        shared["retry"] = _retry(fields)
        shared["catch"] = _catch(fields, scope)
    return shared


def _transition(fields: Fields) -> str | None:
    end = fields.boolean("End")
    following = fields.string("Next")
    if fields.only_one_of("Next", "End") is None or (not end and following is None):
        fields.problems.report("Missing one of the following fields: [Next, End]", fields.location)
    return following


def assignments(fields: Fields, scope: Scope) -> Expression | None:
    given = fields.object("Assign")
    if given is None:
        return None
    for name in given:
        variable = name if scope.is_jsonata else name.removesuffix(".$")
        if not variable.isidentifier() or len(variable) > _LONGEST_VARIABLE_NAME or variable == "states":
            fields.report("Assign", f"'{variable}' is not a valid variable name")
    return query(fields, "Assign") if scope.is_jsonata else fields.template("Assign")


def _error_equals(fields: Fields, *, last: bool) -> tuple[str, ...]:
    fields.require("ErrorEquals")
    names = fields.array("ErrorEquals") or []
    if not names or not all(isinstance(name, str) for name in names):
        fields.report("ErrorEquals", "Expected a non-empty Array of Strings")
        return ()
    if ALL in names and (len(names) > 1 or not last):
        fields.report("ErrorEquals", f"'{ALL}' must appear alone, in the last element")
    return tuple(names)


def elements_of(fields: Fields, name: str) -> list[Fields]:
    elements = []
    for index, data in enumerate(fields.array(name) or []):
        place = f"{fields.at(name)}[{index}]"
        if isinstance(data, Mapping):
            elements.append(Fields(data, place, fields.problems))
        else:
            fields.problems.report("Expected value of type Object", place)
    return elements


def _retry(fields: Fields) -> tuple[Retrier, ...]:
    retriers = []
    elements = elements_of(fields, "Retry")
    for element in elements:
        jitter = element.string("JitterStrategy")
        if jitter not in (None, "FULL", "NONE"):
            element.report("JitterStrategy", "Value must be one of [FULL, NONE]")
        interval = element.integer("IntervalSeconds", 1, LONGEST_SECONDS)
        attempts = element.integer("MaxAttempts", 0, LONGEST_SECONDS)
        rate = element.number("BackoffRate", 1.0)
        longest = element.integer("MaxDelaySeconds", 1, _LONGEST_DELAY_SECONDS)
        if longest is not None and interval is not None and longest <= interval:
            element.report("MaxDelaySeconds", "Value must be greater than IntervalSeconds")
        retriers.append(
            Retrier(
                _error_equals(element, last=element is elements[-1]),
                1.0 if interval is None else float(interval),
                3 if attempts is None else attempts,
                2.0 if rate is None else rate,
                None if longest is None else float(longest),
                jitter == "FULL",
            )
        )
        element.finish()
    return tuple(retriers)


def _catch(fields: Fields, scope: Scope) -> tuple[Catcher, ...]:
    catchers = []
    elements = elements_of(fields, "Catch")
    for element in elements:
        element.require("Next")
        names = _error_equals(element, last=element is elements[-1])
        result_path = () if scope.is_jsonata else element.reference_path("ResultPath")
        output = query(element, "Output") if scope.is_jsonata else None
        catchers.append(Catcher(names, element.string("Next") or "", result_path, assignments(element, scope), output))
        element.finish()
    return tuple(catchers)
