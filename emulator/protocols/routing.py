"""Which operation a request is for: by target, by action, or by method and URI.

URIs are kept in a tree of path segments. Where several operations share a method and path (S3's `PUT /{Bucket}/{Key+}`
is PutObject, CopyObject, UploadPart, ...), the one wins whose required query parameters and headers are all there and
which asks for the most of them.
https://smithy.io/2.0/spec/http-bindings.html#http-trait
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from botocore.model import OperationModel, ServiceModel, Shape

from emulator.http import HttpRequest
from emulator.protocols.errors import UnknownOperation, UnknownTarget

__all__ = ["Routed", "Router"]

_NO_PARAMS: Mapping[str, str] = {}
_PATHS_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Routed:
    """An operation and the values of its URI's labels, decoded, by label."""

    operation: str
    uri_params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Candidate:
    operation: str
    labels: tuple[str, ...]
    literals: tuple[tuple[str, str], ...]
    required_query: tuple[str, ...]
    required_headers: tuple[str, ...]
    deprecated: bool

    def rank(self, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, int, int] | None:
        """How well the request fits; None where a literal of the URI's query is missing."""
        for name, value in self.literals:
            if name not in query or (value != "" and query[name] != value):
                return None
        asked = len(self.required_query) + len(self.required_headers)
        present = sum(name in query for name in self.required_query)
        present += sum(name in headers for name in self.required_headers)
        return (1 if present == asked else 0, len(self.literals) + present, 0 if self.deprecated else 1)


class _Node:
    """One path segment of the tree."""

    __slots__ = ("candidates", "greedy", "label", "literals")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.label: _Node | None = None
        self.greedy: _Node | None = None
        self.candidates: dict[str, list[_Candidate]] = {}


class Router:
    """The routes of one service."""

    def __init__(self, model: ServiceModel) -> None:
        self._service = model.service_name
        self._operations = frozenset(model.operation_names)
        self._root = _Node()
        self._telling_headers: tuple[str, ...] = ()
        """The headers that tell operations of one method and path apart."""
        self._remembered: dict[tuple[object, ...], _Candidate] = {}
        self._by_path: dict[tuple[object, ...], Routed] = {}
        self._by_uri = model.resolved_protocol.startswith("rest-")
        if self._by_uri:
            for name in model.operation_names:
                self._add(model.operation_model(name))

    def route(self, request: HttpRequest) -> Routed:
        """The operation of a request. Raises UnknownOperation."""
        name = self._by_uri_of(request) if self._by_uri else _named(request)
        if isinstance(name, Routed):
            return name
        if name not in self._operations:
            what = repr(name) if name else f"{request.method} {request.path}"
            raise UnknownTarget(f"{self._service} has no operation {what}")
        return Routed(name, _NO_PARAMS)

    # -- by URI ------------------------------------------------------------

    def _add(self, model: OperationModel) -> None:
        uri = model.http["requestUri"]
        path, _, query = uri.partition("?")
        node, labels = self._root, []
        for segment in _segments(path):
            if segment.endswith("+}"):
                labels.append(segment[1:-2])
                node.greedy = node = node.greedy or _Node()
            elif segment.startswith("{"):
                labels.append(segment[1:-1])
                node.label = node = node.label or _Node()
            else:
                node = node.literals.setdefault(segment, _Node())
        shape = model.input_shape
        members = [] if shape is None else [shape.members[name] for name in shape.required_members]
        candidate = _Candidate(
            operation=model.name,
            labels=tuple(labels),
            literals=tuple(parse_qsl(query, keep_blank_values=True)),
            required_query=_located(members, "querystring"),
            required_headers=tuple(name.lower() for name in _located(members, "header")),
            deprecated=model.deprecated,
        )
        node.candidates.setdefault(model.http["method"], []).append(candidate)
        self._telling_headers = tuple(sorted({*self._telling_headers, *candidate.required_headers}))

    def _by_uri_of(self, request: HttpRequest) -> Routed:
        """The operation of a request. What depends on neither labels nor a query is remembered: nearly every S3 request."""
        segments = _segments(request.path)
        if request.query or len(segments) < 2 or segments[0] in self._root.literals or self._root.label is None:
            return self._by_path_of(request, segments)
        if segments[1] == "" or self._root.label.literals or self._root.label.greedy is None:
            return self._found(request, segments)[0]
        key = (request.method, *(name in request.headers for name in self._telling_headers))
        candidate = self._remembered.get(key)
        if candidate is None or len(candidate.labels) != 2:
            routed, candidate = self._found(request, segments)
            self._remembered[key] = candidate
            return routed
        bucket, name = segments[0], "/".join(segments[1:])
        return Routed(candidate.operation, {candidate.labels[0]: unquote(bucket), candidate.labels[1]: unquote(name)})

    def _by_path_of(self, request: HttpRequest, segments: list[str]) -> Routed:
        """The same for a path that came before without a query, as one function is invoked again and again."""
        if request.query:
            return self._found(request, segments)[0]
        key = (request.method, request.path, *(name in request.headers for name in self._telling_headers))
        routed = self._by_path.get(key)
        if routed is None:
            routed = self._found(request, segments)[0]
            if len(self._by_path) >= _PATHS_REMEMBERED:
                self._by_path.clear()
            self._by_path[key] = routed
        return routed

    def _found(self, request: HttpRequest, segments: list[str]) -> tuple[Routed, _Candidate]:
        best: tuple[tuple[int, int, int], _Candidate, tuple[str, ...]] | None = None
        query: dict[str, str] | None = None
        for node, values in _walk(self._root, segments, 0, ()):
            for candidate in node.candidates.get(request.method, ()):
                if query is None:
                    query = dict(parse_qsl(request.query, keep_blank_values=True)) if request.query else {}
                rank = candidate.rank(query, request.headers)
                if rank is not None and (best is None or rank > best[0]):
                    best = rank, candidate, values
            if best is not None:
                break  # literal segments come before labels: the first path that fits is the most specific one
        if best is None:
            raise UnknownOperation(f"{self._service} has no operation {request.method} {request.path}")
        _, candidate, values = best
        labels = dict(zip(candidate.labels, map(unquote, values), strict=True))
        return Routed(candidate.operation, labels), candidate


