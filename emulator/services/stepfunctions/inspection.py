"""An interpreter that runs one state by itself, writes down the data after each step, and takes a mocked result for the state's work.

https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.services.stepfunctions.asl.definition import MapState, PassState, State, TaskState
from emulator.services.stepfunctions.asl.document import Document
from emulator.services.stepfunctions.asl.failures import StateFailure
from emulator.services.stepfunctions.branches import selected_item
from emulator.services.stepfunctions.distributed_map import EXCEEDED, batch_limits, tolerances
from emulator.services.stepfunctions.environment import Branch, StateEnvironment
from emulator.services.stepfunctions.execution_process import HANDLERS
from emulator.services.stepfunctions.interpreter import Handler, Interpreter, Outcome, Run, parameters_of
from emulator.services.stepfunctions.item_batcher import batches
from emulator.services.stepfunctions.item_reader import parsed_items
from emulator.services.stepfunctions.state import Execution
from emulator.services.stepfunctions.surroundings import Surroundings

__all__ = ["Inspector", "Mock", "shown_steps"]


@dataclass(frozen=True, slots=True)
class Mock:
    """What the state's work gives instead of being done: a result, or an error."""

    result: Document | None = None
    error: str | None = None
    cause: str | None = None
    failed_iterations: int = 0
    item_reader_data: str | None = None


class _TestEnvironment(StateEnvironment):
    """An environment whose context object was given, or else is a tested state's: no redrives, and a role only where one was named."""

    __slots__ = ("given",)

    given: Mapping[str, Any] | None

    def context(self) -> Mapping[str, Any]:
        if self.given is not None:
            return self.given
        context = dict(super().context())
        execution = dict(context["Execution"])
        del execution["RedriveCount"]
        return context | {"Execution": execution | {"RoleArn": execution["RoleArn"] or None}}


@dataclass(slots=True)
class Inspector:
    """Runs one state; `noted` has the data after each step, by AWS's names, as JSON texts (numbers as numbers)."""

    noted: dict[str, Any] = field(default_factory=dict)
    traced: dict[str, Any] = field(default_factory=dict)
    """Request and response of an HTTP task; with what the connection added to them where `reveals_secrets`."""
    reveals_secrets: bool = False

    def interpreter(
        self, execution: Execution, around: Surroundings, mock: Mock | None, context: Mapping[str, Any] | None
    ) -> Interpreter:
        """The interpreter for the state."""
        noted, traced, reveals_secrets = self.noted, self.traced, self.reveals_secrets

        class Noting(Interpreter):
            def note(self, name: str, document: Document) -> None:
                noted[name] = document.text

            def trace(self, name: str, whole: Mapping[str, str], without_secrets: Mapping[str, str]) -> None:
                traced[name] = dict(whole if reveals_secrets else without_secrets)

            def environment(self, branch: Branch, document: Document, **extra: Any) -> StateEnvironment:
                made = _TestEnvironment(self.execution, branch, document, self.account.identifiers, self.now, extra)
                made.given = context
                return made

        handlers: dict[type[State], Handler] = dict(HANDLERS)
        if mock is not None:
            for kind in HANDLERS:
                if kind.__name__ in ("MapState", "ParallelState", "TaskState"):
                    handlers[kind] = lambda *arguments: self._mocked(mock, *arguments)
        return Noting(execution, around, handlers, _no_children)

    def _mocked(self, mock: Mock, interpreter: Interpreter, state: State, data: Document, branch: Branch) -> Run:
        """The state's input processing, then the mock."""
        if isinstance(state, MapState):
            self._inspect_map(mock, interpreter, state, data, branch)
        else:
            parameters_of(interpreter, state, data, branch)
            if isinstance(state, TaskState) and state.role_arn is not None:
                state.role_arn.evaluate(interpreter.environment(branch, data))
        if mock.result is None:
            raise StateFailure(mock.error, mock.cause)
        interpreter.check_size(mock.result, state.name)
        return Outcome(mock.result, state.next, state.assign, state.output)
        yield

    def _inspect_map(
        self, mock: Mock, interpreter: Interpreter, state: MapState, data: Document, branch: Branch
    ) -> None:
        """Items, selector, batches and limits of a Map state, for its first item or batch."""
        if state.reader is not None:
            items = parsed_items(state.reader, (mock.item_reader_data or "[]").encode())
            if state.reader.items_pointer is not None:
                self.noted["afterItemsPointer"] = Document.of(items).text
        else:
            read = interpreter.filtered(state.items_path, data, branch)
            self.noted["afterItemsPath"] = read.text
            items = read.value if isinstance(read.value, list) else []
        selected = [selected_item(interpreter, state, items, data, branch, index) for index in range(len(items))]
        if state.item_selector is not None:
            self.noted["afterItemSelector"] = Document.of_list(selected).text
        if state.batcher is not None:
            limits, shared = batch_limits(interpreter, state.batcher, data, branch)
            made = batches(state.batcher, selected, limits, shared)
            self.noted["afterItemBatcher"] = Document.of_list([document for document, _ in made]).text
        self.noted["maxConcurrency"] = state.max_concurrency
        if not state.is_distributed:
            return
        count, percentage = tolerances(interpreter, state, data, branch)
        tolerated = {"toleratedFailureCount": count, "toleratedFailurePercentage": percentage}
        self.noted |= {name: value for name, value in tolerated.items() if value is not None}
        allowed = [] if count is None else [float(count)]
        if percentage is not None:
            allowed.append(len(items) * percentage / 100)
        if allowed and mock.failed_iterations > min(allowed):  # where nothing is said, a mocked result stands
            raise StateFailure(EXCEEDED, "The specified tolerated failure threshold was exceeded", inside=True)


_WITH_RESULT = frozenset({"Parallel", "Task"})
_ONLY_INPUT = frozenset({"Choice", "Fail", "Succeed", "Wait"})


def shown_steps(state: State, noted: Mapping[str, Any]) -> dict[str, Any]:
    """The steps that AWS shows for a state's type: as recorded, some where they change nothing, others not at all."""
    shown = dict(noted)
    if state.is_jsonata:
        if state.kind not in _WITH_RESULT:
            shown.pop("result", None)
        shown.pop("afterItemsPath", None)
        return shown
    result = shown.get("result")
    if state.kind in _ONLY_INPUT:
        for name in ("result", "afterParameters", "afterResultSelector", "afterResultPath"):
            shown.pop(name, None)
        return shown
    if isinstance(state, PassState) and state.has_result:
        for name in ("afterInputPath", "afterParameters"):
            shown.pop(name, None)
    elif state.kind in ("Pass", "Task") and "afterInputPath" in shown:
        shown.setdefault("afterParameters", shown["afterInputPath"])
    if result is not None:
        shown.setdefault("afterResultSelector", result)
        if state.kind != "Task" and not (isinstance(state, PassState) and state.has_result):
            del shown["result"]
    return shown


def _no_children(child: Execution) -> Run:
    raise AssertionError("a state that is tested starts no children")
    yield
