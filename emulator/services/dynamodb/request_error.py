"""What a request says wrongly before any table is looked at, and how each operation words it.

DynamoDB checks requests in two layers. The newer one (PutItem, UpdateItem, DeleteItem, GetItem, BatchGetItem, Query) and the older one
(BatchWriteItem, Scan, transactions) differ in a few texts; the three writes of the newer layer put all of them into the envelope
`1 validation error detected: `.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from emulator.services.dynamodb.errors import ValidationException

__all__ = ["RequestError", "worded"]

ENVELOPE = "1 validation error detected: "
ENVELOPED = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
OLDER = frozenset(
    {
        "BatchWriteItem",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "Get",
        "Put",
        "Update",
        "Delete",
        "ConditionCheck",
    }
)


class RequestError(ValidationException):
    """A defect of the request itself. `older` is the older layer's text, where it differs; `value_name` the `:v` whose value it is."""

    code = "ValidationException"

    def __init__(self, message: str, *, older: str | None = None, value_name: str | None = None) -> None:
        super().__init__(message)
        self.older = message if older is None else older
        self.value_name = value_name

    def of_value(self, value_name: str) -> RequestError:
        """The same error, of the value of an expression."""
        return RequestError(self.message, older=self.older, value_name=value_name)

    def worded(self, operation: str) -> ValidationException:
        """The error as `operation` tells it."""
        if operation in ENVELOPED:
            return ValidationException(ENVELOPE + self.message)
        if operation not in OLDER:
            return ValidationException(self.message)
        if self.value_name is None:
            return ValidationException(self.older)
        return ValidationException(
            f"ExpressionAttributeValues contains invalid value: {self.older} for key {self.value_name}"
        )


class worded:  # noqa: N801 - reads as a word: `with worded("PutItem"):`
    """A block whose request errors are told as one operation tells them."""

    __slots__ = ("_operation",)

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        if kind is RequestError:
            assert isinstance(error, RequestError)
            raise error.worded(self._operation) from None
