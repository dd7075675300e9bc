"""Destinations: a stream's other name, which subscription filters of other accounts may send to.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDestination.html

There is one account here, so a subscription filter names the stream itself: one that names a destination is refused by name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.arn import Arn
from emulator.effects import Process
from emulator.errors import AwsError, EmulatorError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.logs.errors import InvalidParameterException, ResourceNotFoundException
from emulator.services.logs.state import Destination
from emulator.services.logs.store import LogStore
from emulator.services.logs.stream_presence import presence

__all__ = ["DestinationOperations"]


class DestinationOperations(LogStore):
    """Destinations by name."""

    @operation("PutDestination")
    def put_destination(self, params: Params, context: CallContext) -> Process:
        """Make a destination, or change the one of that name, whose policy stays."""
        name, target = params["destinationName"], Arn.parse(params["targetArn"])
        if target.service not in ("kinesis", "firehose"):
            raise InvalidParameterException("The destination's target must be a Kinesis stream or a Firehose.")
        try:
            yield presence(target)
        except EmulatorError as error:
            raise UnsupportedOperation(
                f"logs:PutDestination: a target of service {target.service} is not supported by this emulator"
            ) from error
        except AwsError as error:
            raise InvalidParameterException(
                "Could not deliver test message to specified destination. Check if the destination is valid."
            ) from error
        known = self.destinations.get(name)
        if known is None:
            known = Destination(name, "", "", int(context.now * 1000))
        changed = replace(known, target_arn=params["targetArn"], role_arn=params["roleArn"])
        self.check_tags({**changed.tags, **params.get("tags", {})})
        changed.tags.update(params.get("tags", {}))
        self.destinations[name] = changed
        return Reply({"destination": self._destination_shape(changed)})

    @operation("PutDestinationPolicy", unsupported=("forceUpdate",))
    def put_destination_policy(self, params: Params, context: CallContext) -> Reply:
        """Say who may send to a destination."""
        destination = self._destination(params)
        self.destinations[destination.name] = replace(destination, access_policy=params["accessPolicy"])
        return Reply()

    @operation("DescribeDestinations")
    def describe_destinations(self, params: Params, context: CallContext) -> Reply:
        """Destinations by name."""
        prefix = params.get("DestinationNamePrefix", "")
        shown = [
            self._destination_shape(one) for name, one in sorted(self.destinations.items()) if name.startswith(prefix)
        ]
        return Reply(self.page(params, "destinations", shown))

    @operation("DeleteDestination")
    def delete_destination(self, params: Params, context: CallContext) -> Reply:
        """Take a destination away."""
        del self.destinations[self._destination(params).name]
        return Reply()

    def _destination(self, params: Params) -> Destination:
        found = self.destinations.get(params["destinationName"])
        if found is None:
            raise ResourceNotFoundException("The specified destination does not exist.")
        return found

    def _destination_shape(self, destination: Destination) -> dict[str, Any]:
        shown = {
            "destinationName": destination.name,
            "targetArn": destination.target_arn,
            "roleArn": destination.role_arn,
            "arn": self.account.arn("logs", f"destination:{destination.name}"),
            "creationTime": destination.created,
        }
        return {**shown, "accessPolicy": destination.access_policy} if destination.access_policy else shown
