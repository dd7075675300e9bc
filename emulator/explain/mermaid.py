"""A state machine as a Mermaid flowchart, the path taken in colour. https://mermaid.js.org/syntax/flowchart.html"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from emulator.explain.drawing import Box, Diagram

__all__ = ["mermaid"]

_CLASSES = {
    "succeeded": "fill:#d8f3dc,stroke:#2d6a4f",
    "caught": "fill:#fff3bf,stroke:#e67700",
    "failed": "fill:#ffc9c9,stroke:#c92a2a",
    "aborted": "fill:#e9ecef,stroke:#495057",
    "running": "fill:#d0ebff,stroke:#1971c2",
}
_SHAPES = {"Choice": ("{{", "}}"), "Fail": ("([", "])"), "Succeed": ("([", "])")}


def mermaid(diagram: Diagram, steps: Collection[tuple[str, str]] = ()) -> str:
    """The chart; `steps` are the transitions that the execution took, drawn thick."""
    ids = {box.name: f"s{number}" for number, box in enumerate(diagram.every_box())}
    lines = ["flowchart TD", f"    start(( )) --> {ids[diagram.start_at]}"]
    lines.extend(_boxes(diagram, ids, "    "))
    for arrow in diagram.every_arrow():
        if arrow.source in ids and arrow.target in ids:
            taken = (arrow.source, arrow.target) in steps
            line = "-.->" if arrow.is_error else "==>" if taken else "-->"
            label = f'|"{_quoted(arrow.label)}"|' if arrow.label else ""
            lines.append(f"    {ids[arrow.source]} {line}{label} {ids[arrow.target]}")
    for name, style in _CLASSES.items():
        lines.append(f"    classDef {name} {style}")
    for box in diagram.every_box():
        if box.outcome:
            lines.append(f"    class {ids[box.name]} {_class_of(box)}")
    return "\n".join(lines) + "\n"


def _boxes(diagram: Diagram, ids: dict[str, str], indent: str) -> Iterator[str]:
    for box in diagram.boxes:
        times = f" x{box.visits}" if box.visits > 1 else ""
        label = f"{_quoted(box.name)}<br/><small>{box.kind}{times}</small>"
        if not box.inner:
            left, right = _SHAPES.get(box.kind, ("[", "]"))
            yield f'{indent}{ids[box.name]}{left}"{label}"{right}'
            continue
        yield f'{indent}subgraph {ids[box.name]}["{label}"]'
        for number, inner in enumerate(box.inner):
            yield f'{indent}    subgraph {ids[box.name]}b{number}[" "]'
            yield from _boxes(inner, ids, indent + "        ")
            yield f"{indent}    end"
        yield f"{indent}end"


def _class_of(box: Box) -> str:
    return "failed" if box.outcome == "timed out" else box.outcome


def _quoted(text: str) -> str:
    for character, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("\n", " ")):
        text = text.replace(character, code)
    return text
