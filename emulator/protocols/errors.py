"""What is wrong with a request before any service sees it.

AwsError
  SerializationException   the body is not what the operation's shape says (JSON protocols)
    BadText                the same of a header or a parameter (REST protocols)
  MalformedInput           the form of a query request cannot be read
  UnknownOperation         no operation has this target, action or path
  Answered                 an error whose response is already written: what a bridged service answered
"""

from __future__ import annotations

from emulator.errors import AwsError
from emulator.http import HttpResponse

__all__ = ["Answered", "BadText", "MalformedInput", "SerializationException", "UnknownOperation", "UnknownTarget"]


class SerializationException(AwsError):
    """A JSON body that is no JSON, or a value of the wrong type."""


class BadText(SerializationException):
    """A label, header or parameter of a query that is not what its shape says; `name` is its name on the wire."""

    code = "SerializationException"

    def __init__(self, message: str, name: str, text: str) -> None:
        super().__init__(message)
        self.name = name
        self.text = text


class MalformedInput(AwsError):
    """A query request whose form does not follow the operation's shape."""


class UnknownOperation(AwsError):
    """The request names an operation that the service's model does not have."""

    code = "UnknownOperationException"
    status = 404


class UnknownTarget(UnknownOperation):
    """As that, where a header or a parameter names the operation and not the path."""

    code = "UnknownOperationException"
    status = 400


class Answered(AwsError):
    """An error that came with its response; the response goes to the client as it is."""

    response: HttpResponse

    @staticmethod
    def by(response: HttpResponse, code: str, message: str) -> Answered:
        """The error of a response that was read already."""
        kind = type(code, (Answered,), {"code": code, "status": response.status})
        error: Answered = kind(message)
        error.response = response
        return error
