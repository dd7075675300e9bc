"""Which variables each state of a definition refers to, as DescribeStateMachine tells.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.services.stepfunctions.asl.document import loads
from emulator.services.stepfunctions.asl.jsonata_expression import is_jsonata

__all__ = ["variable_references"]

_NESTED = frozenset({"Branches", "ItemProcessor", "Iterator"})  # their states are listed by themselves
_NO_EXPRESSIONS = frozenset({"Comment", "Result", "ResultPath"})
_PATH_FIELDS = frozenset({"InputPath", "OutputPath", "Variable"})
_TEXT_IN_CALL = re.compile(r"'(?:\\.|[^'\\])*'")
_IN_PATH = re.compile(r"(?<![$\w])\$([A-Za-z_]\w*)")
_TEXT_IN_QUERY = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|/\*.*?\*/", re.DOTALL)
_IN_QUERY = re.compile(r"\$([A-Za-z_]\w*)\b(?!\s*\()")
_SET_IN_QUERY = re.compile(r"\$([A-Za-z_]\w*)\s*:=")
_PARAMETERS = re.compile(r"(?:function|λ)\s*\(([^)]*)\)")


def variable_references(definition: str) -> dict[str, list[str]]:
    """State names to the names of variables, in alphabetical order; states that refer to none are left out."""
    data = loads(definition)
    found: dict[str, list[str]] = {}
    _flow(data, data.get("QueryLanguage") == "JSONata", found)
    return found


def _flow(flow: Mapping[str, Any], jsonata: bool, found: dict[str, list[str]]) -> None:
    for name, state in flow["States"].items():
        language = state.get("QueryLanguage")
        in_jsonata = jsonata if language is None else language == "JSONata"
        names = set(_in_queries(state) if in_jsonata else _in_paths(state))
        if names:
            found[name] = sorted(names)
        for branch in state.get("Branches") or ():
            _flow(branch, in_jsonata, found)
        for member in ("ItemProcessor", "Iterator"):
            if member in state:
                _flow(state[member], in_jsonata, found)


def _members(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, inner) for name, inner in value.items() if name not in _NESTED | _NO_EXPRESSIONS)


def _in_paths(value: Any) -> Iterator[str]:
    """Names in fields that hold a path or a call."""
    if isinstance(value, list):
        for item in value:
            yield from _in_paths(item)
    elif isinstance(value, Mapping):
        for name, inner in _members(value):
            is_expression = name.endswith((".$", "Path")) or name in _PATH_FIELDS
            if is_expression and isinstance(inner, str):
                yield from _IN_PATH.findall(_TEXT_IN_CALL.sub("", inner))
            else:
                yield from _in_paths(inner)


def _in_queries(value: Any) -> Iterator[str]:
    """Names in `{% ... %}`, without those that the expression sets itself."""
    if isinstance(value, list):
        for item in value:
            yield from _in_queries(item)
    elif isinstance(value, Mapping):
        for _, inner in _members(value):
            yield from _in_queries(inner)
    elif is_jsonata(value):
        query = _TEXT_IN_QUERY.sub('""', value)
        own = set(_SET_IN_QUERY.findall(query)) | {"states"}
        for parameters in _PARAMETERS.findall(query):
            own.update(_IN_PATH.findall(parameters))
        yield from (name for name in _IN_QUERY.findall(query) if name not in own)
