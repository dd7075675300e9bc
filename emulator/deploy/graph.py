"""What depends on what: the references inside a value, and the order in which resources can be made.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from emulator.deploy.errors import TemplateError
from emulator.deploy.intrinsics import SUBSTITUTION, intrinsic

__all__ = ["Reference", "references", "sorted_by_dependency"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a value needs: of a parameter or resource, with an attribute where one is asked for."""

    name: str
    attribute: str | None = None


def references(value: Any) -> Iterator[Reference]:
    """Every `Ref`, `Fn::GetAtt` and `Fn::Sub` variable in a value, pseudo parameters left out."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
        return
    if not isinstance(value, dict):
        return
    call = intrinsic(value)
    if call is None:
        for member in value.values():
            yield from references(member)
        return
    name, argument = call
    if name == "Ref":
        if isinstance(argument, str) and not argument.startswith("AWS::"):
            yield Reference(argument)
    elif name == "Fn::GetAtt":
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) >= 2:
            yield Reference(str(parts[0]), ".".join(map(str, parts[1:])))
    elif name == "Fn::Sub":
        yield from _substituted(argument)
    else:
        yield from references(argument)


def _substituted(argument: Any) -> Iterator[Reference]:
    template, variables = argument, {}
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
        template, variables = argument
        yield from references(list(variables.values()))
    if not isinstance(template, str):
        return
    for match in SUBSTITUTION.finditer(template):
        name = None if match[1] is None else match[1].strip()
        if name is None or name in variables or name.startswith("AWS::"):
            continue
        head, dot, attribute = name.partition(".")
        yield Reference(head, attribute if dot else None)


def sorted_by_dependency(dependencies: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The names so that each comes after what it depends on. Raises TemplateError where they go round in a circle."""
    try:
        return tuple(TopologicalSorter(dependencies).static_order())
    except CycleError as error:
        circle = error.args[1]
        raise TemplateError(f"Circular dependency between resources: [{', '.join(sorted(set(circle)))}]") from error
