"""The Step Functions service: its state and its table of operations."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from emulator.account import Account
from emulator.operation import Service
from emulator.services.stepfunctions.executions import ExecutionOperations
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.state import Execution, StateMachine
from emulator.services.stepfunctions.state_machines import StateMachineOperations
from emulator.services.stepfunctions.task_tokens import TaskTokenOperations, TaskTokens

__all__ = ["StepFunctionsService"]


class StepFunctionsService(StateMachineOperations, ExecutionOperations, TaskTokenOperations, Service):
    """Standard workflows. The newest `retained_executions` closed executions stay readable; older ones are forgotten."""

    service_id: ClassVar[str] = "stepfunctions"
    resource_members: ClassVar[tuple[str, ...]] = ("executionArn", "stateMachineArn", "resourceArn", "name")

    def __init__(
        self,
        account: Account,
        quotas: StepFunctionsQuotas = StepFunctionsQuotas(),  # noqa: B008  # frozen
        *,
        retained_executions: int = 20_000,
    ) -> None:
        super().__init__(account)
        self.quotas = quotas
        self.state_machines: dict[str, StateMachine] = {}
        self.executions: dict[str, Execution] = {}
        self.closed_executions: deque[str] = deque()
        self.retained_executions = retained_executions
        self.open_executions = 0
        self.tokens = TaskTokens(account.identifiers)
