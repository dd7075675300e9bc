"""The text of a `wildcard`: `*` stands for any characters, `\\*` and `\\\\` for themselves.

AWS refuses a pattern of which too many places can be active at once while a value is read; where exactly is not published, and the
limit here is drawn between the examples of its documentation.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
"""

from __future__ import annotations

from emulator.services.events.patterns.matchers import Wildcard

__all__ = ["WildcardError", "parse_wildcard"]

_MOST_ACTIVE_PLACES = 9
_TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
    "wildcard character"
)


class WildcardError(ValueError):
    """What is wrong with it; `complexity` where it is well formed but too complex."""

    def __init__(self, message: str, *, complexity: bool = False) -> None:
        super().__init__(message)
        self.complexity = complexity


def parse_wildcard(text: str) -> Wildcard:
    """The matcher. Raises WildcardError."""
    pieces, piece, place, after_star = [], "", 0, False
    while place < len(text):
        sign = text[place]
        if sign == "*":
            if after_star:
                raise WildcardError(f"Consecutive wildcard characters at pos {place}")
            pieces.append(piece)
            piece, after_star = "", True
        else:
            if sign == "\\":
                place += 1
                if text[place : place + 1] not in ("*", "\\"):
                    raise WildcardError(f"Invalid escape character at pos {place - 1}")
                sign = text[place]
            piece, after_star = piece + sign, False
        place += 1
    found = Wildcard((*pieces, piece))
    if len(pieces) > 0 and _active_places(found.pieces) > _MOST_ACTIVE_PLACES:
        raise WildcardError(_TOO_COMPLEX, complexity=True)
    return found


def _active_places(pieces: tuple[str, ...]) -> int:
    """The most places of the pattern that are active at once, when it reads itself without its asterisks."""
    signs: list[str | None] = []  # None is an asterisk
    for index, piece in enumerate(pieces):
        signs.extend(([None] if index else []) + list(piece))
    loops: set[int] = set()  # asterisks that are passed
    places = {0}
    most = 0
    for sign in (sign for sign in signs if sign is not None):
        arrived = {place for place in places if place < len(signs) and signs[place] is None}
        loops |= arrived
        candidates = places | {loop + 1 for loop in loops}
        places = {place + 1 for place in candidates if place < len(signs) and signs[place] == sign}
        most = max(most, len(places) + len(loops | {p for p in places if p < len(signs) and signs[p] is None}))
    return most
