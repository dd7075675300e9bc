"""Functions: create, read, update, delete. https://docs.aws.amazon.com/lambda/latest/dg/lambda-functions.html"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.effects import Process
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.configuration import (
    UNSUPPORTED,
    UNSUPPORTED_AT_CREATION,
    changes,
    check_code_size,
    describe,
    runtime_of,
)
from emulator.services.lambda_.deployment_package import prepared
from emulator.services.lambda_.errors import (
    CodeStorageExceededException,
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from emulator.services.lambda_.function_name import LATEST, FunctionName, function_arn
from emulator.services.lambda_.state import Configuration, Function, LayerVersion, lambda_time
from emulator.services.lambda_.versions import Versions

__all__ = ["FunctionOperations"]


class FunctionOperations(Versions):
    """The functions' control plane."""

    @operation("CreateFunction", unsupported=UNSUPPORTED_AT_CREATION)
    def create_function(self, params: Params, context: CallContext) -> Process:
        """Create a function; it is Active at once."""
        name = FunctionName.parse(params["FunctionName"], None, self.account).name
        runtime = runtime_of(params)
        self._check_new(name)
        checked = changes(params, self._layer_versions(), self.quotas)
        code = yield from prepared(
            params["Code"], operation="CreateFunction", resource=name, runtime=runtime, below="", quotas=self.quotas
        )
        self._check_new(name)  # again: preparing the code took time
        self._check_storage(code.code_size)
        role = checked.pop("role")
        latest = check_code_size(
            Configuration(
                function_name=name,
                version=LATEST,
                revision_id=self.account.identifiers.uuid(),
                last_modified=lambda_time(context.now),
                role=role,
                code=code,
                **checked,
            ),
            self.quotas,
        )
        function = Function(name, latest, self.new_credentials(name, role), tags=dict(params.get("Tags", {})))
        self.functions[name] = function
        if params.get("Publish", False):
            return Reply(describe(self.publish(function, context.now, None), self.account))
        return Reply(describe(latest, self.account))

    def _check_new(self, name: str) -> None:
        if len(name) > self.quotas.function_name_length:
            raise InvalidParameterValueException(
                f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
                f"Member must have length less than or equal to {self.quotas.function_name_length}"
            )
        if name in self.functions:
            raise ResourceConflictException(f"Function already exist: {name}")

    def _check_storage(self, added_bytes: int) -> None:
        """The account's code storage counts every version once."""
        if self.stored_code_bytes() + added_bytes > self.quotas.code_storage_bytes:
            raise CodeStorageExceededException("Code storage limit exceeded.")

    def _layer_versions(self) -> dict[str, LayerVersion]:
        return {version.arn: version for layer in self.layers.values() for version in layer.versions.values()}

    @operation("UpdateFunctionCode", unsupported=("ImageUri", "PublishTo", "SourceKMSKeyArn"))
    def update_function_code(self, params: Params, context: CallContext) -> Process:
        """Replace `$LATEST`'s code; what runs goes on with the old one."""
        function = self.function(self.named(params))
        self.check_revision(params, function.latest.revision_id)
        code = yield from prepared(
            params,
            operation="UpdateFunctionCode",
            resource=function.name,
            runtime=function.latest.runtime,
            below="",
            quotas=self.quotas,
        )
        self._check_storage(code.code_size - function.latest.code.code_size)
        changed: dict[str, Any] = {"code": code}
        if "Architectures" in params:
            changed["architectures"] = tuple(params["Architectures"])
        updated = self._changed(function, changed, context.now)
        if params.get("DryRun", False):
            return Reply(describe(updated, self.account))
        effects = self._install(function, updated)
        if params.get("Publish", False):
            updated = self.publish(function, context.now, None)
        return Reply(describe(updated, self.account), effects)

    @operation("UpdateFunctionConfiguration", unsupported=UNSUPPORTED)
    def update_function_configuration(self, params: Params, context: CallContext) -> Reply:
        """Change `$LATEST`'s configuration."""
        function = self.function(self.named(params))
        self.check_revision(params, function.latest.revision_id)
        checked = changes(params, self._layer_versions(), self.quotas)
        if (
            checked.get("runtime", function.latest.runtime) != function.latest.runtime
            and len(function.latest.code.folders) > 1
        ):
            raise UnsupportedOperation(
                f"lambda:UpdateFunctionConfiguration: the requirements of {function.name} are installed for "
                f"{function.latest.runtime}; update its code with the new runtime, or create it anew"
            )
        updated = self._changed(function, checked, context.now)
        if updated.role != function.latest.role:
            self.forget_credentials(function.credentials)
            function.credentials = self.new_credentials(function.name, updated.role)
        return Reply(describe(updated, self.account), self._install(function, updated))

    def _changed(self, function: Function, members: dict[str, Any], now: float) -> Configuration:
        updated = replace(
            function.latest, **members, revision_id=self.account.identifiers.uuid(), last_modified=lambda_time(now)
        )
        return check_code_size(updated, self.quotas)

    def _install(self, function: Function, updated: Configuration) -> tuple[Any, ...]:
        function.latest = updated
        return self.in_background(self.environments.retire(function.name, LATEST))

    @operation("GetFunction")
    def get_function(self, params: Params, context: CallContext) -> Reply:
        """Configuration, code location (a folder of this machine), tags and reserved concurrency."""
        function, configuration = self.resolve(params)
        folder = configuration.code.folders[-1]
        shown: dict[str, Any] = {
            "Configuration": describe(configuration, self.account),
            "Code": {"RepositoryType": "S3", "Location": f"file://{folder}"},
        }
        if function.tags:
            shown["Tags"] = dict(function.tags)
        if function.reserved_concurrency is not None:
            shown["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
        return Reply(shown)

    @operation("GetFunctionConfiguration")
    def get_function_configuration(self, params: Params, context: CallContext) -> Reply:
        """The configuration of a version."""
        return Reply(describe(self.resolve(params)[1], self.account))

    @operation("ListFunctions", unsupported=("MasterRegion",))
    def list_functions(self, params: Params, context: CallContext) -> Reply:
        """`$LATEST` of every function, or with `FunctionVersion=ALL` all versions."""
        shown: list[dict[str, Any]] = []
        for _, function in sorted(self.functions.items()):
            latest = describe(function.latest, self.account)
            if params.get("FunctionVersion") == "ALL":
                shown.append({**latest, "FunctionArn": function_arn(self.account, function.name, LATEST)})
                shown += [describe(version, self.account) for version in function.versions.values()]
            else:
                shown.append(latest)
        return Reply(self.page(params, "Functions", shown))

    @operation("DeleteFunction")
    def delete_function(self, params: Params, context: CallContext) -> Reply:
        """Delete a function with its versions and aliases, or one version."""
        name = self.named(params)
        function = self.function(name)
        if name.qualifier is None:
            del self.functions[function.name]
            self.forget_credentials(function.credentials)
            return Reply({"StatusCode": 204}, self.in_background(self.environments.retire(function.name)))
        version = name.qualifier
        if version == LATEST:
            raise InvalidParameterValueException("$LATEST version cannot be deleted without deleting the function.")
        if version in function.aliases:
            raise InvalidParameterValueException(
                "Deletion of aliases is not supported by DeleteFunction; use DeleteAlias."
            )
        if version not in function.versions:
            raise ResourceNotFoundException(f"Function not found: {function_arn(self.account, function.name, version)}")
        users = [
            alias.name for alias in function.aliases.values() if version in (alias.function_version, *alias.routing)
        ]
        if users:
            raise ResourceConflictException(
                f"Version was unable to be deleted because the following aliases reference it: {users}"
            )
        del function.versions[version]
        return Reply({"StatusCode": 204}, self.in_background(self.environments.retire(function.name, version)))
