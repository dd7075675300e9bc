"""Subscription filters: events that match go on to a function, a stream or a Firehose, gzipped, in batches.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from typing import Any

import orjson

from emulator.arn import Arn
from emulator.effects import Call, Effect, Process, Record, Spawn
from emulator.errors import AwsError, EmulatorError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.logs.errors import (
    AccessDeniedException,
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from emulator.services.logs.filter_pattern import matcher
from emulator.services.logs.state import LogEvent, LogGroup, LogStream, SubscriptionFilter
from emulator.services.logs.store import LogStore
from emulator.services.logs.stream_presence import presence

__all__ = ["SubscriptionFilterOperations"]

_DESTINATIONS = ("lambda", "kinesis", "firehose")
_PRINCIPAL = "logs.amazonaws.com"


class SubscriptionFilterOperations(LogStore):
    """At most two filters on a group."""

    @operation(
        "PutSubscriptionFilter",
        unsupported=("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields"),
    )
    def put_subscription_filter(self, params: Params, context: CallContext) -> Process:
        """Make a filter, or change the one of that name. The destination must take what it is sent."""
        name, arn = params["filterName"], params["destinationArn"]
        matches = matcher(params["filterPattern"])
        yield from self._check_destination(params, Arn.parse(arn))
        group = self.group(params)
        if name not in group.subscriptions and len(group.subscriptions) >= self.quotas.subscription_filters:
            raise LimitExceededException("Resource limit exceeded.")
        known = group.subscriptions.get(name)
        group.subscriptions[name] = SubscriptionFilter(
            name,
            params["filterPattern"],
            matches,
            arn,
            params.get("roleArn", ""),
            params.get("distribution", "ByLogStream"),
            int(context.now * 1000) if known is None else known.created,
        )
        return Reply()

    def _check_destination(self, params: Params, target: Arn) -> Process:
        """Refuse a destination of another account, one without the role it needs, and one that would not take an event."""
        if target.service not in _DESTINATIONS:
            raise UnsupportedOperation(
                f"logs:PutSubscriptionFilter: a destination of service {target.service} is not supported"
            )
        if target.service == "lambda":
            if target.account_id != self.account.account_id:
                raise AccessDeniedException(
                    "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create "
                    "cross account lambda triggers."
                )
            check = {"FunctionName": params["destinationArn"], "InvocationType": "DryRun"}
            source_arn = f"{self.arn(self.group(params))}:*"
            try:
                yield Call("lambda", "Invoke", check, _PRINCIPAL, source_arn=source_arn)
            except AwsError as error:
                raise InvalidParameterException(
                    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
                    "your function."
                ) from error
            return
        if not params.get("roleArn"):
            raise InvalidParameterException(
                f"destinationArn for vendor {target.service} cannot be used without roleArn"
            )
        try:
            yield presence(target)
        except EmulatorError as error:
            raise UnsupportedOperation(
                f"logs:PutSubscriptionFilter: a destination of service {target.service} is not supported by this emulator"
            ) from error
        except AwsError as error:
            raise InvalidParameterException(
                f"Could not deliver test message to specified {target.service.capitalize()} stream. Check if the given "
                f"{target.service} stream is in ACTIVE state."
            ) from error

    @operation("DescribeSubscriptionFilters")
    def describe_subscription_filters(self, params: Params, context: CallContext) -> Reply:
        """A group's filters."""
        group = self.group(params)
        prefix = params.get("filterNamePrefix", "")
        shown = [
            {
                "filterName": one.name,
                "logGroupName": group.name,
                "filterPattern": one.pattern,
                "destinationArn": one.destination_arn,
                **({"roleArn": one.role_arn} if one.role_arn else {}),
                "distribution": one.distribution,
                "applyOnTransformedLogs": False,
                "creationTime": one.created,
            }
            for name, one in sorted(group.subscriptions.items())
            if name.startswith(prefix)
        ]
        return Reply(self.page(params, "subscriptionFilters", shown))

    @operation("DeleteSubscriptionFilter")
    def delete_subscription_filter(self, params: Params, context: CallContext) -> Reply:
        """Take a filter away."""
        group = self.group(params)
        if group.subscriptions.pop(params["filterName"], None) is None:
            raise ResourceNotFoundException("The specified subscription filter does not exist.")
        return Reply()

    def forwarded(self, group: LogGroup, stream: LogStream, events: Sequence[LogEvent]) -> tuple[Effect, ...]:
        """What new events of a stream set going."""
        effects: list[Effect] = []
        for one in group.subscriptions.values():
            matching = [event for event in events if one.matches(event.message)]
            if matching:
                effects.append(_delivery(self, group, stream, one, matching))
        return tuple(effects)

    def forward(self, group: LogGroup, one: SubscriptionFilter, document: bytes) -> Process:
        """Send a batch to its destination. One that refuses is written down: Logs would try again for a day."""
        zipped = gzip.compress(document, mtime=0)
        target = Arn.parse(one.destination_arn)
        try:
            yield _call(target, one.destination_arn, zipped, f"{self.arn(group)}:*")
        except (AwsError, EmulatorError) as error:
            code = error.code if isinstance(error, AwsError) else type(error).__name__
            detail = {"filter": one.name, "destination": one.destination_arn, "error": str(error)[:500]}
            yield Record("logs", "subscription_failed", group.name, code, detail)


def _delivery(
    service: SubscriptionFilterOperations,
    group: LogGroup,
    stream: LogStream,
    one: SubscriptionFilter,
    events: Sequence[LogEvent],
) -> Spawn:
    document: dict[str, Any] = {
        "messageType": "DATA_MESSAGE",
        "owner": service.account.account_id,
        "logGroup": group.name,
        "logStream": stream.name,
        "subscriptionFilters": [one.name],
        "logEvents": [
            {"id": f"{event.timestamp:020d}{event.number:036d}", "timestamp": event.timestamp, "message": event.message}
            for event in events
        ],
    }
    body = orjson.dumps(document)
    return Spawn(
        f"subscription {one.name} of {group.name}",
        lambda: service.forward(group, one, body),
        delivery=True,
        order_key=f"logs:{group.name}:{one.name}:{stream.name}",
    )


def _call(target: Arn, arn: str, zipped: bytes, source_arn: str) -> Call:
    if target.service == "lambda":
        event = orjson.dumps({"awslogs": {"data": base64.b64encode(zipped).decode()}})
        params = {"FunctionName": arn, "InvocationType": "Event", "Payload": event}
        return Call("lambda", "Invoke", params, _PRINCIPAL, source_arn=source_arn)
    name = target.resource.partition("/")[2]
    if target.service == "kinesis":
        return Call("kinesis", "PutRecord", {"StreamName": name, "Data": zipped, "PartitionKey": arn}, _PRINCIPAL)
    return Call("firehose", "PutRecord", {"DeliveryStreamName": name, "Record": {"Data": zipped}}, _PRINCIPAL)
