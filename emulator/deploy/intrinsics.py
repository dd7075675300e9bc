"""The intrinsic functions, each a plain function of its resolved arguments, and the resolver that applies them.

Rules: an intrinsic is a map with exactly one key. Arguments are resolved first, except `Fn::If`, whose other branch is never looked at.
`AWS::NoValue` removes the member or element that it stands in. Numbers and booleans become text where text is joined.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from emulator.deploy.errors import TemplateError

__all__ = ["CONDITIONS", "FUNCTIONS", "NO_VALUE", "Resolver", "Scope", "as_text", "intrinsic"]


class _NoValue:
    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE: Final = _NoValue()
"""What `Ref: AWS::NoValue` resolves to."""
SUBSTITUTION = re.compile(r"\$\{([^!{}][^{}]*)\}|\$\{!([^{}]*)\}")
"""`${Name}` or `${Name.Attribute}`; `${!Literal}` stands for `${Literal}`."""


class Scope(Protocol):
    """Where the resolver looks names up. Each raises TemplateError for what is not there."""

    @property
    def language_extensions(self) -> bool: ...
    def reference(self, name: str) -> Any: ...
    def attribute(self, logical_id: str, attribute: str) -> Any: ...
    def condition(self, name: str) -> bool: ...
    def mapped(self, mapping: str, top: str, second: str) -> Any: ...
    def exported(self, name: str) -> Any: ...
    def availability_zones(self, region: str) -> Sequence[str]: ...


def intrinsic(value: Any) -> tuple[str, Any] | None:
    """The name and argument of an intrinsic, or None for any other value."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" or name.startswith("Fn::"):
            return name, argument
    return None


