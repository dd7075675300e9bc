"""Publish and PublishBatch: check a message, choose its subscribers, let each have its delivery.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from emulator.effects import Process, Spawn
from emulator.errors import AwsError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.sns.delivery import deliver
from emulator.services.sns.errors import (
    BatchEntryIdsNotDistinctException,
    BatchRequestTooLongException,
    EmptyBatchRequestException,
    InvalidBatchEntryIdException,
    InvalidParameterException,
    TooManyEntriesInBatchRequestException,
)
from emulator.services.sns.message_attributes import attributes_bytes, check_attributes
from emulator.services.sns.state import Notification, Subscription, Topic
from emulator.services.sns.topic_operations import TopicOperations

__all__ = ["PublishOperations"]

_ENTRY_ID = re.compile(r"[A-Za-z0-9_\-]{1,80}")
_SUBJECT = re.compile(r"[\x21-\x7e][\x20-\x7e]*")


class PublishOperations(TopicOperations):
    """Publish, PublishBatch."""

    @operation("Publish", unsupported=("PhoneNumber", "MessageDeduplicationId"))
    def publish(self, params: Params, context: CallContext) -> Reply:
        """Publish a message to a topic."""
        arn = params.get("TopicArn", params.get("TargetArn"))
        if arn is None:
            raise InvalidParameterException(
                "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
            )
        topic = self.topic(arn)
        notification = self._notification(topic, params, context.now)
        size = len(params["Message"].encode()) + attributes_bytes(notification.attributes)
        deliveries = self._deliveries(topic, notification)
        return Reply({"MessageId": notification.message_id}, deliveries, {"billed_bytes": size})

    @operation("PublishBatch")
    def publish_batch(self, params: Params, context: CallContext) -> Reply:
        """Publish up to ten messages, each of which succeeds or fails by itself."""
        topic = self.topic(params["TopicArn"])
        entries = self._entries(params)
        size = sum(
            len(entry["Message"].encode()) + attributes_bytes(entry.get("MessageAttributes") or {}) for entry in entries
        )
        if size > self.maximum_message_bytes(topic):
            raise BatchRequestTooLongException("The length of all the messages put together is more than the limit.")
        successful: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        effects: list[Spawn] = []
        for entry in entries:
            try:
                notification = self._notification(topic, entry, context.now)
            except AwsError as error:
                failed.append({"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": True})
            else:
                successful.append({"Id": entry["Id"], "MessageId": notification.message_id})
                effects.extend(self._deliveries(topic, notification))
        return Reply({"Successful": successful, "Failed": failed}, tuple(effects), {"billed_bytes": size})

    def _notification(self, topic: Topic, params: Mapping[str, Any], now: float) -> Notification:
        """A checked message. Raises InvalidParameterException."""
        if params.get("MessageDeduplicationId") is not None:
            raise UnsupportedOperation("MessageDeduplicationId: FIFO topics are not supported by this emulator")
        message, subject = params["Message"], params.get("Subject")
        attributes = params.get("MessageAttributes") or {}
        if message == "":
            raise InvalidParameterException("Invalid parameter: Empty message")
        if subject is not None and (
            _SUBJECT.fullmatch(subject) is None or len(subject) > self.quotas.subject_characters
        ):
            raise InvalidParameterException("Invalid parameter: Subject")
        check_attributes(attributes)
        if len(message.encode()) + attributes_bytes(attributes) > self.maximum_message_bytes(topic):
            raise InvalidParameterException("Invalid parameter: Message too long")
        messages = _by_protocol(message, params.get("MessageStructure"))
        return Notification(
            message_id=self.account.identifiers.uuid(),
            topic_arn=topic.arn,
            message=messages.get("default", message),
            published=now,
            subject=subject,
            attributes=attributes,
            messages=messages,
            signature_version=topic.attributes.get("SignatureVersion", "1"),
        )

    def _deliveries(self, topic: Topic, notification: Notification) -> tuple[Spawn, ...]:
        return tuple(
            Spawn(
                f"sns {topic.name} -> {subscription.protocol} {subscription.endpoint.rpartition(':')[2]}",
                self._start(notification, subscription),
                delivery=True,
            )
            for subscription in topic.subscriptions.values()
            if subscription.filter_policy is None
            or subscription.filter_policy.accepts(
                notification.attributes, notification.message_for(subscription.protocol)
            )
        )

    def _start(self, notification: Notification, subscription: Subscription) -> Callable[[], Process]:
        return lambda: deliver(self.account, self.quotas, notification, subscription)

    def _entries(self, params: Params) -> list[Mapping[str, Any]]:
        entries: list[Mapping[str, Any]] = params.get("PublishBatchRequestEntries") or []
        if not entries:
            raise EmptyBatchRequestException("The batch request doesn't contain any entries.")
        if len(entries) > self.quotas.batch_entries:
            raise TooManyEntriesInBatchRequestException("The batch request contains more entries than permissible.")
        ids = [entry["Id"] for entry in entries]
        if any(_ENTRY_ID.fullmatch(entry_id) is None for entry_id in ids):
            raise InvalidBatchEntryIdException(
                "The Id of a batch entry in a batch request doesn't abide by the specification."
            )
        if len(set(ids)) < len(ids):
            raise BatchEntryIdsNotDistinctException("Two or more batch entries in the request have the same Id.")
        return entries


def _by_protocol(message: str, structure: str | None) -> dict[str, str]:
    if structure is None:
        return {}
    if structure != "json":
        raise InvalidParameterException("Invalid parameter: MessageStructure")
    try:
        document = orjson.loads(message)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise InvalidParameterException("Invalid parameter: Message Structure - JSON message body failed to parse")
    if not isinstance(document.get("default"), str):
        raise InvalidParameterException("Invalid parameter: Message Structure - No default entry in JSON message body")
    return {protocol: text for protocol, text in document.items() if isinstance(text, str)}
