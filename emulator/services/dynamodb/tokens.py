"""Client request tokens: the same request within ten minutes is not done again.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#DDB-TransactWriteItems-request-ClientRequestToken
"""

from __future__ import annotations

from collections import deque
from typing import Any

from emulator.services.dynamodb.errors import IdempotentParameterMismatchException

__all__ = ["Tokens"]

MISMATCH = (
    "DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token that was already "
    "used."
)


class Tokens:
    """What was asked under each token, and what it cost. In the order of their end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[str, tuple[float, Any, Any]] = {}
        self._ends: deque[tuple[float, str]] = deque()

    def find(self, token: str, request: Any, now: float) -> Any | None:
        """What was remembered for the token, or None where it is new. Raises IdempotentParameterMismatchException."""
        while self._ends and self._ends[0][0] <= now:
            self._known.pop(self._ends.popleft()[1], None)
        known = self._known.get(token)
        if known is None:
            return None
        if known[1] != request:
            raise IdempotentParameterMismatchException(MISMATCH)
        return known[2]

    def remember(self, token: str, request: Any, outcome: Any, now: float) -> None:
        """Keep what came of a request under its token."""
        end = now + self._seconds
        self._known[token] = (end, request, outcome)
        self._ends.append((end, token))

    def rows(self) -> list[tuple[str, float, Any, Any]]:
        """Token, end, request and outcome of each."""
        return [(token, *known) for token, known in self._known.items()]

    def restore(self, rows: list[tuple[str, float, Any, Any]]) -> None:
        """Take over what `rows` gave."""
        for token, end, request, outcome in sorted(rows, key=lambda row: row[1]):
            self._known[token] = (end, request, outcome)
            self._ends.append((end, token))
