"""Payload templates: JSON in which the fields whose names end in `.$` are replaced by what a path or an intrinsic function gives.

A template is compiled once. What holds no such field is a constant that all evaluations share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.services.stepfunctions.asl.definition import Environment, Expression
from emulator.services.stepfunctions.asl.document import dumps
from emulator.services.stepfunctions.asl.failures import DataFlowError
from emulator.services.stepfunctions.asl.intrinsic_call import parse_call
from emulator.services.stepfunctions.asl.paths import Path, PathNotFound, is_path, parse_path

__all__ = ["FieldPath", "Template", "parse_expression", "parse_template"]

Report = Callable[[str, str], None]
"""Takes a problem and where it is."""


class FieldPath:
    """A path in a named field: where it leads nowhere, the error names the field, as AWS's does."""

    __slots__ = ("_field", "path", "text")

    def __init__(self, path: Path, field: str) -> None:
        self.path = path
        self.text = path.text
        self._field = field

    def evaluate(self, environment: Environment) -> Any:
        """The value that the path leads to. Raises DataFlowError."""
        try:
            return self.path.evaluate(environment)
        except PathNotFound as error:
            reason = (
                f"The JSONPath '{self.text}' specified for the field '{self._field}' could not be found in the input "
                f"'{environment.input_text()}'"
            )
            raise DataFlowError(reason) from error


class Template:
    """A compiled template."""

    __slots__ = ("_build", "constant", "text")

    def __init__(self, text: str, build: Callable[[Environment], Any] | None, constant: Any) -> None:
        self.text = text
        self._build = build
        self.constant = constant

    def evaluate(self, environment: Environment) -> Any:
        """The template with its fields filled in."""
        return self.constant if self._build is None else self._build(environment)


def parse_expression(text: str, field: str) -> Expression:
    """Compile a path or a call of an intrinsic function. Raises ValueError."""
    if is_path(text):
        return FieldPath(parse_path(text), field)
    return parse_call(text)


def parse_template(template: Any, location: str, report: Report) -> Template:
    """Compile a payload template; problems go to `report` with their location."""
    build = _compile(template, location, report)
    return Template(dumps(template), build, None if build is not None else template)


def _compile(template: Any, location: str, report: Report) -> Callable[[Environment], Any] | None:
    """How to build the value, or None where it is a constant."""
    if isinstance(template, Mapping):
        return _compile_object(template, location, report)
    if isinstance(template, list):
        return _compile_list(template, location, report)
    return None


def _compile_object(
    template: Mapping[str, Any], location: str, report: Report
) -> Callable[[Environment], dict[str, Any]] | None:
    fields: list[tuple[str, Any, Callable[[Environment], Any] | None]] = []
    constant = True
    for name, value in template.items():
        where = f"{location}/{name}"
        if not name.endswith(".$"):
            build = _compile(value, where, report)
            constant = constant and build is None
            fields.append((name, value, build))
            continue
        constant = False
        expression = _field_expression(name, value, where, report)
        if expression is not None:
            fields.append((name[:-2], None, expression.evaluate))
        if name[:-2] in template:
            report(f"The field '{name[:-2]}' is given twice, with and without '.$'", location)
    if constant:
        return None
    return lambda environment: {name: value if build is None else build(environment) for name, value, build in fields}


def _field_expression(name: str, value: Any, location: str, report: Report) -> Expression | None:
    problem = f"The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call"
    if not isinstance(value, str):
        report(problem, location)
        return None
    try:
        return parse_expression(value, name)
    except ValueError:
        report(problem, location)
        return None


def _compile_list(template: list[Any], location: str, report: Report) -> Callable[[Environment], list[Any]] | None:
    items = [(item, _compile(item, f"{location}[{index}]", report)) for index, item in enumerate(template)]
    if all(build is None for _, build in items):
        return None
    return lambda environment: [item if build is None else build(environment) for item, build in items]
