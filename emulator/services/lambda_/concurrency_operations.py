"""Reserved concurrency and the account's limits. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""

from __future__ import annotations

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import InvalidParameterValueException
from emulator.services.lambda_.store import FunctionStore

__all__ = ["ConcurrencyOperations"]


class ConcurrencyOperations(FunctionStore):
    """How many invocations may run at a time."""

    @operation("PutFunctionConcurrency")
    def put_function_concurrency(self, params: Params, context: CallContext) -> Reply:
        """Reserve concurrency; 0 stops the function."""
        function = self.function(self.named(params))
        wanted = params["ReservedConcurrentExecutions"]
        least = self.quotas.minimum_unreserved_concurrency
        others = sum(other.reserved_concurrency or 0 for other in self.functions.values() if other is not function)
        if self.quotas.concurrent_executions - others - wanted < least:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{least}]."
            )
        function.reserved_concurrency = wanted
        return Reply({"ReservedConcurrentExecutions": wanted})

    @operation("GetFunctionConcurrency")
    def get_function_concurrency(self, params: Params, context: CallContext) -> Reply:
        """What is reserved, if anything."""
        reserved = self.function(self.named(params)).reserved_concurrency
        return Reply({} if reserved is None else {"ReservedConcurrentExecutions": reserved})

    @operation("DeleteFunctionConcurrency")
    def delete_function_concurrency(self, params: Params, context: CallContext) -> Reply:
        """Reserve nothing."""
        self.function(self.named(params)).reserved_concurrency = None
        return Reply()

    @operation("GetAccountSettings")
    def get_account_settings(self, params: Params, context: CallContext) -> Reply:
        """Limits and use."""
        quotas = self.quotas
        reserved = sum(function.reserved_concurrency or 0 for function in self.functions.values())
        return Reply(
            {
                "AccountLimit": {
                    "TotalCodeSize": quotas.code_storage_bytes,
                    "CodeSizeUnzipped": quotas.unzipped_code_bytes,
                    "CodeSizeZipped": quotas.zip_upload_bytes,
                    "ConcurrentExecutions": quotas.concurrent_executions,
                    "UnreservedConcurrentExecutions": quotas.concurrent_executions - reserved,
                },
                "AccountUsage": {
                    "TotalCodeSize": self.stored_code_bytes(),
                    "FunctionCount": len(self.functions),
                },
            }
        )
