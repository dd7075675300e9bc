"""A state machine as an SVG picture, the path taken in colour.

Theory of operation. States stand in rows: each one below the lowest of those that lead to it, loops left aside. A state with flows inside
is as large as they need, side by side. Arrows run from the lower edge to the upper; those that lead up run around the right side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from emulator.explain.drawing import Arrow, Box, Diagram

__all__ = ["svg"]

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _PADDING, _TITLE = 170.0, 44.0, 28.0, 44.0, 18.0, 30.0
_COLOURS = {
    "": ("#ffffff", "#adb5bd"),
    "succeeded": ("#d8f3dc", "#2d6a4f"),
    "caught": ("#fff3bf", "#e67700"),
    "failed": ("#ffc9c9", "#c92a2a"),
    "timed out": ("#ffc9c9", "#c92a2a"),
    "aborted": ("#e9ecef", "#495057"),
    "running": ("#d0ebff", "#1971c2"),
}
_LONGEST_LABEL = 24
_ARROW_HEAD = (
    '<defs><marker id="end" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 10 5 0 10z" fill="#495057"/></marker></defs>'
)


@dataclass(slots=True)
class _Placed:
    """A box with its place; x and y of the upper left corner, relative to the flow that it is in."""

    box: Box
    width: float
    height: float
    flows: list[_Flow]
    x: float = 0.0
    y: float = 0.0


@dataclass(slots=True)
class _Flow:
    diagram: Diagram
    placed: dict[str, _Placed]
    width: float
    height: float


def svg(diagram: Diagram, steps: Collection[tuple[str, str]] = ()) -> str:
    """The picture; `steps` are the transitions that the execution took, drawn thick."""
    flow = _layout(diagram)
    width, height = flow.width + 2 * _PADDING, flow.height + 2 * _PADDING
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        _ARROW_HEAD,
        *_draw(flow, _PADDING, _PADDING, frozenset(steps)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _layout(diagram: Diagram) -> _Flow:
    placed = {box.name: _measure(box) for box in diagram.boxes}
    rows: dict[int, list[_Placed]] = {}
    for name, rank in _ranks(diagram).items():
        rows.setdefault(rank, []).append(placed[name])
    width = max((_row_width(row) for row in rows.values()), default=0.0)
    y = 0.0
    for rank in sorted(rows):
        row = rows[rank]
        x = (width - _row_width(row)) / 2
        for item in row:
            item.x, item.y = x, y
            x += item.width + _GAP_X
        y += max(item.height for item in row) + _GAP_Y
    return _Flow(diagram, placed, width + _GAP_X, max(0.0, y - _GAP_Y))


def _row_width(row: list[_Placed]) -> float:
    return sum(item.width for item in row) + _GAP_X * (len(row) - 1)


def _measure(box: Box) -> _Placed:
    flows = [_layout(inner) for inner in box.inner]
    if not flows:
        return _Placed(box, _WIDTH, _HEIGHT, [])
    width = sum(flow.width for flow in flows) + _PADDING * (len(flows) + 1)
    height = max(flow.height for flow in flows) + _TITLE + 2 * _PADDING
    return _Placed(box, max(width, _WIDTH), height, flows)


def _ranks(diagram: Diagram) -> dict[str, int]:
    """The row of each state: the longest way from the start that enters no state twice."""
    following: dict[str, list[str]] = {box.name: [] for box in diagram.boxes}
    for arrow in diagram.arrows:
        if arrow.target in following:
            following[arrow.source].append(arrow.target)
    order: list[str] = []
    seen: set[str] = set()
    back: set[tuple[str, str]] = set()
    for root in (diagram.start_at, *following):
        _visit(root, following, seen, set(), order, back)
    ranks = dict.fromkeys(reversed(order), 0)
    for name in ranks:  # each one after all that lead to it
        for target in following[name]:
            if (name, target) not in back:
                ranks[target] = max(ranks[target], ranks[name] + 1)
    return ranks


def _visit(
    root: str,
    following: dict[str, list[str]],
    seen: set[str],
    open_names: set[str],
    order: list[str],
    back: set[tuple[str, str]],
) -> None:
    """Depth first, without recursion: `order` gets the names when they are done, `back` the arrows that close a loop."""
    stack: list[tuple[str, Iterator[str]]] = []
    if root in following and root not in seen:
        seen.add(root)
        open_names.add(root)
        stack.append((root, iter(following[root])))
    while stack:
        name, rest = stack[-1]
        target = next(rest, None)
        if target is None:
            stack.pop()
            open_names.discard(name)
            order.append(name)
        elif target in open_names:
            back.add((name, target))
        elif target not in seen:
            seen.add(target)
            open_names.add(target)
            stack.append((target, iter(following[target])))


def _draw(flow: _Flow, left: float, top: float, steps: frozenset[tuple[str, str]]) -> Iterator[str]:
    for arrow in flow.diagram.arrows:
        if arrow.target in flow.placed:
            yield from _draw_arrow(flow, arrow, left, top, (arrow.source, arrow.target) in steps)
    for item in flow.placed.values():
        yield from _draw_box(item, left + item.x, top + item.y, steps)


def _draw_box(item: _Placed, x: float, y: float, steps: frozenset[tuple[str, str]]) -> Iterator[str]:
    box = item.box
    fill, stroke = _COLOURS[box.outcome]
    radius = 20 if box.kind in ("Fail", "Succeed") else 6
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{item.width:.1f}" height="{item.height:.1f}" rx="{radius}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="1.5"><title>{escape(box.name)}</title></rect>'
    )
    name = box.name if len(box.name) <= _LONGEST_LABEL else f"{box.name[: _LONGEST_LABEL - 1]}…"
    times = f" ×{box.visits}" if box.visits > 1 else ""
    middle = x + item.width / 2
    yield f'<text x="{middle:.1f}" y="{y + 19:.1f}" text-anchor="middle">{escape(name)}</text>'
    yield (
        f'<text x="{middle:.1f}" y="{y + 34:.1f}" text-anchor="middle" font-size="10" fill="#495057">'
        f"{box.kind}{times}</text>"
    )
    inner_x = x + _PADDING
    for flow in item.flows:
        yield from _draw(flow, inner_x, y + _TITLE + _PADDING, steps)
        inner_x += flow.width + _PADDING


def _draw_arrow(flow: _Flow, arrow: Arrow, left: float, top: float, taken: bool) -> Iterator[str]:
    source, target = flow.placed[arrow.source], flow.placed[arrow.target]
    x1, y1 = left + source.x + source.width / 2, top + source.y + source.height
    x2, y2 = left + target.x + target.width / 2, top + target.y
    bend = (y2 - y1) / 2
    path = f"M{x1:.1f} {y1:.1f} C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
    if target.y <= source.y:  # up, around the right side
        x1, y1 = left + source.x + source.width, top + source.y + source.height / 2
        x2, y2 = left + target.x + target.width, top + target.y + target.height / 2
        side = max(x1, x2) + _GAP_X
        path = f"M{x1:.1f} {y1:.1f} C{side:.1f} {y1:.1f} {side:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    colour, thickness = ("#2d6a4f", 3) if taken else ("#868e96", 1.2)
    dashes = ' stroke-dasharray="5 4"' if arrow.is_error else ""
    title = f"<title>{escape(arrow.label)}</title>" if arrow.label else ""
    yield (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{thickness}"{dashes} marker-end="url(#end)">'
        f"{title}</path>"
    )
