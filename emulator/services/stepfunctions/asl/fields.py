"""Reads the fields of one JSON object of a definition: checks types, and writes down every problem with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.services.stepfunctions.asl.definition import Expression
from emulator.services.stepfunctions.asl.paths import parse_reference_path
from emulator.services.stepfunctions.asl.template import FieldPath, Template, parse_expression, parse_template

__all__ = ["Fields", "Problem", "Problems"]

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TRANSITION = "MISSING_TRANSITION_TARGET"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a definition, as ValidateStateMachineDefinition reports it."""

    message: str
    location: str
    code: str = SCHEMA
    unsupported: bool = False
    """AWS takes it, this emulator does not."""

    def __str__(self) -> str:
        if self.location == "" or self.message.endswith(self.location):
            return f"{self.code}: {self.message}"
        return f"{self.code}: {self.message} at {self.location}"


class Problems:
    """All that is wrong, in the order of the definition."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def report(self, message: str, location: str, code: str = SCHEMA, *, unsupported: bool = False) -> None:
        """Write one down; an empty location is that of the whole definition."""
        self.found.append(Problem(message, location or "/", code, unsupported))


class Fields:
    """One object and its place. Every field that is read counts as known; `finish` reports the others."""

    def __init__(self, data: Mapping[str, Any], location: str, problems: Problems) -> None:
        self.data = data
        self.location = location
        self.problems = problems
        self._known: set[str] = {"Comment"}

    def at(self, name: str) -> str:
        """The place of a field."""
        return f"{self.location}/{name}"

    def has(self, name: str) -> bool:
        """Whether the field is given, be it null."""
        self._known.add(name)
        return name in self.data

    def report(self, name: str, message: str) -> None:
        """Write down a problem with a field."""
        self.problems.report(message, self.at(name))

    def refuse(self, name: str, message: str) -> None:
        """Write down that a field is something that this emulator does not do."""
        self.problems.report(f"{message} is not supported by this emulator", self.at(name), unsupported=True)

    def require(self, *names: str) -> None:
        """Report the fields that are missing."""
        missing = [name for name in names if name not in self.data]
        if missing:
            self.problems.report(f"These fields are required: [{', '.join(missing)}]", self.location)

    def only_one_of(self, *names: str) -> str | None:
        """The one of several fields that is given, or None; more than one is reported."""
        given = [name for name in names if self.has(name)]
        if len(given) > 1:
            self.problems.report(f"Only one of these fields is allowed: [{', '.join(given)}]", self.location)
        return given[0] if given else None

    def finish(self) -> None:
        """Report the fields that nobody asked for."""
        for name in self.data:
            if name not in self._known:
                self.problems.report("Field is not supported", self.at(name))

    # -- typed reads --------------------------------------------------------------------------------------------------

    def string(self, name: str) -> str | None:
        """A string, or None where it is absent."""
        value: str | None = self._typed(name, "String", lambda value: isinstance(value, str))
        return value

    def boolean(self, name: str) -> bool:
        """A boolean; absent is false."""
        value = self._typed(name, "Boolean", lambda value: isinstance(value, bool))
        return bool(value)

    def object(self, name: str) -> Mapping[str, Any] | None:
        """An object, or None where it is absent."""
        value: Mapping[str, Any] | None = self._typed(name, "Object", lambda value: isinstance(value, Mapping))
        return value

    def array(self, name: str) -> list[Any] | None:
        """An array, or None where it is absent."""
        value: list[Any] | None = self._typed(name, "Array", lambda value: isinstance(value, list))
        return value

    def integer(self, name: str, least: int, most: int) -> int | None:
        """An integer between two bounds, or None where it is absent."""
        value = self._typed(name, "Integer", _is_integer)
        if value is not None and not least <= value <= most:
            self.report(name, f"Value must be between {least} and {most}")
            return None
        return None if value is None else int(value)

    def number(self, name: str, least: float) -> float | None:
        """A number of at least `least`, or None where it is absent."""
        value = self._typed(
            name, "Number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)
        )
        if value is not None and value < least:
            self.report(name, f"Value must be at least {least:g}")
            return None
        return None if value is None else float(value)

    def _typed(self, name: str, kind: str, check: Callable[[Any], bool]) -> Any:
        if not self.has(name):
            return None
        value = self.data[name]
        if not check(value):
            self.report(name, f"Expected value of type {kind}")
            return None
        return value

    # -- expressions --------------------------------------------------------------------------------------------------

    def expression(self, name: str) -> Expression | None:
        """A path or an intrinsic function, or None where it is absent."""
        text = self.string(name)
        if text is None:
            return None
        try:
            return parse_expression(text, name)
        except ValueError as error:
            self.report(name, f"Value is not a valid JSONPath: {error}")
            return None

    def filter_path(self, name: str) -> tuple[Expression | None, bool]:
        """InputPath or OutputPath: the path (None where it keeps everything), and whether it is null and throws all away."""
        if self.has(name) and self.data[name] is None:
            return None, True
        expression = self.expression(name)
        if isinstance(expression, FieldPath) and expression.path.is_whole_input:
            return None, False
        return expression, False

    def reference_path(self, name: str) -> tuple[str | int, ...] | None:
        """ResultPath: the steps, () where it is absent, None where it is null."""
        if not self.has(name):
            return ()
        if self.data[name] is None:
            return None
        text = self.string(name)
        try:
            return () if text is None else parse_reference_path(text)
        except ValueError as error:
            self.report(name, f"Value is not a valid Reference Path: {error}")
            return ()

    def template(self, name: str) -> Template | None:
        """A payload template, or None where it is absent."""
        if not self.has(name):
            return None
        return parse_template(self.data[name], self.at(name), self.problems.report)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
