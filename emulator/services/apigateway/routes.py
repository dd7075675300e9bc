"""Finds the resource and method of a request path: fixed parts before `{parameter}` before `{proxy+}`, case-sensitive.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emulator.services.apigateway.state import Method, Resource

__all__ = ["Match", "Routes"]


class Match(NamedTuple):
    """A method that serves a request; `path_parameters` keep their percent encoding, as in a REST API's proxy event."""

    resource_id: str
    resource_path: str
    method: Method
    path_parameters: dict[str, str]


class _Node:
    """One part of a path and what may follow it."""

    __slots__ = (
        "children",
        "greedy",
        "greedy_name",
        "methods",
        "parameter",
        "parameter_name",
        "resource_id",
        "resource_path",
    )

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.parameter_name = ""
        self.greedy: _Node | None = None
        self.greedy_name = ""
        self.resource_id = ""
        self.resource_path = ""
        self.methods: dict[str, Method] = {}


class Routes:
    """The routes of one deployment."""

    __slots__ = ("_root", "_static")

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._root = _Node()
        self._static: dict[tuple[str, str], Match] = {}
        for resource in resources:
            node = self._root
            for part in [part for part in resource.path.split("/") if part != ""]:
                node = _grow(node, part)
            node.resource_id, node.resource_path, node.methods = resource.id, resource.path, dict(resource.methods)
            if "{" not in resource.path:
                for verb, method in resource.methods.items():
                    self._static[verb, resource.path] = Match(resource.id, resource.path, method, {})

    def find(self, verb: str, path: str) -> Match | None:
        """The method for a request of `verb` on `path` (percent-encoded, with its leading slash), or None."""
        match = self._static.get((verb, path))
        if match is not None:
            return match
        parts = path.split("/")[1:]
        if parts and parts[-1] == "":
            parts.pop()
        return _descend(self._root, parts, 0, verb, {})

    def __iter__(self) -> Iterable[tuple[str, str, Method]]:
        """Every (path, verb, method), for summaries."""
        stack = [self._root]
        while stack:
            node = stack.pop()
            for verb, method in node.methods.items():
                yield node.resource_path, verb, method
            stack.extend(node.children.values())
            stack.extend(child for child in (node.parameter, node.greedy) if child is not None)


def _grow(node: _Node, part: str) -> _Node:
    if part.startswith("{") and part.endswith("+}"):
        node.greedy = _Node() if node.greedy is None else node.greedy
        node.greedy_name = part[1:-2]
        return node.greedy
    if part.startswith("{") and part.endswith("}"):
        node.parameter = _Node() if node.parameter is None else node.parameter
        node.parameter_name = part[1:-1]
        return node.parameter
    return node.children.setdefault(part, _Node())


def _descend(node: _Node, parts: list[str], index: int, verb: str, parameters: dict[str, str]) -> Match | None:
    if index == len(parts):
        method = node.methods.get(verb)
        if method is None:
            method = node.methods.get("ANY")
        if method is None:
            return None
        return Match(node.resource_id, node.resource_path, method, parameters)
    part = parts[index]
    child = node.children.get(part)
    if child is not None:
        match = _descend(child, parts, index + 1, verb, parameters)
        if match is not None:
            return match
    if node.parameter is not None and part != "":
        match = _descend(node.parameter, parts, index + 1, verb, {**parameters, node.parameter_name: part})
        if match is not None:
            return match
    if node.greedy is not None:
        rest = "/".join(parts[index:])
        return _descend(node.greedy, [], 0, verb, {**parameters, node.greedy_name: rest})
    return None
