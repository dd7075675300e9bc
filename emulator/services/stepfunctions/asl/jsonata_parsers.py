"""The fields of states whose query language is JSONata: one reader per state type, beside those for JSONPath.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from typing import Any

from emulator.services.stepfunctions.asl.definition import ChoiceRule, Environment, Expression
from emulator.services.stepfunctions.asl.fields import Fields
from emulator.services.stepfunctions.asl.jsonata_expression import (
    JsonataTemplate,
    is_jsonata,
    parse_jsonata_template,
)
from emulator.services.stepfunctions.asl.timestamps import parse_timestamp

__all__ = ["condition_rule", "constant_or_query", "query", "shared_fields", "timestamp_or_query"]


def query(fields: Fields, name: str, expected: str | None = None) -> JsonataTemplate | None:
    """A field that may hold expressions, or None where it is absent."""
    if not fields.has(name):
        return None
    return parse_jsonata_template(fields.data[name], name, fields.at(name), fields.problems.report, expected)


def shared_fields(fields: Fields, *, arguments: bool) -> dict[str, Any]:
    """Output, and Arguments where the state has them."""
    shared: dict[str, Any] = {"kind": fields.data["Type"], "is_jsonata": True, "output": query(fields, "Output")}
    if arguments:
        shared["parameters"] = query(fields, "Arguments")
    return shared


def constant_or_query(fields: Fields, name: str, expected: str) -> Expression | None:
    """A field's expression, or None where it is a constant or absent; the constant is then read as in JSONPath."""
    if name in fields.data and is_jsonata(fields.data[name]):
        return query(fields, name, expected)
    return None


def timestamp_or_query(fields: Fields) -> tuple[float | None, Expression | None]:
    """Timestamp: epoch seconds, or the expression that gives it."""
    expression = constant_or_query(fields, "Timestamp", "string")
    if expression is not None:
        return None, expression
    text = fields.string("Timestamp")
    if text is None:
        return None, None
    try:
        return parse_timestamp(text), None
    except ValueError:
        fields.report("Timestamp", "String does not match RFC3339 timestamp")
        return None, None


def condition_rule(element: Fields, index: int, assign: Expression | None) -> ChoiceRule:
    """One choice rule: a Condition that must give a boolean."""
    element.require("Condition")
    name = f"Choices[{index}]/Condition"
    report = element.problems.report
    condition = parse_jsonata_template(element.data.get("Condition"), name, element.at("Condition"), report, "boolean")
    element.has("Condition")
    output = query(element, "Output")

    def test(environment: Environment) -> bool:
        return bool(condition.evaluate(environment))

    if condition.is_constant and not isinstance(condition.constant, bool):
        element.report("Condition", "Expected value of type Boolean or a JSONata expression")
    return ChoiceRule(test, element.string("Next") or "", assign, output)
