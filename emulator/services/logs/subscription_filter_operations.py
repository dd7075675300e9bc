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
from emulator.errors import AwsError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.logs.errors import LimitExceededException, ResourceNotFoundException
from emulator.services.logs.filter_pattern import matcher
from emulator.services.logs.state import LogEvent, LogGroup, LogStream, SubscriptionFilter
from emulator.services.logs.store import LogStore

__all__ = ["SubscriptionFilterOperations"]

_DESTINATIONS = ("lambda", "kinesis", "firehose")


class SubscriptionFilterOperations(LogStore):
    """At most two filters on a group."""

    @operation(
        "PutSubscriptionFilter",
        unsupported=("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields"),
    )
    def put_subscription_filter(self, params: Params, context: CallContext) -> Reply:
        """Make a filter, or change the one of that name."""
        group = self.group(params)
        name, arn = params["filterName"], params["destinationArn"]
        service = Arn.parse(arn).service
        if service not in _DESTINATIONS:
            raise UnsupportedOperation(
                f"logs:PutSubscriptionFilter: a destination of service {service} is not supported"
            )
        if name not in group.subscriptions and len(group.subscriptions) >= self.quotas.subscription_filters:
            raise LimitExceededException("Resource limit exceeded.")
        group.subscriptions[name] = SubscriptionFilter(
            name,
            params["filterPattern"],
            matcher(params["filterPattern"]),
            arn,
            params.get("roleArn", ""),
            params.get("distribution", "ByLogStream"),
            int(context.now * 1000),
        )
        return Reply()

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
            yield _call(target, one.destination_arn, zipped)
        except AwsError as error:
            detail = {"filter": one.name, "destination": one.destination_arn, "error": str(error)[:500]}
            yield Record("logs", "subscription_failed", group.name, error.code, detail)


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


def _call(target: Arn, arn: str, zipped: bytes) -> Call:
    principal = "logs.amazonaws.com"
    if target.service == "lambda":
        event = orjson.dumps({"awslogs": {"data": base64.b64encode(zipped).decode()}})
        return Call("lambda", "Invoke", {"FunctionName": arn, "InvocationType": "Event", "Payload": event}, principal)
    name = target.resource.partition("/")[2]
    if target.service == "kinesis":
        return Call("kinesis", "PutRecord", {"StreamName": name, "Data": zipped, "PartitionKey": arn}, principal)
    return Call("firehose", "PutRecord", {"DeliveryStreamName": name, "Record": {"Data": zipped}}, principal)