def as_text(value: Any, where: str) -> str:
    """A scalar as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TemplateError(f"Template error: every value in {where} must be a string, not {value!r}")


def _arguments(name: str, argument: Any, *counts: int) -> list[Any]:
    if not isinstance(argument, list) or len(argument) not in counts:
        wanted = " or ".join(map(str, counts))
        raise TemplateError(f"Template error: {name} needs a list of {wanted} elements, not {argument!r}")
    return argument


def _join(scope: Scope, argument: Any) -> str:
    delimiter, values = _arguments("Fn::Join", argument, 2)
    if not isinstance(values, list):
        raise TemplateError(f"Template error: Fn::Join needs a list of values, not {values!r}")
    return as_text(delimiter, "Fn::Join").join(as_text(value, "Fn::Join") for value in values)


def _select(scope: Scope, argument: Any) -> Any:
    index, values = _arguments("Fn::Select", argument, 2)
    if not str(index).isdigit() or not isinstance(values, list) or int(index) >= len(values):
        raise TemplateError(
            f"Template error: Fn::Select cannot select nonexistent value at index {index} of {values!r}"
        )
    return values[int(index)]


def _split(scope: Scope, argument: Any) -> list[str]:
    delimiter, text = _arguments("Fn::Split", argument, 2)
    if not isinstance(delimiter, str) or delimiter == "" or not isinstance(text, str):
        raise TemplateError(f"Template error: Fn::Split needs a delimiter and a string, not {argument!r}")
    return text.split(delimiter)


def _find_in_map(scope: Scope, argument: Any) -> Any:
    arguments = _arguments("Fn::FindInMap", argument, 3, 4)
    names = [as_text(name, "Fn::FindInMap") for name in arguments[:3]]
    if len(arguments) == 4 and not scope.language_extensions:
        raise TemplateError("Template error: Fn::FindInMap's DefaultValue needs Transform AWS::LanguageExtensions")
    try:
        return scope.mapped(*names)
    except TemplateError:
        if len(arguments) == 4 and isinstance(arguments[3], dict) and "DefaultValue" in arguments[3]:
            return arguments[3]["DefaultValue"]
        raise


def _base64(scope: Scope, argument: Any) -> str:
    return base64.b64encode(as_text(argument, "Fn::Base64").encode()).decode()


def _cidr(scope: Scope, argument: Any) -> list[str]:
    block, count, *rest = _arguments("Fn::Cidr", argument, 2, 3)
    try:
        network = ipaddress.ip_network(block)
        host_bits = int(rest[0]) if rest else 32 - 24
        subnets = network.subnets(new_prefix=network.max_prefixlen - host_bits)
        blocks = [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]
    except ValueError as error:
        raise TemplateError(f"Template error: Fn::Cidr cannot take {argument!r} apart: {error}") from error
    if len(blocks) < int(count):
        raise TemplateError(
            f"Template error: Fn::Cidr cannot make {count} blocks out of {block}: there are {len(blocks)}"
        )
    return blocks


def _get_azs(scope: Scope, argument: Any) -> list[str]:
    return list(scope.availability_zones(as_text(argument, "Fn::GetAZs")))


def _import_value(scope: Scope, argument: Any) -> Any:
    return scope.exported(as_text(argument, "Fn::ImportValue"))


def _get_att(scope: Scope, argument: Any) -> Any:
    if isinstance(argument, str):
        argument = argument.split(".", 1)
    if not isinstance(argument, list) or len(argument) < 2:
        raise TemplateError(f"Template error: every Fn::GetAtt needs a resource and an attribute, not {argument!r}")
    return scope.attribute(argument[0], ".".join(as_text(part, "Fn::GetAtt") for part in argument[1:]))


def _extension(name: str, function: Callable[[Any], Any]) -> Callable[[Scope, Any], Any]:
    def apply(scope: Scope, argument: Any) -> Any:
        if not scope.language_extensions:
            raise TemplateError(f"Template error: {name} needs Transform AWS::LanguageExtensions")
        return function(argument)

    return apply


def _equals(scope: Scope, argument: Any) -> bool:
    left, right = _arguments("Fn::Equals", argument, 2)
    scalar = (str, int, float, bool)
    if isinstance(left, scalar) and isinstance(right, scalar):
        return as_text(left, "Fn::Equals") == as_text(right, "Fn::Equals")
    return bool(left == right)


def _and(scope: Scope, argument: Any) -> bool:
    return all(_truths("Fn::And", argument, 2, 10))


def _or(scope: Scope, argument: Any) -> bool:
    return any(_truths("Fn::Or", argument, 2, 10))


def _not(scope: Scope, argument: Any) -> bool:
    return not _truths("Fn::Not", argument, 1, 1)[0]


def _truths(name: str, argument: Any, least: int, most: int) -> list[bool]:
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        raise TemplateError(f"Template error: {name} needs {least} to {most} conditions, not {argument!r}")
    for value in argument:
        if not isinstance(value, bool):
            raise TemplateError(f"Template error: {name} needs conditions, not {value!r}")
    return argument


CONDITIONS: Mapping[str, Callable[[Scope, Any], bool]] = {
    "Fn::And": _and,
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::Or": _or,
}
"""The functions that only the Conditions section (and `Fn::If`'s conditions) may use."""

FUNCTIONS: Mapping[str, Callable[[Scope, Any], Any]] = {
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _extension("Fn::Length", len),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _extension("Fn::ToJsonString", lambda value: json.dumps(value, separators=(",", ":"))),
}
"""The functions of resolved arguments; `Ref`, `Fn::Sub` and `Fn::If` look names up while they resolve."""


class Resolver:
    """Resolves the intrinsics in a value against a scope."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def resolve(self, value: Any) -> Any:
        """The value without intrinsics; NO_VALUE where nothing is left of it. Raises TemplateError."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        call = intrinsic(value)
        if call is None:
            members = {name: self.resolve(member) for name, member in value.items()}
            return {name: member for name, member in members.items() if member is not NO_VALUE}
        return self._apply(*call)

    def test(self, condition: Any) -> bool:
        """Whether a condition holds: `{"Condition": name}` or one of the condition functions."""
        if isinstance(condition, dict) and len(condition) == 1:
            ((name, argument),) = condition.items()
            if name == "Condition":
                return self._scope.condition(argument)
            if name in ("Fn::And", "Fn::Or", "Fn::Not") and isinstance(argument, list):
                return CONDITIONS[name](self._scope, [self.test(part) for part in argument])
            if name == "Fn::Equals":
                return CONDITIONS[name](self._scope, self.resolve(argument))
        raise TemplateError(f"Template error: {condition!r} is not a condition")

    def _apply(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return NO_VALUE if argument == "AWS::NoValue" else self._scope.reference(argument)
        if name == "Fn::If":
            condition, then, otherwise = _arguments(name, argument, 3)
            return self.resolve(then if self._scope.condition(condition) else otherwise)
        if name == "Fn::Sub":
            return self._substitute(argument)
        function = FUNCTIONS.get(name)
        if function is None:
            raise TemplateError(f"Template error: {name} is not supported here")
        return function(self._scope, self.resolve(argument))

    def _substitute(self, argument: Any) -> str:
        template, variables = argument, {}
        if isinstance(argument, list):
            template, variables = _arguments("Fn::Sub", argument, 2)
        if not isinstance(template, str) or not isinstance(variables, dict):
            raise TemplateError(f"Template error: Fn::Sub needs a string, and may have a map, not {argument!r}")
        values = {name: self.resolve(value) for name, value in variables.items()}

        def replace(match: re.Match[str]) -> str:
            name, literal = match.groups()
            if name is None:
                return f"${{{literal}}}"
            name = name.strip()
            if name in values:
                found = values[name]
            elif "." in name:
                found = self._scope.attribute(*name.split(".", 1))
            else:
                found = self._scope.reference(name)
            return as_text(found, f"Fn::Sub's ${{{name}}}")

        return SUBSTITUTION.sub(replace, template)
