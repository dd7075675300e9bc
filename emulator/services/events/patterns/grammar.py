"""Parses the text of an event pattern, with AWS's words for what is wrong and where.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from itertools import product

from emulator.services.events.patterns.matchers import Equal, Matcher
from emulator.services.events.patterns.operators import match_expression
from emulator.services.events.patterns.tokens import Tokens

__all__ = ["Alternative", "parse_alternatives"]

Alternative = tuple[tuple[str, tuple[Matcher, ...]], ...]
"""Paths, each with the matchers of which one must hold."""

_MOST_ALTERNATIVES = 1_000  # an event pattern's `$or` may multiply out to this many combinations


def parse_alternatives(text: str) -> list[Alternative]:
    """All combinations of a pattern. Raises PatternError."""
    tokens = Tokens(text)
    if tokens.next() != "{":
        raise tokens.fail("Filter is not an object")
    return _object(tokens, "")


def _object(tokens: Tokens, prefix: str) -> list[Alternative]:
    parts: list[list[Alternative]] = []
    while tokens.next() != "}":
        name = tokens.value
        tokens.next()
        if tokens.kind == "{":
            parts.append(_object(tokens, f"{prefix}{name}."))
        elif tokens.kind != "[":
            raise tokens.fail_before_text(f'"{name}" must be an object or an array')
        elif name == "$or":
            parts.append(_or(tokens, prefix))
        else:
            parts.append([((f"{prefix}{name}", _matchers(tokens)),)])
    if not parts:
        raise tokens.fail("Empty objects are not allowed")
    count = 1
    for part in parts:
        count *= len(part)
    if count > _MOST_ALTERNATIVES:
        raise tokens.fail(f"Rule is too complex - $or has more than {_MOST_ALTERNATIVES} combinations")
    return [tuple(path for part in combination for path in part) for combination in product(*parts)]


def _or(tokens: Tokens, prefix: str) -> list[Alternative]:
    alternatives: list[Alternative] = []
    count = 0
    while tokens.next() != "]":
        if tokens.kind != "{":
            raise tokens.fail("Only JSON object is allowed in array of $or relationship.")
        alternatives.extend(_object(tokens, prefix))
        count += 1
    if count == 0:
        raise tokens.fail("Empty arrays are not allowed")
    if count < 2:
        raise tokens.fail("There must have at least 2 Objects in $or relationship.")
    return alternatives


def _matchers(tokens: Tokens) -> tuple[Matcher, ...]:
    matchers: list[Matcher] = []
    while tokens.next() != "]":
        if tokens.kind == "{":
            matchers.append(match_expression(tokens))
        elif tokens.kind == "[":
            raise tokens.fail("Match value must be String, number, true, false, or null")
        else:
            matchers.append(Equal(tokens.value))
    if not matchers:
        raise tokens.fail("Empty arrays are not allowed")
    return tuple(matchers)
