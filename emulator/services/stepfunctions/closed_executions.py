"""The executions that have ended: how many of them stay readable, for how long, and in how little memory.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-state-machine-executions
"""

from __future__ import annotations

from collections import deque

from emulator.services.stepfunctions.map_run import MapRuns
from emulator.services.stepfunctions.state import Execution

__all__ = ["ClosedExecutions"]

_RECENT = 500
"""The newest executions are kept as they are: they are the ones that are read, and a short run need not pay for packing."""


class ClosedExecutions:
    """Forgets executions out of `executions`, and their map runs, oldest end first.

    At most `most` stay (a bound of this emulator), none for more than `seconds` after its end (AWS's).
    """

    def __init__(self, executions: dict[str, Execution], map_runs: MapRuns, most: int, seconds: float) -> None:
        self._executions = executions
        self._map_runs = map_runs
        self._most = most
        self._seconds = seconds
        self._closed: deque[tuple[float, Execution]] = deque()
        self._recent: deque[Execution] = deque()

    def add(self, execution: Execution) -> None:
        """An execution has ended; it may be redriven and end again."""
        if execution.stop_date is None:
            return  # the emulator ends, not the execution
        self._recent.append(execution)
        if len(self._recent) > min(_RECENT, self._most):
            aged = self._recent.popleft()
            if not aged.is_running:  # a redriven one comes back
                aged.pack()
        self._closed.append((execution.stop_date, execution))
        if len(self._closed) > self._most:
            self._forget_oldest()

    def expire(self, now: float) -> None:
        """Forget what ended too long ago."""
        while self._closed and self._closed[0][0] + self._seconds < now:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        stopped, execution = self._closed.popleft()
        # One that was redriven has a later end, and one whose name was used again is not the one of that name.
        if execution.stop_date == stopped and self._executions.get(execution.arn) is execution:
            del self._executions[execution.arn]
            self._forget_map_runs()

    def _forget_map_runs(self) -> None:
        """Map runs go with their execution; they began in about the order in which executions end."""
        while self._map_runs:
            oldest = next(iter(self._map_runs.values()))
            if oldest.execution_arn in self._executions:
                return
            del self._map_runs[oldest.arn]
