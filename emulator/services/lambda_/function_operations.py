"""Functions: create, read, update, delete. https://docs.aws.amazon.com/lambda/latest/dg/lambda-functions.html"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.effects import Call, Now, Process
from emulator.errors import AwsError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.code_location import CodeLocations
from emulator.services.lambda_.configuration import (
    UNSUPPORTED,
    UNSUPPORTED_AT_CREATION,
    changes,
    check_code_size,
    describe,
    listed,
    runtime_of,
)
from emulator.services.lambda_.deployment_package import prepared
from emulator.services.lambda_.errors import (
    CodeStorageExceededException,
    InvalidParameterValueException,
    ResourceConflictException,
)
from emulator.services.lambda_.function_name import LATEST, FunctionName
from emulator.services.lambda_.state import Configuration, Function, LayerVersion, Transition, lambda_time
from emulator.services.lambda_.tag_operations import TagOperations
from emulator.services.lambda_.transitions import BEGINNING, check_settled
from emulator.services.lambda_.versions import Versions

__all__ = ["FunctionOperations"]

_PRINCIPAL = "lambda.amazonaws.com"


class FunctionOperations(Versions, CodeLocations, TagOperations):
    """The functions' control plane."""

    @operation("CreateFunction", unsupported=UNSUPPORTED_AT_CREATION)
    def create_function(self, params: Params, context: CallContext) -> Process:
        """Create a function. It is Pending, and Active when the time for that (`quotas`) has passed."""
        name = self.unqualified(params).name
        runtime = runtime_of(params)
        self._check_new(name)
        self.check_tags(params.get("Tags", {}))
        checked = changes(params, self._layer_versions(), self.quotas, self.account.region)
        yield from self._with_network(checked)
        code = yield from prepared(
            params["Code"], operation="CreateFunction", resource=name, runtime=runtime, below="", quotas=self.quotas
        )
        self._check_new(name)  # again: preparing the code took time
        self._check_storage(code.code_size)
        now = yield Now()
        role = checked.pop("role")
        uuid = self.account.identifiers.uuid
        latest = check_code_size(
            Configuration(
                function_name=name,
                version=LATEST,
                revision_id=uuid(),
                public_revision_id=uuid(),
                last_modified=lambda_time(now),
                role=role,
                code=code,
                transition=Transition(True, now + self.quotas.creation_seconds, uuid()),
                **checked,
            ),
            self.quotas,
        )
        function = Function(name, latest, self.new_credentials(name, role), tags=dict(params.get("Tags", {})))
        self.functions[name] = function
        if params.get("Publish", False):
            # Whoever creates and publishes at once is told the function's ARN, with the version's number.
            published = self.publish(function, now, None)
            return Reply({**describe(published, self.account, BEGINNING), "FunctionArn": latest.arn(self.account)})
        return Reply(describe(latest, self.account, BEGINNING))

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

    @operation("UpdateFunctionCode", unsupported=("PublishTo", "SourceKMSKeyArn"))
    def update_function_code(self, params: Params, context: CallContext) -> Process:
        """Replace `$LATEST`'s code; what runs goes on with the old one."""
        function = self.function(self.named(params))
        self._check_changeable(params, function, context.now)
        if "ImageUri" in params:
            raise InvalidParameterValueException(
                "Please don't provide ImageUri when updating a function with packageType Zip."
            )
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
        now = yield Now()
        updated = self._changed(function, changed, now)
        if params.get("DryRun", False):
            return Reply(describe(replace(updated, transition=None), self.account, now))
        effects = self._install(function, updated)
        if params.get("Publish", False):
            updated = self.publish(function, now, None)
        return Reply(describe(updated, self.account, BEGINNING), effects)

    @operation("UpdateFunctionConfiguration", unsupported=UNSUPPORTED)
    def update_function_configuration(self, params: Params, context: CallContext) -> Process:
        """Change `$LATEST`'s configuration."""
        function = self.function(self.named(params))
        self._check_changeable(params, function, context.now)
        latest = function.latest
        checked = changes(params, self._layer_versions(), self.quotas, self.account.region, latest)
        yield from self._with_network(checked)
        if checked.get("runtime", latest.runtime) != latest.runtime and len(latest.code.folders) > 1:
            raise UnsupportedOperation(
                f"lambda:UpdateFunctionConfiguration: the requirements of {function.name} are installed for "
                f"{latest.runtime}; update its code with the new runtime, or create it anew"
            )
        updated = self._changed(function, checked, context.now)
        if updated.role != latest.role:
            self.forget_credentials(function.credentials)
            function.credentials = self.new_credentials(function.name, updated.role)
        return Reply(describe(updated, self.account, BEGINNING), self._install(function, updated))

    def _check_changeable(self, params: Params, function: Function, now: float) -> None:
        self.check_revision(params, function.latest.shown_revision_id(now))
        check_settled(function.latest, function.latest.arn(self.account), now)

    def _with_network(self, checked: dict[str, Any]) -> Process:
        """Look up the VPC of the subnets that a configuration names, as Lambda does."""
        vpc = checked.get("vpc")
        if vpc is None or not vpc.get("SubnetIds"):
            return
        try:
            answer = yield Call("ec2", "DescribeSubnets", {"SubnetIds": vpc["SubnetIds"]}, principal=_PRINCIPAL)
        except AwsError as error:
            raise InvalidParameterValueException(
                f"Error occurred while DescribeSubnets. EC2 Error Code: {error.code}. EC2 Error Message: {error.message}"
            ) from error
        checked["vpc"] = {**vpc, "VpcId": answer["Subnets"][0]["VpcId"]}

    def _changed(self, function: Function, members: dict[str, Any], now: float) -> Configuration:
        uuid = self.account.identifiers.uuid
        updated = replace(
            function.latest,
            **members,
            revision_id=uuid(),
            public_revision_id=uuid(),
            last_modified=lambda_time(now),
            transition=Transition(False, now + self.quotas.update_seconds, uuid()),
        )
        return check_code_size(updated, self.quotas)

    def _install(self, function: Function, updated: Configuration) -> tuple[Any, ...]:
        function.latest = updated
        return self.in_background(self.environments.retire(function.name, LATEST))

    @operation("GetFunction")
    def get_function(self, params: Params, context: CallContext) -> Reply:
        """Configuration, code location, tags and reserved concurrency."""
        name = self.named(params)
        function, configuration = self.resolve(params)
        shown: dict[str, Any] = {
            "Configuration": describe(configuration, self.account, context.now, name.qualifier),
            "Code": {"RepositoryType": "S3", "Location": self.function_location(function.name, configuration.version)},
        }
        if function.tags:
            shown["Tags"] = dict(function.tags)
        if function.reserved_concurrency is not None:
            shown["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
        return Reply(shown)

    @operation("GetFunctionConfiguration")
    def get_function_configuration(self, params: Params, context: CallContext) -> Reply:
        """The configuration of a version."""
        configuration = self.resolve(params)[1]
        return Reply(describe(configuration, self.account, context.now, self.named(params).qualifier))

    @operation("ListFunctions")
    def list_functions(self, params: Params, context: CallContext) -> Reply:
        """`$LATEST` of every function, or with `FunctionVersion=ALL` all versions."""
        if params.get("MasterRegion") not in (None, "ALL", self.account.region):
            return Reply({"Functions": []})  # no function here is a copy of another region's
        every = params.get("FunctionVersion") == "ALL"
        shown = [
            listed(version, self.account, context.now, qualified=every)
            for _, function in sorted(self.functions.items())
            for version in (function.latest, *(function.versions.values() if every else ()))
        ]
        return Reply(self.page(params, "Functions", shown))

    @operation("DeleteFunction")
    def delete_function(self, params: Params, context: CallContext) -> Reply:
        """Delete a function with its versions and aliases, or one version."""
        name = self.named(params)
        if name.qualifier == LATEST:
            raise InvalidParameterValueException("$LATEST version cannot be deleted without deleting the function.")
        function = self.function(FunctionName(name.name, None))
        if name.qualifier is None:
            del self.functions[function.name]
            self.forget_credentials(function.credentials)
            return Reply({"StatusCode": 204}, self.in_background(self.environments.retire(function.name)))
        version = name.qualifier
        if version in function.aliases:
            raise InvalidParameterValueException("Deletion of aliases is not currently supported.")
        users = [
            alias.name for alias in function.aliases.values() if version in (alias.function_version, *alias.routing)
        ]
        if users:
            raise ResourceConflictException(
                f"Version was unable to be deleted because the following aliases reference it: [{', '.join(users)}]"
            )
        if function.versions.pop(version, None) is None:
            return Reply({"StatusCode": 204})  # there is nothing to delete
        for settings in (function.policies, function.event_invoke_configs, function.provisioned):
            settings.pop(version, None)
        return Reply({"StatusCode": 204}, self.in_background(self.environments.retire(function.name, version)))
