"""A template's parameters: types, defaults and constraints.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.deploy.errors import TemplateError
from emulator.effects import Call, Process
from emulator.errors import AwsError

__all__ = ["Parameter", "parameter_values", "read_parameters"]

HIDDEN = "****"
"""What a description shows of a NoEcho parameter."""
_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_LIST = re.compile(r"List<.+>|CommaDelimitedList")
_SCALARS = frozenset({"String", "Number", "AWS::SSM::Parameter::Name"})
_AWS_SPECIFIC = re.compile(r"AWS::(EC2|Route53)::[A-Za-z]+::[A-Za-z]+(\.[A-Za-z]+)?")
_MEMBERS = frozenset(
    {
        "AllowedPattern",
        "AllowedValues",
        "ConstraintDescription",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
        "MinValue",
        "NoEcho",
        "Type",
    }
)
_BOUNDS: Mapping[str, tuple[Callable[[str], float], bool, str]] = {
    "MinLength": (len, True, "contain at least {} characters"),
    "MaxLength": (len, False, "contain at most {} characters"),
    "MinValue": (float, True, "be a number not less than {}"),
    "MaxValue": (float, False, "be a number not greater than {}"),
}
"""Constraints by size: what is measured, whether the bound is the lower one, and how AWS words it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter's definition."""

    name: str
    type: str
    definition: Mapping[str, Any]

    @property
    def default(self) -> str | None:
        """The default as text, or None where the parameter must be given."""
        value = self.definition.get("Default")
        if value is None:
            return None
        if isinstance(value, list):
            return ",".join(map(str, value))
        return ("true" if value else "false") if isinstance(value, bool) else str(value)

    @property
    def no_echo(self) -> bool:
        """Whether descriptions hide the value."""
        return str(self.definition.get("NoEcho", False)).lower() == "true"

    def shown(self, value: str) -> str:
        """The value as a description shows it."""
        return HIDDEN if self.no_echo else value

    @property
    def ssm_type(self) -> str | None:
        """The type of the Systems Manager parameter that this one names, or None."""
        match = _SSM_VALUE.fullmatch(self.type)
        return None if match is None else match[1]

    def value(self, text: str) -> Any:
        """What `Ref` gives for the text: a list for list types, else the text. Raises TemplateError where a constraint fails."""
        kind = self.ssm_type or self.type
        items = [item.strip() for item in text.split(",")] if _LIST.fullmatch(kind) else [text]
        if self.ssm_type is None:
            for item in items:
                self._check(item)
        if kind == "Number" or kind == "List<Number>":
            for item in items:
                if not _is_number(item):
                    raise TemplateError(f"Parameter '{self.name}' must be a number.")
        return items if _LIST.fullmatch(kind) else text

    def _check(self, text: str) -> None:
        definition = self.definition
        allowed = definition.get("AllowedValues")
        if allowed is not None and text not in {_scalar(value) for value in allowed}:
            self._refuse("must be one of AllowedValues")
        pattern = definition.get("AllowedPattern")
        if pattern is not None and re.fullmatch(pattern, text) is None:
            self._refuse(f"must match pattern {pattern}")
        for member, (size, lower, words) in _BOUNDS.items():
            bound = definition.get(member)
            if bound is None:
                continue
            if size is float and not _is_number(text):
                raise TemplateError(f"Parameter '{self.name}' must be a number.")
            found = size(text)
            if found < float(bound) if lower else found > float(bound):
                self._refuse("must " + words.format(bound))

    def _refuse(self, rule: str) -> None:
        described = self.definition.get("ConstraintDescription")
        detail = f"failed to satisfy constraint: {described}" if described else rule
        raise TemplateError(f"Parameter '{self.name}' {detail}")


def _scalar(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_parameters(template: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters that a template declares. Raises TemplateError for an unknown type or member."""
    parameters = {}
    for name, definition in (template.get("Parameters") or {}).items():
        if not isinstance(definition, dict) or not isinstance(definition.get("Type"), str):
            raise TemplateError(f"Template format error: Every Parameters object must contain a Type member. ({name})")
        unknown = sorted(set(definition) - _MEMBERS)
        if unknown:
            raise TemplateError(f"Invalid template parameter property '{unknown[0]}' in parameter '{name}'")
        parameter = Parameter(name, definition["Type"], definition)
        kind = parameter.ssm_type or parameter.type
        inner = kind[5:-1] if kind.startswith("List<") else kind
        if inner not in _SCALARS and kind != "CommaDelimitedList" and _AWS_SPECIFIC.fullmatch(inner) is None:
            raise TemplateError(f"Template format error: Unrecognized parameter type: {parameter.type} ({name})")
        parameters[name] = parameter
    return parameters


def parameter_values(parameters: Mapping[str, Parameter], given: Mapping[str, str]) -> Process:
    """What `Ref` gives for each parameter: what was given, else its default; Systems Manager values are read from there.

    Raises TemplateError for a value that is missing, unknown or against a constraint.
    """
    unknown = [name for name in given if name not in parameters]
    if unknown:
        raise TemplateError(f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template")
    missing = [name for name, parameter in parameters.items() if name not in given and parameter.default is None]
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        text = given.get(name, parameter.default)
        assert text is not None
        if parameter.ssm_type is not None:
            text = yield from _ssm_value(text)
        values[name] = parameter.value(text)
    return values


def _ssm_value(name: str) -> Process:
    try:
        answer = yield Call("ssm", "GetParameter", {"Name": name})
    except AwsError as error:
        raise TemplateError(
            f"Unable to fetch parameters [{name}] from parameter store for this account. ({error.code})"
        ) from error
    return answer["Parameter"]["Value"]
