"""The Step Functions service: its state and its table of operations."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import ClassVar

from emulator.account import Account
from emulator.effects import Process
from emulator.operation import CallContext, Params, Reply, Service
from emulator.services.stepfunctions.activities import Activities, ActivityOperations
from emulator.services.stepfunctions.aliases import AliasOperations
from emulator.services.stepfunctions.asl import Catalogue
from emulator.services.stepfunctions.closed_executions import ClosedExecutions
from emulator.services.stepfunctions.execution_log import LogStreams
from emulator.services.stepfunctions.execution_reads import ExecutionReads
from emulator.services.stepfunctions.executions import ExecutionOperations
from emulator.services.stepfunctions.map_run import MapRuns
from emulator.services.stepfunctions.map_run_operations import MapRunOperations
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.single_state import SingleStateOperations
from emulator.services.stepfunctions.start_rate import StartRate
from emulator.services.stepfunctions.state import Execution, StateMachine
from emulator.services.stepfunctions.state_machines import StateMachineOperations
from emulator.services.stepfunctions.surroundings import Surroundings
from emulator.services.stepfunctions.tags import TagOperations
from emulator.services.stepfunctions.task_tokens import TaskTokenOperations, TaskTokens
from emulator.services.stepfunctions.versions import VersionOperations

__all__ = ["StepFunctionsService"]


def _nobody_listens() -> bool:
    """Where there is no event bus."""
    return False


class StepFunctionsService(
    VersionOperations,
    AliasOperations,
    StateMachineOperations,
    ExecutionOperations,
    MapRunOperations,
    ExecutionReads,
    ActivityOperations,
    TaskTokenOperations,
    TagOperations,
    SingleStateOperations,
    Service,
):
    """Standard and Express workflows. The newest `retained_executions` closed executions stay readable for AWS's ninety days.

    `emulated` are the services that tasks can call (None: any), `offers` tells which of their operations. Status changes go to the
    default event bus, through `events:PutEvents`, while `status_events` says that somebody listens there.
    """

    service_id: ClassVar[str] = "stepfunctions"
    resource_members: ClassVar[tuple[str, ...]] = (
        "executionArn",
        "stateMachineArn",
        "activityArn",
        "mapRunArn",
        "stateMachineVersionArn",
        "stateMachineAliasArn",
        "resourceArn",
        "name",
    )

    def __init__(
        self,
        account: Account,
        quotas: StepFunctionsQuotas = StepFunctionsQuotas(),  # noqa: B008  # frozen
        *,
        retained_executions: int = 20_000,
        emulated: Collection[str] | None = None,
        offers: Callable[[str, str], bool] | None = None,
        status_events: Callable[[], bool] = _nobody_listens,
    ) -> None:
        super().__init__(account)
        self.quotas = quotas
        self.catalogue = Catalogue(emulated, offers)
        self.state_machines: dict[str, StateMachine] = {}
        self.executions: dict[str, Execution] = {}
        self.open_express: dict[str, Execution] = {}
        self.open_executions = 0
        self.tokens = TaskTokens(account.identifiers)
        self.activities: Activities = {}
        self.map_runs: MapRuns = {}
        self.closed_executions = ClosedExecutions(
            self.executions, self.map_runs, retained_executions, quotas.execution_retention_seconds
        )
        self.standard_rate = StartRate(quotas.start_execution_bucket, quotas.start_execution_per_second)
        self.express_rate = StartRate(quotas.start_express_bucket, quotas.start_express_per_second)
        self.task_rates = {
            kind: StartRate(quotas.send_task_bucket, quotas.send_task_per_second)
            for kind in ("Success", "Failure", "Heartbeat")
        }
        self.around = Surroundings(
            account,
            quotas,
            self.tokens,
            self.activities,
            self.map_runs,
            LogStreams(account.identifiers),
            self.register_child,
            self.closed_executions.add,
            status_events,
        )

    def handle(self, name: str, params: Params, context: CallContext) -> Reply | Process:
        """Run one operation on what can still be read at this time. Raises AwsError."""
        self.closed_executions.expire(context.now)
        return super().handle(name, params, context)
