"""A plot as inline SVG: scales, axes, lines, areas, bars and points. No script, no font and no file from elsewhere.

Colours are the page's CSS variables, so that a plot follows its light or dark theme.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Axis", "Plot", "linear_axis", "log_axis"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 22, 12, 42
_TICKS = 5
_NICE_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values to the span between 0 and 1, and knows where to put which labels."""

    title: str
    position: Callable[[float], float]
    ticks: Sequence[tuple[float, str]]


def linear_axis(title: str, low: float, high: float, *, snug: bool = False) -> Axis:
    """Return an axis from `low` to the next round value above `high`, or to `high` itself if it is `snug`."""
    span = max(high - low, 1e-9)
    step = _nice_step(span / _TICKS)
    end = low + span if snug else low + math.ceil(span / step - 1e-9) * step
    ticks = [low + index * step for index in range(int((end - low) / step + 1e-9) + 1)]
    return Axis(title, lambda value: (value - low) / (end - low), [(tick, f"{round(tick, 9):g}") for tick in ticks])


def log_axis(title: str, low: float, high: float, label: Callable[[float], str]) -> Axis:
    """Return a logarithmic axis of base 10 with labels at 1, 2 and 5, which covers `low` to `high`, both above 0."""
    marks = [factor * 10.0**power for power in range(-7, 6) for factor in (1, 2, 5)]
    start = max((mark for mark in marks if mark <= low), default=low)
    end = min((mark for mark in marks if mark >= max(high, start * 2)), default=high)
    shown = [mark for mark in marks if start <= mark <= end]
    if len(shown) > 8:
        shown = [mark for mark in shown if math.isclose(math.log10(mark) % 1, 0, abs_tol=1e-9)] or shown
    span = math.log10(end / start)
    return Axis(
        title, lambda value: math.log10(max(value, start) / start) / span, [(mark, label(mark)) for mark in shown]
    )


def _nice_step(raw: float) -> float:
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in _NICE_STEPS if step * power >= raw * 0.999)


class Plot:
    """Collects marks, then renders. Marks are drawn in the order in which they are added."""

    def __init__(self, title: str, x: Axis, y: Axis, width: int = 560, height: int = 280, left: int = _LEFT) -> None:
        self._title = title
        self._x, self._y = x, y
        self._width, self._height, self._left = width, height, left
        self._marks: list[str] = []

    def _at(self, point: Point) -> tuple[float, float]:
        across = self._width - self._left - _RIGHT
        up = self._height - _TOP - _BOTTOM
        left = min(1.0, max(0.0, self._x.position(point[0])))
        bottom = min(1.0, max(0.0, self._y.position(point[1])))
        return round(self._left + left * across, 1), round(_TOP + (1 - bottom) * up, 1)

    def line(
        self,
        points: Sequence[Point],
        colour: str,
        *,
        dashed: bool = False,
        steps: bool = False,
        width: float = 2.0,
        title: str = "",
    ) -> None:
        """Draw a line through points; `steps` holds each value until the next one."""
        if not points:
            return
        path = [self._at(points[0])]
        for point in points[1:]:
            at = self._at(point)
            if steps:
                path.append((at[0], path[-1][1]))
            path.append(at)
        dash = ' stroke-dasharray="4 4"' if dashed else ""
        self._marks.append(
            f'<polyline points="{_joined(path)}" fill="none" stroke="var({colour})" stroke-width="{width:g}" stroke-linejoin="round"{dash}>'
            f"{_tip(title)}</polyline>"
        )

    def area(self, points: Sequence[Point], floor: Sequence[Point], colour: str, title: str = "") -> None:
        """Fill between a line and the one below it."""
        path = [self._at(point) for point in (*points, *reversed(floor))]
        self._marks.append(
            f'<polygon points="{_joined(path)}" fill="var({colour})" fill-opacity="0.8">{_tip(title)}</polygon>'
        )

    def bar(self, low: Point, high: Point, colour: str, title: str = "") -> None:
        """Draw a bar between two corners."""
        (left, bottom), (right, top) = self._at(low), self._at(high)
        size = f'x="{left}" y="{top}" width="{max(1.0, right - left):.1f}" height="{max(0.0, bottom - top):.1f}"'
        self._marks.append(f'<rect {size} rx="1.5" fill="var({colour})" fill-opacity="0.55">{_tip(title)}</rect>')

    def dot(self, point: Point, colour: str, title: str = "", radius: float = 3.0, opacity: float = 0.75) -> None:
        """Draw a point that says what it is when the pointer rests on it."""
        x, y = self._at(point)
        self._marks.append(
            f'<circle cx="{x}" cy="{y}" r="{radius}" fill="var({colour})" fill-opacity="{opacity}">{_tip(title)}</circle>'
        )

    def svg(self) -> str:
        """Return the SVG element."""
        right, bottom = self._width - _RIGHT, self._height - _BOTTOM
        grid: list[str] = []
        for value, label in self._y.ticks:
            y = round(_TOP + (1 - self._y.position(value)) * (bottom - _TOP), 1)
            grid.append(f'<line x1="{self._left}" y1="{y}" x2="{right}" y2="{y}" class="grid"/>')
            grid.append(f'<text x="{self._left - 8}" y="{y + 4}" text-anchor="end">{escape(label)}</text>')
        for value, label in self._x.ticks:
            x = round(self._left + self._x.position(value) * (right - self._left), 1)
            grid.append(f'<line x1="{x}" y1="{bottom}" x2="{x}" y2="{bottom + 4}" class="tick"/>')
            grid.append(f'<text x="{x}" y="{bottom + 17}" text-anchor="middle">{escape(label)}</text>')
        middle = (_TOP + bottom) / 2
        axis = 'text-anchor="middle" class="axis"'
        across = (self._left + right) / 2
        titles = f'<text x="{across}" y="{self._height - 5}" {axis}>{escape(self._x.title)}</text>'
        titles += f'<text transform="translate(13 {middle}) rotate(-90)" {axis}>{escape(self._y.title)}</text>'
        return (
            f'<svg viewBox="0 0 {self._width} {self._height}" role="img" aria-label="{escape(self._title)}">'
            f"{''.join(grid)}{''.join(self._marks)}{titles}</svg>"
        )


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _tip(title: str) -> str:
    return f"<title>{escape(title)}</title>" if title else ""