def _segments(path: str) -> list[str]:
    """The segments of a path; a slash at its end counts only inside a greedy label, which S3's keys may end with."""
    return path.removeprefix("/").split("/") if path not in ("", "/") else []


def _walk(
    node: _Node, segments: list[str], index: int, values: tuple[str, ...]
) -> Iterable[tuple[_Node, tuple[str, ...]]]:
    """Every node that the segments lead to, the most literal first, with the labels' values."""
    if index == len(segments) or (index == len(segments) - 1 and segments[index] == ""):
        if "" in node.literals and index < len(segments):
            yield node.literals[""], values
        yield node, values
        if "" in node.literals and index == len(segments):
            yield node.literals[""], values
        return
    segment = segments[index]
    literal = node.literals.get(segment)
    if literal is not None:
        yield from _walk(literal, segments, index + 1, values)
    if node.label is not None:
        yield from _walk(node.label, segments, index + 1, (*values, segment))
    if node.greedy is not None:
        # A greedy label takes what is left, except the literal segments that the URI has behind it.
        for end in range(len(segments), index, -1):
            for found, rest in _walk(node.greedy, segments, end, ()):
                yield found, (*values, "/".join(segments[index:end]), *rest)


def _located(members: list[Shape], location: str) -> tuple[str, ...]:
    names = []
    for member in members:
        if member.serialization.get("location") == location:
            names.append(member.serialization["name"])
    return tuple(names)


# -- by name ------------------------------------------------------------


def _named(request: HttpRequest) -> str:
    """The operation that a JSON target, an RPC path or a query action names; empty where none does."""
    target = request.headers.get("x-amz-target")
    if target is not None:
        return target.rpartition(".")[2]
    if request.path.startswith("/service/"):  # Smithy RPC v2: /service/{service}/operation/{operation}
        return request.path.rpartition("/operation/")[2]
    if "Action=" in request.query:
        return dict(parse_qsl(request.query)).get("Action", "")
    if request.body.startswith(b"Action="):  # every SDK sends it first
        return request.body[7:].partition(b"&")[0].decode("latin-1")
    return dict(parse_qsl(request.body.decode("latin-1"))).get("Action", "")
