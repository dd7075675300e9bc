"""What a picture of a state machine shows, whatever draws it: boxes, the boxes inside them, arrows, and what the execution took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.explain.tree import ExecutionTree

__all__ = ["Arrow", "Box", "Diagram"]


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one state to another. `is_error` where a catcher leads there."""

    source: str
    target: str
    label: str = ""
    is_error: bool = False


@dataclass(slots=True)
class Box:
    """One state with the flows inside it; `outcome` is empty where the execution did not come here."""

    name: str
    kind: str
    outcome: str = ""
    visits: int = 0
    inner: list[Diagram] = field(default_factory=list)


@dataclass(slots=True)
class Diagram:
    """One flow of states."""

    start_at: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)

    @classmethod
    def of(cls, definition: Mapping[str, Any], tree: ExecutionTree | None = None) -> Diagram:
        """The picture of a definition (parsed JSON), with the path of an execution where one is given."""
        outcomes: dict[str, list[str]] = {}
        for visit in () if tree is None else tree.walk():
            outcomes.setdefault(visit.name, []).append(visit.outcome)
        return _flow(definition, outcomes)

    def every_box(self) -> Iterator[Box]:
        """All boxes, outer ones first."""
        for box in self.boxes:
            yield box
            for diagram in box.inner:
                yield from diagram.every_box()

    def every_arrow(self) -> Iterator[Arrow]:
        """All arrows."""
        yield from self.arrows
        for box in self.boxes:
            for diagram in box.inner:
                yield from diagram.every_arrow()


def _flow(definition: Mapping[str, Any], outcomes: Mapping[str, list[str]]) -> Diagram:
    diagram = Diagram(definition["StartAt"])
    for name, state in definition["States"].items():
        seen = outcomes.get(name, [])
        box = Box(name, state["Type"], _worst(seen), len(seen))
        flows = [*state.get("Branches", ()), *(state[key] for key in ("ItemProcessor", "Iterator") if key in state)]
        box.inner = [_flow(flow, outcomes) for flow in flows]
        diagram.boxes.append(box)
        diagram.arrows.extend(_arrows(name, state))
    return diagram


def _arrows(name: str, state: Mapping[str, Any]) -> Iterator[Arrow]:
    if "Next" in state:
        yield Arrow(name, state["Next"])
    for index, rule in enumerate(state.get("Choices", ()), start=1):
        yield Arrow(name, rule["Next"], str(rule.get("Comment", f"rule {index}")))
    if "Default" in state:
        yield Arrow(name, state["Default"], "default")
    for catcher in state.get("Catch", ()):
        yield Arrow(name, catcher["Next"], ", ".join(catcher["ErrorEquals"]), is_error=True)


def _worst(outcomes: list[str]) -> str:
    for outcome in ("failed", "timed out", "aborted", "running", "caught", "succeeded"):
        if outcome in outcomes:
            return outcome
    return ""
