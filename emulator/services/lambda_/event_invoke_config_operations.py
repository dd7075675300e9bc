"""How asynchronous events are retried and where their records go.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.arn import Arn
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from emulator.services.lambda_.function_name import LATEST, function_arn
from emulator.services.lambda_.state import EventInvokeConfig, Function
from emulator.services.lambda_.store import FunctionStore

__all__ = ["EventInvokeConfigOperations"]

_DESTINATIONS = ("sqs", "sns", "lambda", "events")


class EventInvokeConfigOperations(FunctionStore):
    """One configuration per qualifier."""

    @operation("PutFunctionEventInvokeConfig")
    def put_function_event_invoke_config(self, params: Params, context: CallContext) -> Reply:
        """Set all of it: what is not given is back at Lambda's default."""
        return self._set(params, EventInvokeConfig(context.now))

    @operation("UpdateFunctionEventInvokeConfig")
    def update_function_event_invoke_config(self, params: Params, context: CallContext) -> Reply:
        """Change what is given."""
        return self._set(params, replace(self._existing(params)[2], last_modified=context.now))

    @operation("GetFunctionEventInvokeConfig")
    def get_function_event_invoke_config(self, params: Params, context: CallContext) -> Reply:
        """One qualifier's configuration."""
        return Reply(self._event_invoke_config_shape(*self._existing(params)))

    @operation("DeleteFunctionEventInvokeConfig")
    def delete_function_event_invoke_config(self, params: Params, context: CallContext) -> Reply:
        """Back to Lambda's defaults."""
        function, qualifier, _ = self._existing(params)
        del function.event_invoke_configs[qualifier]
        return Reply()

    @operation("ListFunctionEventInvokeConfigs")
    def list_function_event_invoke_configs(self, params: Params, context: CallContext) -> Reply:
        """The configurations of all qualifiers."""
        function = self.function(self.named(params))
        shown = [
            self._event_invoke_config_shape(function, *item) for item in sorted(function.event_invoke_configs.items())
        ]
        return Reply(self.page(params, "FunctionEventInvokeConfigs", shown))

    def _target(self, params: Params) -> tuple[Function, str]:
        name = self.named(params)
        function = self.function(name)
        self.configuration(function, name.qualifier)
        return function, LATEST if name.qualifier is None else name.qualifier

    def _existing(self, params: Params) -> tuple[Function, str, EventInvokeConfig]:
        function, qualifier = self._target(params)
        config = function.event_invoke_configs.get(qualifier)
        if config is None:
            arn = function_arn(self.account, function.name, qualifier)
            raise ResourceNotFoundException(f"The function {arn} doesn't have an EventInvokeConfig")
        return function, qualifier, config

    def _set(self, params: Params, config: EventInvokeConfig) -> Reply:
        function, qualifier = self._target(params)
        if "MaximumRetryAttempts" in params:
            config = replace(config, maximum_retry_attempts=params["MaximumRetryAttempts"])
        if "MaximumEventAgeInSeconds" in params:
            config = replace(config, maximum_event_age_seconds=params["MaximumEventAgeInSeconds"])
        if "DestinationConfig" in params:
            given = params["DestinationConfig"]
            config = replace(
                config,
                on_success=_destination(given.get("OnSuccess", {}).get("Destination", "")),
                on_failure=_destination(given.get("OnFailure", {}).get("Destination", "")),
            )
        function.event_invoke_configs[qualifier] = config
        return Reply(self._event_invoke_config_shape(function, qualifier, config))

    def _event_invoke_config_shape(
        self, function: Function, qualifier: str, config: EventInvokeConfig
    ) -> dict[str, Any]:
        destinations = {}
        for member, arn in (("OnSuccess", config.on_success), ("OnFailure", config.on_failure)):
            destinations[member] = {"Destination": arn} if arn else {}
        shown: dict[str, Any] = {
            "LastModified": config.last_modified,
            "FunctionArn": function_arn(self.account, function.name, qualifier),
            "DestinationConfig": destinations,
        }
        if config.maximum_retry_attempts is not None:
            shown["MaximumRetryAttempts"] = config.maximum_retry_attempts
        if config.maximum_event_age_seconds is not None:
            shown["MaximumEventAgeInSeconds"] = config.maximum_event_age_seconds
        return shown


def _destination(arn: str) -> str:
    if not arn:
        return ""
    service = Arn.parse(arn).service
    if service not in _DESTINATIONS:
        raise UnsupportedOperation(
            f"lambda: a destination of service {service} ({arn}) is not supported by this emulator"
        )
    if arn.endswith(".fifo"):
        raise InvalidParameterValueException(
            f"The destination ARN {arn} is invalid: FIFO queues and topics are not supported."
        )
    return arn
