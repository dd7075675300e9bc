"""Operations on single messages: send, receive, delete, change visibility.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.effects import Effect, Now, Process, WaitFor
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.sqs.errors import (
    AccessDenied,
    InvalidParameterValue,
    MessageNotInflight,
    OverLimit,
    QueueDoesNotExist,
)
from emulator.services.sqs.message import Message, MessageState, md5_of_attributes, md5_of_body
from emulator.services.sqs.message_checks import check_attributes, check_body, message_bytes
from emulator.services.sqs.policy import RESOURCE_POLICY_CALLERS, allows
from emulator.services.sqs.queue import Queue
from emulator.services.sqs.receipt_handle import Receipt, parse_receipt_handle, receipt_handle
from emulator.services.sqs.store import NO_QUEUE, SqsStore, wake

__all__ = ["MessageOperations"]


class MessageOperations(SqsStore):
    """SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility."""

    @operation("SendMessage")
    def send_message(self, params: Params, context: CallContext) -> Reply:
        """Put a message into a queue."""
        queue = self.queue(params, context.now)
        self.check_policy(queue, context)
        result = self.send(queue, params, context)
        size = message_bytes(params["MessageBody"], params.get("MessageAttributes") or {})
        return Reply(result, (wake(queue),), {"billed_bytes": size})

    @operation("ReceiveMessage", unsupported=("ReceiveRequestAttemptId",))
    def receive_message(self, params: Params, context: CallContext) -> Reply | Process:
        """Take up to ten messages, waiting for the first one as long as asked."""
        queue = self.queue(params, context.now)
        most = params.get("MaxNumberOfMessages", 1)
        if not 1 <= most <= self.quotas.max_number_of_messages:
            raise InvalidParameterValue(
                f"Value {most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and "
                f"{self.quotas.max_number_of_messages}, if provided."
            )
        wait = params.get("WaitTimeSeconds")
        if wait is None:
            wait = queue.attributes.receive_message_wait_time_seconds
        if not 0 <= wait <= self.quotas.wait_time_seconds:
            raise InvalidParameterValue(
                f"Value {wait} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= "
                f"{self.quotas.wait_time_seconds}, if provided."
            )
        timeout = self._visibility_timeout(queue, params.get("VisibilityTimeout"))
        reply = self._receive(queue, params, most, timeout, context.now)
        if reply.result or wait == 0:
            return reply
        return self._poll(queue, params, most, timeout, context.now + wait, context.now)

    @operation("DeleteMessage")
    def delete_message(self, params: Params, context: CallContext) -> Reply:
        """Remove a received message for good."""
        self.delete(self.queue(params, context.now), params)
        return Reply()

    @operation("ChangeMessageVisibility")
    def change_message_visibility(self, params: Params, context: CallContext) -> Reply:
        """Let a message's visibility timeout end so many seconds from now."""
        queue = self.queue(params, context.now)
        self.change_visibility(queue, params, context.now)
        return Reply(effects=(wake(queue),))

    # -- one message, alone or as an entry of a batch --------------------------------------------------------------------

    def check_policy(self, queue: Queue, context: CallContext) -> None:
        """Refuse a service that the queue's policy does not let in. Raises AccessDenied."""
        if context.principal in RESOURCE_POLICY_CALLERS and not allows(
            queue.attributes.policy,
            principal=context.principal,
            action="sqs:SendMessage",
            queue_arn=queue.arn,
            source_arn=context.source_arn,
        ):
            raise AccessDenied(
                f"{context.principal} is not authorized to perform: sqs:SendMessage on resource: {queue.arn}"
                + (f" for {context.source_arn}" if context.source_arn != "" else "")
                + " because no statement of the queue's policy allows it"
            )

    def send(self, queue: Queue, params: Params, context: CallContext) -> dict[str, Any]:
        """Check a message and put it in: SendMessage's result."""
        body, attributes = params["MessageBody"], params.get("MessageAttributes") or {}
        if params.get("MessageDeduplicationId") is not None:
            raise InvalidParameterValue(
                f"Value {params['MessageDeduplicationId']} for parameter MessageDeduplicationId is invalid. Reason: The "
                "request include parameter that is not valid for this queue type."
            )
        check_body(body)
        check_attributes(attributes, self.quotas)
        longest = queue.attributes.maximum_message_size
        if message_bytes(body, attributes) > longest:
            raise InvalidParameterValue(
                f"One or more parameters are invalid. Reason: Message must be shorter than {longest} bytes."
            )
        delay = params.get("DelaySeconds")
        if delay is None:
            delay = queue.attributes.delay_seconds
        elif not 0 <= delay <= self.quotas.delay_seconds:
            raise InvalidParameterValue(
                f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= "
                f"{self.quotas.delay_seconds}."
            )
        system = params.get("MessageSystemAttributes") or {}
        unknown = system.keys() - {"AWSTraceHeader"}
        if unknown:
            raise InvalidParameterValue(f"Message system attribute name '{', '.join(sorted(unknown))}' is invalid.")
        message = Message(
            message_id=self.account.identifiers.uuid(),
            body=body,
            md5_of_body=md5_of_body(body),
            sent=context.now,
            sender_id=self.account.user_id(context.principal),
            attributes=attributes,
            md5_of_attributes=md5_of_attributes(attributes),
            trace_header=_trace_header(system, context),
            message_group_id=params.get("MessageGroupId"),
        )
        queue.add(message, context.now, delay)
        result = {"MessageId": message.message_id, "MD5OfMessageBody": message.md5_of_body}
        if message.md5_of_attributes is not None:
            result["MD5OfMessageAttributes"] = message.md5_of_attributes
        md5_of_system = md5_of_attributes(system)
        if md5_of_system is not None:
            result["MD5OfMessageSystemAttributes"] = md5_of_system
        return result

    def delete(self, queue: Queue, params: Params) -> None:
        """Delete by receipt handle. One that is not of the latest receive leaves the message, as AWS may."""
        receipt = parse_receipt_handle(params["ReceiptHandle"], queue.queue_id)
        message = queue.find(receipt.message_id)
        if message is not None and message.receive_count == receipt.receive_count:
            queue.remove(message)

    def change_visibility(self, queue: Queue, params: Params, now: float) -> None:
        """Change by receipt handle. Raises InvalidParameterValue, MessageNotInflight, ReceiptHandleIsInvalid."""
        receipt = parse_receipt_handle(params["ReceiptHandle"], queue.queue_id)
        timeout = self._visibility_timeout(queue, params["VisibilityTimeout"])
        message = queue.find(receipt.message_id)
        if message is None:
            raise InvalidParameterValue(
                f"Value {params['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: Message does not exist "
                "or is not available for visibility timeout change."
            )
        if message.state is not MessageState.IN_FLIGHT or message.receive_count != receipt.receive_count:
            raise MessageNotInflight(f"The message {message.message_id} is not in flight with this receipt handle.")
        longest = self.quotas.visibility_timeout_seconds
        if now + timeout - message.received > longest:
            raise InvalidParameterValue(
                f"Value {timeout} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the "
                f"message is beyond the limit [{longest} seconds]"
            )
        queue.change_visibility(message, now, timeout)

    def _visibility_timeout(self, queue: Queue, timeout: int | None) -> int:
        if timeout is None:
            return queue.attributes.visibility_timeout
        if not 0 <= timeout <= self.quotas.visibility_timeout_seconds:
            raise InvalidParameterValue(
                f"Value {timeout} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer "
                f"between 0 and {self.quotas.visibility_timeout_seconds}."
            )
        return timeout

    # -- receiving -------------------------------------------------------------------------------------------------------

    def _poll(self, queue: Queue, params: Params, most: int, timeout: int, deadline: float, now: float) -> Process:
        """Wait for a message, for one that becomes visible by itself, or for the end of the wait."""
        while now < deadline:
            change = queue.next_change()
            until = deadline if change is None else min(deadline, change)
            yield WaitFor(("sqs", queue.arn), until - now)
            now = yield Now()
            if queue.deleted:
                raise QueueDoesNotExist(NO_QUEUE)
            queue.settle(now)
            reply = self._receive(queue, params, most, timeout, now)
            if reply.result:
                return reply
            yield from reply.effects
        return Reply()

    def _receive(self, queue: Queue, params: Params, most: int, timeout: int, now: float) -> Reply:
        """What can be received now. Messages that were received too often move to the dead-letter queue instead."""
        if queue.counts[MessageState.IN_FLIGHT] >= self.quotas.in_flight_messages:
            raise OverLimit(f"Too many messages in flight: {self.quotas.in_flight_messages} is the most.")
        earliest = queue.next_change()
        redrive = queue.attributes.redrive_policy
        dead_letters = None if redrive is None else self.queue_at(redrive.dead_letter_target_arn)
        room = min(most, self.quotas.in_flight_messages - queue.counts[MessageState.IN_FLIGHT])
        taken: list[Message] = []
        effects: list[Effect] = []
        while len(taken) < room and (message := queue.take()) is not None:
            received_here = message.receive_count - message.receive_count_on_arrival
            if redrive is not None and dead_letters is not None and received_here >= redrive.max_receive_count:
                self.move(message, queue, dead_letters, now)
                effects = [wake(dead_letters)]
            else:
                taken.append(message)
        for message in taken:
            queue.receive(message, now, timeout)
        next_change = queue.next_change()
        if next_change is not None and (earliest is None or next_change < earliest):
            # Another long poll may wait for a later time than it now has to.
            effects.append(wake(queue))
        if not taken:
            return Reply({}, tuple(effects))
        return Reply({"Messages": [_received(queue, message, params) for message in taken]}, tuple(effects))


