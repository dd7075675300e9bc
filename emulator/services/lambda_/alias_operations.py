"""Aliases. https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.effects import Spawn
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from emulator.services.lambda_.function_name import LATEST, FunctionName, function_arn
from emulator.services.lambda_.provisioned_concurrency_operations import ProvisionedConcurrencyOperations
from emulator.services.lambda_.state import Alias, Function

__all__ = ["AliasOperations"]


class AliasOperations(ProvisionedConcurrencyOperations):
    """Names for versions."""

    @operation("CreateAlias")
    def create_alias(self, params: Params, context: CallContext) -> Reply:
        """Name a version."""
        name = params["Name"]
        function = self._versioned(params, params["FunctionVersion"])
        if name in function.aliases:
            arn = function_arn(self.account, function.name, name)
            raise ResourceConflictException(f"Alias already exists: {arn}")
        alias = Alias(
            name, params["FunctionVersion"], params.get("Description", ""), {}, self.account.identifiers.uuid()
        )
        alias.routing = self._routing(function, alias.function_version, params.get("RoutingConfig"))
        function.aliases[name] = alias
        return Reply(self._alias_shape(function, alias))

    @operation("GetAlias")
    def get_alias(self, params: Params, context: CallContext) -> Reply:
        """One alias."""
        return Reply(self._alias_shape(*self._alias(params)))

    @operation("UpdateAlias")
    def update_alias(self, params: Params, context: CallContext) -> Reply:
        """Point an alias elsewhere."""
        function, alias = self._alias(params)
        self.check_revision(params, alias.revision_id)
        version = params.get("FunctionVersion", alias.function_version)
        given = params.get("RoutingConfig", {"AdditionalVersionWeights": alias.routing})
        routing = self._routing(function, version, given)
        alias.routing = routing
        alias.function_version = version
        alias.description = params.get("Description", alias.description)
        alias.revision_id = self.account.identifiers.uuid()
        config = function.provisioned.get(alias.name)
        if config is None:
            return Reply(self._alias_shape(function, alias))
        config.status = "IN_PROGRESS"
        allocate = Spawn(f"provision {function.name}:{alias.name}", lambda: self.allocate(function, alias.name))
        return Reply(self._alias_shape(function, alias), (allocate,))

    @operation("DeleteAlias")
    def delete_alias(self, params: Params, context: CallContext) -> Reply:
        """Forget an alias with what hangs on it; one that is not there is no error. Its URL stays, and lets nobody in."""
        function, name = self.function(self.named(params)), params["Name"]
        if function.aliases.pop(name, None) is None:
            return Reply()
        function.policies.pop(name, None)
        function.event_invoke_configs.pop(name, None)
        if function.provisioned.pop(name, None) is None:
            return Reply()
        return Reply({}, (Spawn(f"unprovision {function.name}", lambda: self.release_unwanted(function)),))

    @operation("ListAliases")
    def list_aliases(self, params: Params, context: CallContext) -> Reply:
        """All aliases, or those of one version."""
        function = self.function(self.named(params))
        wanted = params.get("FunctionVersion")
        shown = [
            self._alias_shape(function, alias)
            for _, alias in sorted(function.aliases.items())
            if wanted is None or wanted in (alias.function_version, *alias.routing)
        ]
        return Reply(self.page(params, "Aliases", shown))

    def _alias(self, params: Params) -> tuple[Function, Alias]:
        function = self.function(self.named(params))
        alias = function.aliases.get(params["Name"])
        if alias is None:
            arn = function_arn(self.account, function.name, params["Name"])
            raise ResourceNotFoundException(f"Cannot find alias arn: {arn}")
        return function, alias

    def _versioned(self, params: Params, version: str) -> Function:
        """The function, which a new alias's error names together with the version."""
        name = self.named(params)
        return self.function(FunctionName(name.name, version))

    def _routing(self, function: Function, version: str, config: Mapping[str, Any] | None) -> Mapping[str, float]:
        weights: Mapping[str, float] = {} if config is None else config.get("AdditionalVersionWeights") or {}
        if len(weights) > 1:
            raise InvalidParameterValueException("Number of items in AdditionalVersionWeights cannot be greater than 1")
        if version in weights:
            raise InvalidParameterValueException(
                f"Invalid function version {version}. Function version {version} is already included in routing configuration."
            )
        if weights and version == LATEST:
            raise InvalidParameterValueException(
                "$LATEST is not supported for an alias pointing to more than 1 version"
            )
        for named in (version, *weights):
            if named != LATEST and named not in function.versions:
                raise ResourceNotFoundException(
                    f"Function not found: {function_arn(self.account, function.name, named)}"
                )
        return dict(weights)

    def _alias_shape(self, function: Function, alias: Alias) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "AliasArn": function_arn(self.account, function.name, alias.name),
            "Name": alias.name,
            "FunctionVersion": alias.function_version,
            "Description": alias.description,
            "RevisionId": alias.revision_id,
        }
        if alias.routing:
            shown["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.routing)}
        return shown
