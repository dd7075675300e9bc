"""What is wrong with a request before any service sees it.

AwsError
  SerializationException   the body is not what the operation's shape says (JSON protocols)
  MalformedInput           the form of a query request cannot be read
  UnknownOperation         no operation has this target, action or path
  Answered                 an error whose response is already written: what a bridged service answered
"""

from __future__ import annotations

from emulator.errors import AwsError
from emulator.http import HttpResponse

__all__ = ["Answered", "MalformedInput", "SerializationException", "UnknownOperation"]


class SerializationException(AwsError):
    """A JSON body that is no JSON, or a value of the wrong type."""


class MalformedInput(AwsError):
    """A query request whose form does not follow the operation's shape."""


class UnknownOperation(AwsError):
    """The request names an operation that the service's model does not have."""

    code = "UnknownOperationException"
    status = 404


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
