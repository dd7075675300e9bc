"""The documents that Lambda itself writes when a function fails before it could: timeouts, exits, failed init, too large responses.

https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html and runtimes-api.html
"""

from __future__ import annotations

import orjson

from emulator.sandbox.effects import InitFailure, InvocationResult, Outcome

__all__ = ["exit_error", "exit_reason", "failure_document", "init_error_type", "init_failure_document"]

_SIGNALS = {9: "killed", 11: "segmentation fault", 6: "aborted", 15: "terminated"}


def failure_document(
    result: InvocationResult, request_id: str, timeout_seconds: float, response_limit_bytes: int
) -> bytes:
    """The payload of an invocation whose runtime gave none."""
    if result.outcome is Outcome.TIMEOUT:
        return timeout_document(request_id, timeout_seconds)
    if result.outcome is Outcome.TOO_LARGE:
        message = f"Response payload size exceeded maximum allowed payload size ({response_limit_bytes} bytes)."
        return _document("Function.ResponseSizeTooLarge", message)
    error_type, reason = exit_error(result)
    return _document(error_type, f"RequestId: {request_id} Error: {reason}")


def exit_error(result: InvocationResult) -> tuple[str, str]:
    """Type and text of an invocation whose programs ended: the runtime's, or an extension's."""
    return result.error_type or "Runtime.ExitError", _reason(result.error_type, result.exit_code)


def init_error_type(failure: InitFailure) -> str:
    """What INIT_REPORT calls it; empty for a timeout."""
    if failure.kind == "timeout":
        return ""
    return failure.error_type or "Runtime.ExitError"


def _reason(error_type: str, exit_code: int | None) -> str:
    if error_type == "Runtime.InvalidEntrypoint":
        return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    if error_type.startswith("Runtime.") or not error_type:
        return exit_reason(exit_code)
    if error_type == "Extension.Crash" and exit_code is not None:
        return f"exit code {exit_code}" if exit_code >= 0 else f"signal: {_SIGNALS.get(-exit_code, str(-exit_code))}"
    return error_type


def timeout_document(request_id: str, timeout_seconds: float) -> bytes:
    """The payload of an invocation that was killed at its deadline."""
    return _document(
        "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {timeout_seconds:.2f} seconds"
    )


def init_failure_document(failure: InitFailure, request_id: str, timeout_seconds: float) -> bytes:
    """The payload of an invocation for which no environment could be initialised."""
    if failure.kind == "error":
        return failure.payload
    if failure.kind == "timeout":
        return timeout_document(request_id, timeout_seconds)
    error_type = init_error_type(failure)
    return _document(error_type, f"RequestId: {request_id} Error: {_reason(error_type, failure.exit_code)}")


def exit_reason(exit_code: int | None) -> str:
    """How a process ended, in Lambda's words."""
    if exit_code is None or exit_code == 0:
        return "Runtime exited without providing a reason"
    if exit_code < 0:
        return f"Runtime exited with error: signal: {_SIGNALS.get(-exit_code, str(-exit_code))}"
    return f"Runtime exited with error: exit status {exit_code}"


def _document(error_type: str, message: str) -> bytes:
    return orjson.dumps({"errorType": error_type, "errorMessage": message})
