"""What expressions see while a state runs: the data, the context object, and the variables of this branch and those around it.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from emulator.identifiers import Identifiers
from emulator.services.stepfunctions.asl.definition import State
from emulator.services.stepfunctions.asl.document import Document
from emulator.services.stepfunctions.asl.failures import DataFlowError
from emulator.services.stepfunctions.asl.timestamps import format_timestamp
from emulator.services.stepfunctions.state import Execution

__all__ = ["Branch", "StateEnvironment"]

_WITH_RETRIES = frozenset({"Task", "Parallel", "Map"})


class Branch:
    """One thread of an execution: the machine itself, a branch of a Parallel state, or an iteration of a Map state."""

    __slots__ = (
        "children",
        "entered",
        "finished",
        "last_event_id",
        "map_index",
        "map_item",
        "map_run",
        "output",
        "outputs",
        "parent",
        "resuming",
        "retry_count",
        "state",
        "state_input",
        "task_token",
        "variable_bytes",
        "variables",
    )

    def __init__(self, last_event_id: int, parent: Branch | None = None) -> None:
        self.last_event_id = last_event_id
        self.parent = parent
        self.variables: dict[str, Any] = {}
        self.variable_bytes: dict[str, int] = {}
        self.map_item: Mapping[str, Any] | None = None if parent is None else parent.map_item
        self.map_index: tuple[str, int] | None = None
        """State name and index, where this is an iteration whose start was written down."""
        self.children: list[Branch] = []
        self.finished = False
        self.state: State | None = None
        self.entered = 0.0
        self.retry_count = 0
        self.task_token: str | None = None
        self.state_input: Document | None = None
        """What the state got; with the four below, what a redrive goes on from."""
        self.output: Document | None = None
        """The last state's output, where the branch came to its end."""
        self.outputs: list[Document | None] | None = None
        """Of the Map state that runs: the iterations' outputs."""
        self.map_run: Any = None
        """Of the Distributed Map that runs: its MapRun."""
        self.resuming = False
        """Whether the next state is the one that a redrive goes on with."""

    def resume(self, last_event_id: int) -> None:
        """Make the branch ready to go on with the state that it stopped in."""
        self.last_event_id = last_event_id
        self.finished = False
        self.retry_count = 0
        self.resuming = True

    def variable(self, name: str) -> Any:
        """The value of a variable, from the innermost scope that has it. Raises DataFlowError."""
        branch: Branch | None = self
        while branch is not None:
            if name in branch.variables:
                return branch.variables[name]
            branch = branch.parent
        raise DataFlowError(f"The variable '${name}' is not defined")

    def all_variables(self) -> dict[str, Any]:
        """The variables of this scope and of those around it."""
        outer = {} if self.parent is None else self.parent.all_variables()
        return {**outer, **self.variables}


class StateEnvironment:
    """The environment of one evaluation."""

    __slots__ = ("_bindings", "_branch", "_document", "_execution", "_extra", "_identifiers", "_now", "data")

    def __init__(
        self,
        execution: Execution,
        branch: Branch,
        document: Document,
        identifiers: Identifiers,
        now: float,
        extra: Mapping[str, Any],
    ) -> None:
        self._now = now
        self._extra = extra
        self._bindings: dict[str, Any] | None = None
        self._execution = execution
        self._branch = branch
        self._document = document
        self._identifiers = identifiers
        self.data = document.value

    def context(self) -> Mapping[str, Any]:
        """The context object, `$$`."""
        execution, branch, state = self._execution, self._branch, self._branch.state
        context: dict[str, Any] = {
            "Execution": {
                "Id": execution.arn,
                "Input": execution.input.value,
                "StartTime": format_timestamp(execution.start_date),
                "Name": execution.name,
                "RoleArn": execution.role_arn,
                "RedriveCount": execution.redrive_count,
            },
            "StateMachine": {"Id": execution.state_machine_arn, "Name": execution.state_machine_name},
        }
        if execution.redrive_date is not None:
            context["Execution"]["RedriveTime"] = format_timestamp(execution.redrive_date)
        if state is not None:
            context["State"] = {"Name": state.name, "EnteredTime": format_timestamp(branch.entered)}
            if state.kind in _WITH_RETRIES:
                context["State"]["RetryCount"] = branch.retry_count
        if branch.task_token is not None:
            context["Task"] = {"Token": branch.task_token}
        if branch.map_item is not None:
            context["Map"] = {"Item": branch.map_item}
        return context

    def query_bindings(self, convert: Callable[[Any], Any], with_context: bool) -> Mapping[str, Any]:
        """What JSONata sees: the variables and `$states`, with `result` or `errorOutput` where there is one.

        `convert` makes its nulls of ours; it runs once per environment, and never over an input that holds none.
        """
        if self._bindings is None:
            data = convert(self.data) if "null" in self._document.text else self.data
            states = {"input": data, **{name: convert(value) for name, value in self._extra.items()}}
            variables = self._branch.all_variables().items()
            self._bindings = {**{name: convert(value) for name, value in variables}, "states": states}
        if with_context:
            self._bindings["states"]["context"] = convert(self.context())
        return self._bindings

    def now(self) -> float:
        """Epoch seconds on the engine's clock."""
        return self._now

    def variable(self, name: str) -> Any:
        """The value of a variable. Raises DataFlowError."""
        return self._branch.variable(name)

    def random(self) -> Random:
        """The seeded source of random numbers."""
        return self._identifiers.random

    def uuid(self) -> str:
        """A seeded UUID."""
        return self._identifiers.uuid()

    def input_text(self) -> str:
        """The data as JSON, for error texts."""
        return self._document.text
