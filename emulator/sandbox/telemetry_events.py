"""Writes the platform's telemetry: which event tells of which step of an environment's life.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

from __future__ import annotations

from math import ceil
from typing import Any

from emulator.sandbox.effects import EnvironmentSpec, InvocationResult, Outcome, RunInvocation
from emulator.sandbox.extensions_api import Extension
from emulator.sandbox.telemetry_api import TelemetryApi

__all__ = ["TelemetryEvents"]

_STATUS = {Outcome.OK: "success", Outcome.ERROR: "error", Outcome.TIMEOUT: "timeout"}


class TelemetryEvents:
    """Emits the events of one environment; costs nothing where nobody subscribes."""

    def __init__(self, api: TelemetryApi, spec: EnvironmentSpec) -> None:
        self._api = api
        self._spec = spec
        self._phase = "init"
        self._request_id = ""
        self._result: InvocationResult | None = None

    # -- init --------------------------------------------------------------------------------------------------------------------

    def init_started(self, *, suppressed: bool) -> None:
        """An init phase begins; `suppressed` where it is part of an invocation."""
        self._api.begin()
        self._phase = "invoke" if suppressed else "init"
        record = {
            **self._init(),
            "functionName": self._spec.function_name,
            "functionVersion": self._spec.version,
            "runtimeVersion": self._spec.runtime,
        }
        self._api.emit("platform.initStart", record)

    def init_runtime_done(self) -> None:
        """The runtime is ready."""
        if self._api.wanted:
            self._api.emit("platform.initRuntimeDone", {**self._init(), "status": "success"})

    def init_ended(self, status: str, milliseconds: float, error_type: str = "") -> None:
        """The phase is over."""
        if not self._api.wanted:
            return
        record: dict[str, Any] = {**self._init(), "status": status, "metrics": {"durationMs": round(milliseconds, 3)}}
        if error_type:
            record["errorType"] = error_type
        if status != "success":
            self._api.emit("platform.initRuntimeDone", {name: record[name] for name in record if name != "metrics"})
        self._api.emit("platform.initReport", record)

    def _init(self) -> dict[str, Any]:
        return {"initializationType": self._spec.initialization_type, "phase": self._phase}

    # -- invocations -------------------------------------------------------------------------------------------------------------

    def started(self, invocation: RunInvocation) -> None:
        """An event is handed over."""
        self._request_id = invocation.request_id
        record: dict[str, Any] = {"requestId": invocation.request_id, "version": self._spec.version}
        if invocation.trace_header:
            record["tracing"] = {"type": "X-Amzn-Trace-Id", "value": invocation.trace_header}
        self._api.emit("platform.start", record)

    def answered(self, result: InvocationResult) -> None:
        """The runtime has answered, or failed."""
        self._result = result
        metrics = {"durationMs": round(result.duration_milliseconds, 3), "producedBytes": len(result.payload)}
        record = {"requestId": self._request_id, "status": self._status(result), "metrics": metrics, **_error(result)}
        self._api.emit("platform.runtimeDone", record)
        self._api.emit("platform.end", {"requestId": self._request_id})

    def finished(self, milliseconds: float) -> None:
        """The invocation is over, for extensions too, after `milliseconds` in all."""
        result = self._result
        if result is None:
            return
        self._result = None
        report = {
            "durationMs": round(result.duration_milliseconds, 3),
            "billedDurationMs": ceil(milliseconds),
            "memorySizeMB": self._spec.memory_mb,
            "maxMemoryUsedMB": result.max_memory_mb,
        }
        status = self._status(result)
        record = {"requestId": self._request_id, "metrics": report, "status": status, **_error(result)}
        self._api.emit("platform.report", record)
        if status == "failure":
            self._api.emit("platform.fault", f"RequestId: {self._request_id} Process exited before completing request")

    def _status(self, result: InvocationResult) -> str:
        return _STATUS.get(result.outcome, "failure")

    # -- the rest ----------------------------------------------------------------------------------------------------------------

    def extension_ready(self, extension: Extension) -> str:
        """An extension waits for its first event; the log line that says so."""
        self.extension_state(extension, "Ready")
        return f"EXTENSION\tName: {extension.name}\tState: Ready\tEvents: [{','.join(extension.events)}]"

    def extension_state(self, extension: Extension, state: str) -> None:
        """An extension is `Ready`, or `Exited`."""
        record = {"name": extension.name, "state": state, "events": list(extension.events)}
        self._api.emit("platform.extension", record)

    def function_line(self, text: str) -> None:
        """The function wrote a line."""
        self._api.emit("function", f"{text}\n")

    def extension_line(self, text: str) -> None:
        """An extension wrote a line."""
        self._api.emit("extension", f"{text}\n")

    def freeze(self) -> None:
        """Nobody could receive anything."""
        self._api.freeze()

    def thaw(self) -> None:
        """Somebody can again."""
        self._api.thaw()

    def shut_down(self) -> None:
        """The last chance."""
        self._api.thaw()
        self._api.flush()

    def close(self) -> None:
        """The environment is gone."""
        self._api.close()


def _error(result: InvocationResult) -> dict[str, str]:
    return {"errorType": result.error_type} if result.error_type else {}