def _trace_header(system: Mapping[str, Any], context: CallContext) -> str | None:
    """What the sender gave, or else the trace that the call is part of, as a caller's `X-Amzn-Trace-Id` would give it."""
    if system:
        header: str = system["AWSTraceHeader"]["StringValue"]
        return header
    return None if context.trace_id == "" else f"Root={context.trace_id}"


def _received(queue: Queue, message: Message, params: Params) -> dict[str, Any]:
    """`Message` as a receiver sees it."""
    receipt = Receipt(queue.queue_id, message.message_id, message.receive_count)
    shape: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": receipt_handle(receipt),
        "MD5OfBody": message.md5_of_body,
        "Body": message.body,
    }
    wanted = {*(params.get("AttributeNames") or ()), *(params.get("MessageSystemAttributeNames") or ())}
    if wanted:
        system = _system_attributes(message)
        shape["Attributes"] = system if "All" in wanted else {key: system[key] for key in system if key in wanted}
    selected = _selected(message.attributes, params.get("MessageAttributeNames") or ())
    if selected:
        shape["MessageAttributes"] = selected
        whole = len(selected) == len(message.attributes)
        shape["MD5OfMessageAttributes"] = message.md5_of_attributes if whole else md5_of_attributes(selected)
    return shape


def _system_attributes(message: Message) -> dict[str, str]:
    first_received = message.received if message.first_received is None else message.first_received
    attributes = {
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(int(first_received * 1000)),
        "ApproximateReceiveCount": str(message.receive_count),
        "SentTimestamp": str(int(message.sent * 1000)),
        "AWSTraceHeader": message.trace_header,
        "MessageGroupId": message.message_group_id,
        "DeadLetterQueueSourceArn": message.dead_letter_queue_source_arn,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _selected(attributes: Mapping[str, Any], patterns: Iterable[str]) -> Mapping[str, Any]:
    """Message attributes by name, by `prefix.*`, or all of them (`All`, `.*`)."""
    wanted = set(patterns)
    if not wanted or not attributes:
        return {}
    if wanted & {"All", ".*"}:
        return attributes
    prefixes = tuple(pattern[:-1] for pattern in wanted if pattern.endswith(".*"))
    return {name: value for name, value in attributes.items() if name in wanted or name.startswith(prefixes)}
