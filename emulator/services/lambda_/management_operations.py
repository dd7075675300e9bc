"""Settings of a function that are kept and shown, and have no effect on this machine.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html      runtimes here are what is installed
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html  loops are not detected, whatever is set
https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html  there are no code signing configurations
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import InvalidParameterValueException
from emulator.services.lambda_.function_name import LATEST, FunctionName
from emulator.services.lambda_.state import Function, RuntimeManagement
from emulator.services.lambda_.store import FunctionStore

__all__ = ["ManagementOperations"]


class ManagementOperations(FunctionStore):
    """Runtime management, recursion, code signing."""

    @operation("PutRuntimeManagementConfig")
    def put_runtime_management_config(self, params: Params, context: CallContext) -> Reply:
        """Say when a version's runtime is to be updated."""
        function, version = self._managed(params)
        wanted = RuntimeManagement(params["UpdateRuntimeOn"], params.get("RuntimeVersionArn") or "")
        if (wanted.update_on == "Manual") != bool(wanted.runtime_version_arn):
            raise InvalidParameterValueException(
                "RuntimeVersionArn must be given where UpdateRuntimeOn is Manual, and only there."
            )
        function.runtime_management[version] = wanted
        return Reply(self._management_shape(function, version))

    @operation("GetRuntimeManagementConfig")
    def get_runtime_management_config(self, params: Params, context: CallContext) -> Reply:
        """When a version's runtime is to be updated; `Auto` if nobody said."""
        return Reply(self._management_shape(*self._managed(params)))

    @operation("PutFunctionRecursionConfig")
    def put_function_recursion_config(self, params: Params, context: CallContext) -> Reply:
        """Say whether a function may be part of a loop."""
        function = self.function(self.unqualified(params))
        function.recursive_loop = params["RecursiveLoop"]
        return Reply({"RecursiveLoop": function.recursive_loop})

    @operation("GetFunctionRecursionConfig")
    def get_function_recursion_config(self, params: Params, context: CallContext) -> Reply:
        """Whether a function may be part of a loop."""
        return Reply({"RecursiveLoop": self.function(self.unqualified(params)).recursive_loop})

    @operation("GetFunctionCodeSigningConfig")
    def get_function_code_signing_config(self, params: Params, context: CallContext) -> Reply:
        """No function has one: CreateCodeSigningConfig is refused."""
        self.function(self.unqualified(params))
        return Reply({})

    @operation("DeleteFunctionCodeSigningConfig")
    def delete_function_code_signing_config(self, params: Params, context: CallContext) -> Reply:
        """There is nothing to delete, which is no error of AWS's either."""
        self.function(self.unqualified(params))
        return Reply()

    @operation("ListCodeSigningConfigs")
    def list_code_signing_configs(self, params: Params, context: CallContext) -> Reply:
        """There are none."""
        return Reply({"CodeSigningConfigs": []})

    def _managed(self, params: Params) -> tuple[Function, str]:
        name = self.named(params)
        function = self.function(FunctionName(name.name, None))
        return function, self.configuration(function, name.qualifier or LATEST).version

    def _management_shape(self, function: Function, version: str) -> dict[str, Any]:
        config = function.runtime_management.get(version, RuntimeManagement())
        configuration = self.configuration(function, version)
        shown: dict[str, Any] = {
            "UpdateRuntimeOn": config.update_on,
            "FunctionArn": configuration.arn(self.account) + (":" + LATEST if version == LATEST else ""),
        }
        if config.runtime_version_arn:
            shown["RuntimeVersionArn"] = config.runtime_version_arn
        return shown
