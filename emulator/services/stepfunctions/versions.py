"""Operations on versions: state machines as they were when they were published.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
"""

from __future__ import annotations

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.errors import ConflictException
from emulator.services.stepfunctions.naming import check_arn, page
from emulator.services.stepfunctions.store import Store

__all__ = ["VersionOperations"]

_FIRST_REVISION = "INITIAL"  # what a machine that was never updated is published with


class VersionOperations(Store):
    """Versions: publish, list, delete."""

    @operation("PublishStateMachineVersion")
    def publish_state_machine_version(self, params: Params, context: CallContext) -> Reply:
        """Publish the present revision; with `revisionId`, only if it still is that one."""
        machine = self.find_state_machine(params["stateMachineArn"])
        wanted = params.get("revisionId")
        if wanted is not None and wanted != (machine.revision_id or _FIRST_REVISION):
            raise ConflictException(
                f"Failed to publish the State Machine version for revision {wanted}. The current State Machine revision is "
                f"{machine.revision_id or _FIRST_REVISION}."
            )
        version = self.publish(machine, params.get("description", ""), context.now)
        return Reply({"stateMachineVersionArn": version.arn, "creationDate": version.creation_date})

    @operation("ListStateMachineVersions")
    def list_state_machine_versions(self, params: Params, context: CallContext) -> Reply:
        """All versions, newest first."""
        machine = self.find_state_machine(params["stateMachineArn"])
        part, more = page(list(reversed(machine.versions.values())), params, self.quotas)
        rows = [{"stateMachineVersionArn": version.arn, "creationDate": version.creation_date} for version in part]
        return Reply({"stateMachineVersions": rows, **more})

    @operation("DeleteStateMachineVersion")
    def delete_state_machine_version(self, params: Params, context: CallContext) -> Reply:
        """Delete a version that no alias points to; one that does not exist is deleted already."""
        arn = params["stateMachineVersionArn"]
        check_arn(arn, "stateMachine")
        machine_arn, _, number = arn.rpartition(":")
        machine = self.state_machines.get(machine_arn)
        if machine is not None and number.isdecimal():
            users = [alias.name for alias in machine.aliases.values() if any(arn == to for to, _ in alias.routing)]
            if users:
                raise ConflictException(
                    "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: "
                    f"[{', '.join(users)}]"
                )
            machine.versions.pop(int(number), None)
        return Reply({})
