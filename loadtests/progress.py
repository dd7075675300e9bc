"""How a run tells a person, or nobody, how it gets on."""

from __future__ import annotations

from typing import Protocol

from loadtests.live import LiveFigures

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """Tells a person how the run gets on."""

    def phase(self, name: str) -> None:
        """A new part of the run begins."""

    def note(self, text: str) -> None:
        """Something was found out."""

    def update(self, figures: LiveFigures) -> None:
        """The figures are these now."""


class Silent:
    """Tells nobody."""

    def phase(self, name: str) -> None:
        """A new part of the run begins."""

    def note(self, text: str) -> None:
        """Something was found out."""

    def update(self, figures: LiveFigures) -> None:
        """The figures are these now."""
