"""How asynchronous events are retried and where their records go.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.arn import Arn
from emulator.effects import Call, Process
from emulator.errors import AwsError, EmulatorError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from emulator.services.lambda_.function_name import LATEST, FunctionName, function_arn
from emulator.services.lambda_.state import EventInvokeConfig, Function
from emulator.services.lambda_.store import FunctionStore

__all__ = ["EventInvokeConfigOperations"]

_DESTINATIONS = ("sqs", "sns", "lambda", "events", "s3")
"""S3 for failures only."""


class EventInvokeConfigOperations(FunctionStore):
    """One configuration per qualifier."""

    @operation("PutFunctionEventInvokeConfig")
    def put_function_event_invoke_config(self, params: Params, context: CallContext) -> Process:
        """Set all of it: what is not given is back at Lambda's default."""
        if not {"MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"}.intersection(params):
            raise InvalidParameterValueException(
                "You must specify at least one of error handling or destination setting."
            )
        function, qualifier = self._target(params)
        return (yield from self._set(function, qualifier, params, EventInvokeConfig(context.now)))

    @operation("UpdateFunctionEventInvokeConfig")
    def update_function_event_invoke_config(self, params: Params, context: CallContext) -> Process:
        """Change what is given."""
        self._target(params)
        function, qualifier, config = self._existing(params)
        return (yield from self._set(function, qualifier, params, replace(config, last_modified=context.now)))

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
        function = self._target(params)[0]
        shown = [
            self._event_invoke_config_shape(function, *item) for item in sorted(function.event_invoke_configs.items())
        ]
        return Reply(self.page(params, "FunctionEventInvokeConfigs", shown))

    def _target(self, params: Params) -> tuple[Function, str]:
        name = self.named(params)
        function, qualifier = self.functions.get(name.name), name.qualifier or LATEST
        if function is None or (
            qualifier != LATEST and qualifier not in function.versions and qualifier not in function.aliases
        ):
            raise ResourceNotFoundException("The function doesn't exist.")
        return function, qualifier

    def _existing(self, params: Params) -> tuple[Function, str, EventInvokeConfig]:
        name = self.named(params)
        function, qualifier = self.functions.get(name.name), name.qualifier or LATEST
        config = None if function is None else function.event_invoke_configs.get(qualifier)
        if function is None or config is None:
            arn = function_arn(self.account, name.name, qualifier)
            raise ResourceNotFoundException(f"The function {arn} doesn't have an EventInvokeConfig")
        return function, qualifier, config

    def _set(self, function: Function, qualifier: str, params: Params, config: EventInvokeConfig) -> Process:
        if "MaximumRetryAttempts" in params:
            config = replace(config, maximum_retry_attempts=params["MaximumRetryAttempts"])
        if "MaximumEventAgeInSeconds" in params:
            config = replace(config, maximum_event_age_seconds=params["MaximumEventAgeInSeconds"])
        if "DestinationConfig" in params:
            given = params["DestinationConfig"]
            config = replace(
                config,
                on_success=(yield from self._destination(function, given, "OnSuccess")),
                on_failure=(yield from self._destination(function, given, "OnFailure")),
            )
        function.event_invoke_configs[qualifier] = config
        return Reply(self._event_invoke_config_shape(function, qualifier, config))

    def _destination(self, function: Function, given: Mapping[str, Any], member: str) -> Process:
        """A destination's ARN, checked as far as the emulator can without its role: what Lambda would refuse, and what is not there."""
        arn = given.get(member, {}).get("Destination", "")
        if not arn:
            return ""
        target = Arn.parse(arn)
        if target.service not in _DESTINATIONS or (target.service == "s3" and member == "OnSuccess"):
            raise InvalidParameterValueException(f"The provided destination config {_written(given)} is invalid.")
        if arn.endswith(".fifo"):
            raise InvalidParameterValueException(
                f"The destination ARN {arn} is invalid: FIFO queues and topics are not supported."
            )
        if target.service == "lambda":
            self._check_function_destination(function, arn)
        if target.service == "events":
            yield from self._check_bus(target, arn)
        return arn

    def _check_function_destination(self, function: Function, arn: str) -> None:
        name = FunctionName.parse(arn, None, self.account)
        if name.name == function.name:
            raise InvalidParameterValueException("You can't specify the function as a destination for itself.")
        if name.name not in self.functions:
            raise InvalidParameterValueException(f"The destination ARN {arn} is invalid.")

    def _check_bus(self, target: Arn, arn: str) -> Process:
        """A bus must be there to send to: without the service `events` the record of an event would be lost much later."""
        name = target.resource.removeprefix("event-bus/")
        try:
            yield Call("events", "DescribeEventBus", {"Name": name}, principal="lambda.amazonaws.com")
        except EmulatorError as error:
            raise UnsupportedOperation(
                f"lambda: a destination of service events ({arn}) is not supported by this emulator"
            ) from error
        except AwsError as error:
            raise InvalidParameterValueException(f"The destination ARN {arn} is invalid.") from error

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


def _written(config: Mapping[str, Any]) -> str:
    """`DestinationConfig(onSuccess=OnSuccess(destination=...), onFailure=null)`: how Lambda's error writes it."""
    parts = []
    for member in ("OnSuccess", "OnFailure"):
        lower = member[0].lower() + member[1:]
        arn = config.get(member, {}).get("Destination")
        parts.append(f"{lower}=null" if member not in config else f"{lower}={member}(destination={arn or 'null'})")
    return f"DestinationConfig({', '.join(parts)})"
