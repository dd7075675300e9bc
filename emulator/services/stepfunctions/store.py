"""The state of the service, and how its resources are found: what all operations share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emulator.account import Account
from emulator.services.stepfunctions.activities import Activities
from emulator.services.stepfunctions.asl import Catalogue
from emulator.services.stepfunctions.closed_executions import ClosedExecutions
from emulator.services.stepfunctions.errors import (
    ExecutionDoesNotExist,
    ResourceNotFound,
    ServiceQuotaExceededException,
    StateMachineDoesNotExist,
    ValidationException,
)
from emulator.services.stepfunctions.map_run import MapRun, MapRuns
from emulator.services.stepfunctions.naming import check_arn
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.start_rate import StartRate
from emulator.services.stepfunctions.state import Execution, StateMachine, Version
from emulator.services.stepfunctions.surroundings import Surroundings
from emulator.services.stepfunctions.task_tokens import TaskTokens

__all__ = ["Store", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """What an ARN of a state machine means: the machine, or the version that the ARN or an alias picks."""

    machine: StateMachine
    version_arn: str | None = None
    alias_arn: str | None = None
    description: str = ""

    def covers(self, execution: Execution) -> bool:
        """Whether an execution was started with this ARN (any of the machine's, where it names no version or alias)."""
        if execution.state_machine_arn != self.machine.arn:
            return False
        if self.alias_arn is not None:
            return execution.alias_arn == self.alias_arn
        return self.version_arn is None or execution.version_arn == self.version_arn


class Store:
    """State machines, executions, map runs, activities, tokens."""

    account: Account
    quotas: StepFunctionsQuotas
    catalogue: Catalogue
    around: Surroundings
    state_machines: dict[str, StateMachine]
    executions: dict[str, Execution]
    open_express: dict[str, Execution]
    closed_executions: ClosedExecutions
    open_executions: int
    tokens: TaskTokens
    activities: Activities
    map_runs: MapRuns
    standard_rate: StartRate
    express_rate: StartRate

    def find_state_machine(self, arn: str) -> StateMachine:
        """The machine of that ARN. Raises InvalidArn, StateMachineDoesNotExist."""
        check_arn(arn, "stateMachine")
        machine = self.state_machines.get(arn)
        if machine is None:
            raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
        return machine

    def find_target(self, arn: str) -> Target:
        """The machine, version or alias of that ARN; an alias picks one of its versions by their weights.

        Raises InvalidArn, StateMachineDoesNotExist, and ValidationException for the ARN of a map run's label.
        """
        check_arn(arn, "stateMachine")
        machine_arn, qualifier = _split(arn)
        if "/" in machine_arn.rpartition(":")[2]:
            raise ValidationException("Only state machine ARNs without the label of a Map state are supported")
        machine = self.state_machines.get(machine_arn)
        if machine is None:
            raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
        if qualifier is None:
            return Target(machine)
        alias = machine.aliases.get(qualifier)
        if alias is not None:
            version_arn = alias.routing[0][0]
            if len(alias.routing) > 1 and self.account.identifiers.random.random() * 100 >= alias.routing[0][1]:
                version_arn = alias.routing[1][0]
            version = machine.versions[int(version_arn.rpartition(":")[2])]
            return Target(version.machine, version.arn, alias.arn, version.description)
        if qualifier.isdecimal() and int(qualifier) in machine.versions:
            version = machine.versions[int(qualifier)]
            return Target(version.machine, version.arn, None, version.description)
        raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")

    def find_execution(self, arn: str) -> Execution:
        """The execution of that ARN. Raises InvalidArn, ExecutionDoesNotExist."""
        check_arn(arn, "execution")
        execution = self.executions.get(arn)
        if execution is None:
            raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'")
        return execution

    def find_map_run(self, arn: str) -> MapRun:
        """The map run of that ARN. Raises InvalidArn, ResourceNotFound."""
        check_arn(arn, "mapRun")
        run = self.map_runs.get(arn)
        if run is None:
            raise ResourceNotFound(f"Resource not found: '{arn}'", fields={"resourceName": arn})
        return run

    def publish(self, machine: StateMachine, description: str, now: float) -> Version:
        """A version of the machine as it is now; nothing new where its last version is of the same revision."""
        last = machine.versions.get(machine.last_version)
        if last is not None and last.machine.revision_id == machine.revision_id:
            return last
        if len(machine.versions) >= self.quotas.maximum_versions:
            raise ServiceQuotaExceededException(
                f"Service Quota Exceeded: '{self.quotas.maximum_versions} versions of {machine.arn}'"
            )
        machine.last_version += 1
        arn = f"{machine.arn}:{machine.last_version}"
        snapshot = replace(machine, versions={}, aliases={}, tags={})
        version = machine.versions[machine.last_version] = Version(
            arn, machine.last_version, description, now, snapshot
        )
        return version


def _split(arn: str) -> tuple[str, str | None]:
    """The machine's ARN, and the version or alias behind it."""
    parts = arn.split(":")
    return ":".join(parts[:7]), (":".join(parts[7:]) if len(parts) > 7 else None)
