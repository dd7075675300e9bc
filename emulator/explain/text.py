"""An execution as text: what failed and why, then the tree of states with attempts, durations, inputs and outputs cut to size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.explain.tree import ExecutionTree, Visit, seconds_of

__all__ = ["duration", "explain_text"]

_MARKS = {"succeeded": "ok", "caught": "caught", "running": "...", "aborted": "stopped"}
_LONGEST_CAUSE = 2_000


def explain_text(described: Mapping[str, Any], tree: ExecutionTree, *, width: int = 100, data: bool = True) -> str:
    """The whole report. `described` is DescribeExecution's answer; `width` is where data are cut; without `data` they are left out."""
    lines = list(_heading(described))
    culprit = tree.culprit()
    if culprit is not None and described["status"] != "SUCCEEDED":
        lines.extend(_failure(culprit, width))
    lines.append("")
    for index, visit in enumerate(tree.visits):
        lines.extend(_branch(visit, "", index == len(tree.visits) - 1, width, data))
    if data and described.get("output") is not None:
        lines.extend(("", f"output  {cut(described['output'], width)}"))
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    if seconds < 1.0:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120.0:
        return f"{seconds:.2f} s"
    if seconds < 7_200.0:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 172_800.0 else f"{seconds / 86_400:.1f} d"


def cut(text: str, width: int) -> str:
    """A text on one line, with what was cut off in numbers."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else f"{flat[:width]}... ({len(text):,} characters)"


def _heading(described: Mapping[str, Any]) -> Iterator[str]:
    start = seconds_of(described["startDate"])
    took = ""
    if described.get("stopDate") is not None:
        took = f" after {duration(seconds_of(described['stopDate']) - start)}"
    redriven = f", redriven {described['redriveCount']} times" if described.get("redriveCount") else ""
    yield f"{described['status']}{took}{redriven}  {described['executionArn']}"
    if described.get("error") is not None or described.get("cause") is not None:
        yield f"  error  {described.get('error') or '(no name)'}"
        if described.get("cause") is not None:
            yield f"  cause  {cut(described['cause'], _LONGEST_CAUSE)}"


def _failure(visit: Visit, width: int) -> Iterator[str]:
    path = [visit]
    while path[0].parent is not None:
        path.insert(0, path[0].parent)
    where = " > ".join(step.name + (f" [{step.place}]" if step.place else "") for step in path)
    attempts = f", {visit.attempts} attempts" if visit.attempts > 1 else ""
    yield f"  in     {where} ({_kind(visit)}{attempts})"
    if visit.input is not None:
        yield f"  input  {cut(visit.input, width)}"


def _kind(visit: Visit) -> str:
    return visit.kind if visit.resource is None else f"{visit.kind} {_short(visit.resource)}"


def _short(resource: str) -> str:
    """A function's name instead of its ARN."""
    return resource.rpartition(":function:")[2] if ":function:" in resource else resource


def _branch(visit: Visit, indent: str, is_last: bool, width: int, data: bool) -> Iterator[str]:
    corner, below = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
    mark = _MARKS.get(visit.outcome, visit.outcome.upper())
    took = "" if visit.left is None else f"  {duration(visit.left - visit.entered)}"
    tries = f"  {visit.attempts} attempts" if visit.attempts > 1 else ""
    place = f"[{visit.place}] " if visit.place else ""
    yield f"{indent}{corner}{mark:<7} {place}{visit.name} ({_kind(visit)}){took}{tries}"
    inner = indent + below + ("│       " if visit.children else "        ")
    for number, (error, cause) in enumerate(visit.errors, start=1):
        which = f" {number}" if len(visit.errors) > 1 else ""
        yield f"{inner}error{which}  {error or '(no name)'}: {cut(cause or '', width)}"
    if visit.map_run_arn is not None:
        yield f"{inner}map run  {visit.map_run_arn}"
    if data and visit.input is not None:
        yield f"{inner}in   {cut(visit.input, width)}"
    if data and visit.output is not None and visit.output != visit.input:
        yield f"{inner}out  {cut(visit.output, width)}"
    for index, child in enumerate(visit.children):
        yield from _branch(child, indent + below, index == len(visit.children) - 1, width, data)
