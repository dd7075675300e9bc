"""The limits of expressions. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters"""

from __future__ import annotations

__all__ = [
    "CACHED_EXPRESSIONS",
    "DEEPEST_PATH",
    "LARGEST_INDEX",
    "LONGEST_EXPRESSION_BYTES",
    "MOST_IN_OPERANDS",
    "MOST_OPERATORS",
]

LONGEST_EXPRESSION_BYTES = 4096
"""Of the text as it was sent."""
MOST_OPERATORS = 300
MOST_IN_OPERANDS = 100
DEEPEST_PATH = 32
LARGEST_INDEX = 2**31 - 1
"""Of a list, in a path; it may have no more digits than this either."""
CACHED_EXPRESSIONS = 2048
"""Parsed expressions that are kept; our own number."""
