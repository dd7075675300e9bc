"""The batch operations: each entry succeeds or fails by itself.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from emulator.errors import AwsError
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    SqsError,
    TooManyEntriesInBatchRequest,
)
from emulator.services.sqs.message_checks import message_bytes
from emulator.services.sqs.message_operations import MessageOperations
from emulator.services.sqs.store import wake

__all__ = ["BatchOperations"]

_ENTRY_ID = re.compile(r"[A-Za-z0-9_\-]{1,80}")


class BatchOperations(MessageOperations):
    """SendMessageBatch, DeleteMessageBatch, ChangeMessageVisibilityBatch."""

    @operation("SendMessageBatch")
    def send_message_batch(self, params: Params, context: CallContext) -> Reply:
        """Send up to ten messages."""
        queue = self.queue(params, context.now)
        entries = self._entries(params)
        self.check_policy(queue, context)
        size = sum(message_bytes(entry["MessageBody"], entry.get("MessageAttributes") or {}) for entry in entries)
        if size > self.quotas.batch_bytes:
            raise BatchRequestTooLong(
                f"Batch requests cannot be longer than {self.quotas.batch_bytes} bytes. You have sent {size} bytes."
            )
        result = _each(entries, lambda entry: self.send(queue, entry, context))
        return Reply(result, (wake(queue),), {"billed_bytes": size})

    @operation("DeleteMessageBatch")
    def delete_message_batch(self, params: Params, context: CallContext) -> Reply:
        """Delete up to ten messages."""
        queue = self.queue(params, context.now)
        return Reply(_each(self._entries(params), lambda entry: self.delete(queue, entry)))

    @operation("ChangeMessageVisibilityBatch")
    def change_message_visibility_batch(self, params: Params, context: CallContext) -> Reply:
        """Change the visibility timeout of up to ten messages."""
        queue = self.queue(params, context.now)
        entries = self._entries(params)
        return Reply(_each(entries, lambda entry: self.change_visibility(queue, entry, context.now)), (wake(queue),))

    def _entries(self, params: Params) -> list[Mapping[str, Any]]:
        entries: list[Mapping[str, Any]] = params.get("Entries") or []
        if not entries:
            raise EmptyBatchRequest("There should be at least one entry in the request.")
        most = self.quotas.batch_entries
        if len(entries) > most:
            raise TooManyEntriesInBatchRequest(
                f"Maximum number of entries per request are {most}. You have sent {len(entries)}."
            )
        seen: set[str] = set()
        for entry in entries:
            if _ENTRY_ID.fullmatch(entry["Id"]) is None:
                raise InvalidBatchEntryId(
                    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                    "It can be at most 80 letters long."
                )
            if entry["Id"] in seen:
                raise BatchEntryIdsNotDistinct(f"Id {entry['Id']} repeated.")
            seen.add(entry["Id"])
        return entries


def _each(
    entries: list[Mapping[str, Any]], action: Callable[[Mapping[str, Any]], dict[str, Any] | None]
) -> dict[str, Any]:
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            result = action(entry)
        except AwsError as error:
            code = error.query_code if isinstance(error, SqsError) and error.query_code != "" else error.code
            fault = error.fault != "server"
            failed.append({"Id": entry["Id"], "SenderFault": fault, "Code": code, "Message": error.message})
        else:
            successful.append({"Id": entry["Id"], **({} if result is None else result)})
    return {"Successful": successful, "Failed": failed}
