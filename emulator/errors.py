"""The two roots of all errors that we raise on purpose.

    EmulatorError            our own user's misuse: bad configuration, unknown target, unsupported template
    AwsError                 what a client of an AWS API sees
      UnsupportedOperation   an operation, parameter or value that this emulator does not do; always named
      InternalFailure        a defect of ours, reported as AWS reports its own

Services subclass AwsError once per modelled error and name the class exactly as botocore names the error shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = ["AwsError", "EmulatorError", "InternalFailure", "UnsupportedOperation"]


class EmulatorError(Exception):
    """Our user's mistake. The message names the thing, the limit and what to do next."""


class AwsError(Exception):
    """An error that a client of an AWS API receives.

    `code` is the code on the wire, `status` the HTTP status, `fault` whose fault it is (`client` or `server`). They are class
    attributes, given only where they differ from the class's name, 400 and `client`. `fields` are further members of the error's shape.
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 400
    fault: ClassVar[str] = "client"

    def __init__(self, message: str = "", *, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields: Mapping[str, Any] = {} if fields is None else fields

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = cls.__name__

    @staticmethod
    def named(code: str, message: str, *, status: int = 400, fields: Mapping[str, Any] | None = None) -> AwsError:
        """An error whose code is only known at run time: a fault that was asked for, or what a bridged service answered."""
        fault = "server" if status >= 500 else "client"
        kind = type(code, (AwsError,), {"code": code, "status": status, "fault": fault})
        error: AwsError = kind(message, fields=fields)
        return error


class UnsupportedOperation(AwsError):
    """What this emulator does not do. Never answered with success; the message names it."""

    code = "NotImplemented"
    status = 501
    fault = "server"


class InternalFailure(AwsError):
    """A defect of the emulator; AWS's services use the same code for theirs."""

    status = 500
    fault = "server"
