"""Reserved concurrency and the account's limits. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""

from __future__ import annotations

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.admission import Admission
from emulator.services.lambda_.errors import InvalidParameterValueException
from emulator.services.lambda_.function_name import LATEST, FunctionName

__all__ = ["ConcurrencyOperations"]


class ConcurrencyOperations(Admission):
    """How many invocations may run at a time."""

    @operation("PutFunctionConcurrency")
    def put_function_concurrency(self, params: Params, context: CallContext) -> Reply:
        """Reserve concurrency; 0 stops the function."""
        function = self.function(FunctionName(self.unqualified(params).name, LATEST))
        wanted = params["ReservedConcurrentExecutions"]
        least = self.quotas.minimum_unreserved_concurrency
        others = sum(self.set_aside(other) for other in self.functions.values() if other is not function)
        if self.quotas.concurrent_executions - others - wanted < least:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{least}]."
            )
        provisioned = sum(config.requested for config in function.provisioned.values())
        if wanted < provisioned:
            raise InvalidParameterValueException(
                f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned concurrency "
                f"[{provisioned}].",
                fields={"Type": None},  # [O]: this one does not say whose fault it is
            )
        function.reserved_concurrency = wanted
        return Reply({"ReservedConcurrentExecutions": wanted})

    @operation("GetFunctionConcurrency")
    def get_function_concurrency(self, params: Params, context: CallContext) -> Reply:
        """What is reserved, if anything."""
        reserved = self.function(self.unqualified(params)).reserved_concurrency
        return Reply({} if reserved is None else {"ReservedConcurrentExecutions": reserved})

    @operation("DeleteFunctionConcurrency")
    def delete_function_concurrency(self, params: Params, context: CallContext) -> Reply:
        """Reserve nothing."""
        self.function(self.unqualified(params)).reserved_concurrency = None
        return Reply()

    @operation("GetAccountSettings")
    def get_account_settings(self, params: Params, context: CallContext) -> Reply:
        """Limits and use."""
        quotas = self.quotas
        set_aside = sum(self.set_aside(function) for function in self.functions.values())
        return Reply(
            {
                "AccountLimit": {
                    "TotalCodeSize": quotas.code_storage_bytes,
                    "CodeSizeUnzipped": quotas.unzipped_code_bytes,
                    "CodeSizeZipped": quotas.zip_upload_bytes,
                    "ConcurrentExecutions": quotas.concurrent_executions,
                    "UnreservedConcurrentExecutions": quotas.concurrent_executions - set_aside,
                },
                "AccountUsage": {
                    "TotalCodeSize": self.stored_code_bytes(),
                    "FunctionCount": len(self.functions),
                },
            }
        )
