"""Provisioned concurrency: environments that are initialised before anybody asks for them.

https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from __future__ import annotations

from typing import Any

from emulator.effects import Notify, Process, Spawn
from emulator.errors import AwsError
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.cold_starts import ColdStarts
from emulator.services.lambda_.errors import InvalidParameterValueException, ResourceConflictException
from emulator.services.lambda_.function_name import LATEST, function_arn
from emulator.services.lambda_.state import Function, ProvisionedConcurrency, lambda_time

__all__ = ["ProvisionedConcurrencyConfigNotFoundException", "ProvisionedConcurrencyOperations"]

ALLOCATED = ("lambda", "allocated")
"""The topic of allocations that ended, well or not."""
_NOT_QUALIFIED = "The function resource provided must be an alias or a published version."
_UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."


class ProvisionedConcurrencyConfigNotFoundException(AwsError):
    """The qualifier has none."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No Provisioned Concurrency Config found for this function", fields={"Type": "User"})


class ProvisionedConcurrencyOperations(ColdStarts):
    """One configuration for a version or an alias."""

    @operation("PutProvisionedConcurrencyConfig")
    def put_provisioned_concurrency_config(self, params: Params, context: CallContext) -> Reply:
        """Ask for environments; they are allocated behind the answer."""
        function, qualifier = self._provisioned_target(params, _UNPUBLISHED)
        wanted = params["ProvisionedConcurrentExecutions"]
        self._check_unshared(function, qualifier)
        self._check_provisioned(function, qualifier, wanted)
        config = ProvisionedConcurrency(wanted, lambda_time(context.now))
        function.provisioned[qualifier] = config
        allocate = Spawn(f"provision {function.name}:{qualifier}", lambda: self.allocate(function, qualifier))
        return Reply(self._provisioned_shape(function, qualifier, config), (allocate,))

    @operation("GetProvisionedConcurrencyConfig")
    def get_provisioned_concurrency_config(self, params: Params, context: CallContext) -> Reply:
        """What is asked for and what is there."""
        function, qualifier = self._provisioned_target(params)
        config = function.provisioned.get(qualifier)
        if config is None:
            raise ProvisionedConcurrencyConfigNotFoundException
        return Reply(self._provisioned_shape(function, qualifier, config))

    @operation("ListProvisionedConcurrencyConfigs")
    def list_provisioned_concurrency_configs(self, params: Params, context: CallContext) -> Reply:
        """All configurations of a function."""
        function = self.function(self.unqualified(params))
        shown = [
            {
                "FunctionArn": function_arn(self.account, function.name, qualifier),
                **self._provisioned_shape(function, qualifier, config),
            }
            for qualifier, config in sorted(function.provisioned.items())
        ]
        return Reply(self.page(params, "ProvisionedConcurrencyConfigs", shown))

    @operation("DeleteProvisionedConcurrencyConfig")
    def delete_provisioned_concurrency_config(self, params: Params, context: CallContext) -> Reply:
        """Let the environments go."""
        function, qualifier = self._provisioned_target(params)
        if function.provisioned.pop(qualifier, None) is None:
            return Reply()
        return Reply({}, (Spawn(f"unprovision {function.name}", lambda: self.release_unwanted(function)),))

    def allocate(self, function: Function, qualifier: str) -> Process:
        """Start what is missing, one after the other, and release what is too much; who waits for an allocation hears of it."""
        yield from self._allocate(function, qualifier)
        yield Notify(ALLOCATED)

    def _allocate(self, function: Function, qualifier: str) -> Process:
        yield from self.release_unwanted(function)
        config = function.provisioned.get(qualifier)
        while config is not None and function.provisioned.get(qualifier) is config:
            configuration = self._target_of(function, qualifier)
            ready = self.environments.provisioned(configuration.revision_id)
            if len(ready) >= config.requested:
                config.status = "READY"
                return
            start = self.environments.provision(configuration)
            if start is None:
                limit = self.environments.capacity.max_environments
                config.status = "FAILED"
                config.reason = (
                    f"This machine carries {limit} environments at a time (the emulator's max_environments, not a limit of AWS); "
                    f"{len(ready)} of {config.requested} are allocated."
                )
                return
            yield from self._apply(self.environments.make_room())
            yield from self._cold_start(function, start)
            if len(self.environments.provisioned(configuration.revision_id)) <= len(ready):
                config.status, config.reason = "FAILED", "FUNCTION_ERROR_INIT_FAILURE"
                return

    def release_unwanted(self, function: Function) -> Process:
        """Give up provisioned environments beyond what the function's configurations ask for."""
        wanted: dict[str, int] = {}
        for qualifier, config in function.provisioned.items():
            revision = self._target_of(function, qualifier).revision_id
            wanted[revision] = wanted.get(revision, 0) + config.requested
        for configuration in (function.latest, *function.versions.values()):
            ready = self.environments.provisioned(configuration.revision_id)
            for environment in ready[wanted.get(configuration.revision_id, 0) :]:
                yield from self._apply(self.environments.unprovision(environment))

    def _target_of(self, function: Function, qualifier: str) -> Any:
        alias = function.aliases.get(qualifier)
        return self.configuration(function, qualifier if alias is None else alias.function_version)

    def _provisioned_target(self, params: Params, refusal: str = _NOT_QUALIFIED) -> tuple[Function, str]:
        name = self.named(params)
        qualifier = name.qualifier or LATEST
        if qualifier == LATEST:
            raise InvalidParameterValueException(refusal)
        function = self.functions.get(name.name)
        if function is None or (qualifier not in function.versions and qualifier not in function.aliases):
            raise self.missing(name.name, qualifier)
        if self._target_of(function, qualifier).version == LATEST:
            raise InvalidParameterValueException(_UNPUBLISHED)
        return function, qualifier

    def _check_unshared(self, function: Function, qualifier: str) -> None:
        """A version has environments of its own or those of one alias, never both."""
        alias = function.aliases.get(qualifier)
        version = qualifier if alias is None else alias.function_version
        pointing = [
            other.name
            for other in function.aliases.values()
            if version in (other.function_version, *other.routing)
            and other.name in function.provisioned
            and other.name != qualifier
        ]
        if alias is None and pointing:
            raise ResourceConflictException("Version is pointed by a Provisioned Concurrency alias")
        if alias is not None and any(one in function.provisioned for one in (version, *alias.routing)):
            raise ResourceConflictException(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )

    def _check_provisioned(self, function: Function, qualifier: str, wanted: int) -> None:
        others = sum(config.requested for name, config in function.provisioned.items() if name != qualifier)
        reserved = function.reserved_concurrency
        if reserved is not None:
            if others + wanted > reserved:
                raise InvalidParameterValueException(
                    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
                )
            return
        least = self.quotas.minimum_unreserved_concurrency
        elsewhere = sum(self.set_aside(other) for other in self.functions.values() if other is not function)
        unreserved = self.quotas.concurrent_executions - elsewhere - others
        if wanted > unreserved:
            raise InvalidParameterValueException(
                "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency "
                f"[{unreserved}]."
            )
        if unreserved - wanted < least:
            raise InvalidParameterValueException(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{least}]."
            )

    def _provisioned_shape(self, function: Function, qualifier: str, config: ProvisionedConcurrency) -> dict[str, Any]:
        ready = min(
            config.requested, len(self.environments.provisioned(self._target_of(function, qualifier).revision_id))
        )
        shown: dict[str, Any] = {
            "RequestedProvisionedConcurrentExecutions": config.requested,
            "AvailableProvisionedConcurrentExecutions": ready,
            "AllocatedProvisionedConcurrentExecutions": ready,
            "Status": config.status,
            "LastModified": config.last_modified,
        }
        if config.reason:
            shown["StatusReason"] = config.reason
        return shown
