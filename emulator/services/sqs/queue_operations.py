"""Operations on queues.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
)
from emulator.services.sqs.message import MessageState
from emulator.services.sqs.queue import Queue
from emulator.services.sqs.queue_attributes import READ_ONLY, RedrivePolicy, changed_attributes, default_attributes
from emulator.services.sqs.store import NO_QUEUE, SqsStore, wake

__all__ = ["QueueOperations"]

_NAME = re.compile(r"[A-Za-z0-9_\-]+(\.fifo)?")


class QueueOperations(SqsStore):
    """CreateQueue, SetQueueAttributes and what belongs to them."""

    @operation("CreateQueue")
    def create_queue(self, params: Params, context: CallContext) -> Reply:
        """A new queue, or the URL of the one that has this name and these attributes."""
        name = params["QueueName"]
        if _NAME.fullmatch(name) is None or len(name) > self.quotas.queue_name_characters:
            raise InvalidParameterValue(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to "
                f"{self.quotas.queue_name_characters} in length"
            )
        if name.endswith(".fifo"):
            raise UnsupportedOperation(f"queue {name}: FIFO queues are not supported by this emulator")
        changes = params.get("Attributes") or {}
        arn = self.account.arn("sqs", name)
        existing = self.queues.get(name)
        if existing is not None:
            changed = changed_attributes(existing.attributes, changes, self.quotas, arn).shown()
            shown = existing.attributes.shown()
            for attribute in changes:
                if changed.get(attribute) != shown.get(attribute):
                    raise QueueNameExists(
                        f"A queue already exists with the same name and a different value for attribute {attribute}"
                    )
            return Reply({"QueueUrl": existing.url})
        attributes = changed_attributes(default_attributes(self.quotas), changes, self.quotas, arn)
        wait = self.quotas.recreate_wait_seconds
        if context.now < self.deleted_at.get(name, context.now - wait) + wait:
            raise QueueDeletedRecently(
                f"You must wait {wait:.0f} seconds after deleting a queue before you can create another with the same name."
            )
        self._check_redrive(attributes.redrive_policy, arn)
        url = f"{self.account.endpoint_url}/{self.account.account_id}/{name}"
        queue = Queue(self.account.identifiers.hex(16), name, arn, url, attributes, context.now)
        queue.tags.update(params.get("tags") or {})
        self.queues[name] = queue
        self.deleted_at.pop(name, None)
        return Reply({"QueueUrl": url})

    @operation("DeleteQueue")
    def delete_queue(self, params: Params, context: CallContext) -> Reply:
        """Delete a queue with its messages."""
        queue = self.queue(params, context.now)
        queue.deleted = True
        del self.queues[queue.name]
        self.deleted_at[queue.name] = context.now
        return Reply(effects=(wake(queue),))

    @operation("GetQueueUrl")
    def get_queue_url(self, params: Params, context: CallContext) -> Reply:
        """The URL of a queue of this account."""
        queue = self.queues.get(params["QueueName"])
        owner = params.get("QueueOwnerAWSAccountId", self.account.account_id)
        if queue is None or owner != self.account.account_id:
            raise QueueDoesNotExist(NO_QUEUE)
        return Reply({"QueueUrl": queue.url})

    @operation("ListQueues")
    def list_queues(self, params: Params, context: CallContext) -> Reply:
        """URLs of the queues whose name begins with the prefix."""
        prefix = params.get("QueueNamePrefix", "")
        return Reply(
            self._page("QueueUrls", [q.url for q in self.queues.values() if q.name.startswith(prefix)], params)
        )

    @operation("ListDeadLetterSourceQueues")
    def list_dead_letter_source_queues(self, params: Params, context: CallContext) -> Reply:
        """URLs of the queues that use this one as dead-letter queue."""
        target = self.queue(params, context.now).arn
        sources = [
            queue.url
            for queue in self.queues.values()
            if queue.attributes.redrive_policy is not None
            and queue.attributes.redrive_policy.dead_letter_target_arn == target
        ]
        return Reply(self._page("queueUrls", sources, params))

    @operation("GetQueueAttributes")
    def get_queue_attributes(self, params: Params, context: CallContext) -> Reply:
        """The attributes that the call names."""
        queue = self.queue(params, context.now)
        wanted = params.get("AttributeNames") or ()
        attributes = {
            **queue.attributes.shown(),
            "ApproximateNumberOfMessages": str(queue.counts[MessageState.VISIBLE]),
            "ApproximateNumberOfMessagesNotVisible": str(queue.counts[MessageState.IN_FLIGHT]),
            "ApproximateNumberOfMessagesDelayed": str(queue.counts[MessageState.DELAYED]),
            "CreatedTimestamp": str(int(queue.created)),
            "LastModifiedTimestamp": str(int(queue.last_modified)),
            "QueueArn": queue.arn,
        }
        if "All" in wanted:
            return Reply({"Attributes": attributes})
        optional = {"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"}
        optional |= {"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}
        for name in wanted:
            if name not in attributes and name not in optional and name not in READ_ONLY:
                raise InvalidAttributeName(f"Unknown Attribute {name}.")
        shown = {name: attributes[name] for name in wanted if name in attributes}
        return Reply({"Attributes": shown} if shown else {})

    @operation("SetQueueAttributes")
    def set_queue_attributes(self, params: Params, context: CallContext) -> Reply:
        """Change attributes; they take effect at once, which on AWS can take a minute."""
        queue = self.queue(params, context.now)
        attributes = changed_attributes(queue.attributes, params["Attributes"], self.quotas, queue.arn)
        if "RedrivePolicy" in params["Attributes"]:
            self._check_redrive(attributes.redrive_policy, queue.arn)
        queue.attributes = attributes
        queue.last_modified = context.now
        return Reply()

    @operation("PurgeQueue")
    def purge_queue(self, params: Params, context: CallContext) -> Reply:
        """Remove all messages."""
        queue = self.queue(params, context.now)
        interval = self.quotas.purge_interval_seconds
        if queue.purged is not None and context.now < queue.purged + interval:
            raise PurgeQueueInProgress(
                f"Only one PurgeQueue operation on {queue.name} is allowed every {interval:.0f} seconds."
            )
        queue.purge(context.now)
        return Reply()

    @operation("TagQueue")
    def tag_queue(self, params: Params, context: CallContext) -> Reply:
        """Add tags."""
        tags = self.queue(params, context.now).tags
        if len({**tags, **params["Tags"]}) > self.quotas.tags:
            raise InvalidParameterValue(f"Too many tags added for queue: {self.quotas.tags} is the most.")
        tags.update(params["Tags"])
        return Reply()

    @operation("UntagQueue")
    def untag_queue(self, params: Params, context: CallContext) -> Reply:
        """Take tags away."""
        tags = self.queue(params, context.now).tags
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return Reply()

    @operation("ListQueueTags")
    def list_queue_tags(self, params: Params, context: CallContext) -> Reply:
        """A queue's tags."""
        tags = self.queue(params, context.now).tags
        return Reply({"Tags": dict(tags)} if tags else {})

    @operation("AddPermission")
    def add_permission(self, params: Params, context: CallContext) -> Reply:
        """Add a statement to the queue's policy."""
        queue = self.queue(params, context.now)
        policy = dict(queue.attributes.policy or {"Version": "2012-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy"})
        statements = list(policy.get("Statement", []))
        label = params["Label"]
        if any(statement.get("Sid") == label for statement in statements):
            raise InvalidParameterValue(f"Value {label} for parameter Label is invalid. Reason: Already exists.")
        accounts = [self.account.arn("iam", "root", region="", account_id=owner) for owner in params["AWSAccountIds"]]
        actions = [f"SQS:{action}" for action in params["Actions"]]
        statements.append(
            {"Sid": label, "Effect": "Allow", "Principal": {"AWS": accounts}, "Action": actions, "Resource": queue.arn}
        )
        self._set_policy(queue, {**policy, "Statement": statements})
        return Reply()

    @operation("RemovePermission")
    def remove_permission(self, params: Params, context: CallContext) -> Reply:
        """Take a statement out of the queue's policy."""
        queue = self.queue(params, context.now)
        policy = dict(queue.attributes.policy or {})
        statements = policy.get("Statement", [])
        kept = [statement for statement in statements if statement.get("Sid") != params["Label"]]
        if len(kept) == len(statements):
            raise InvalidParameterValue(
                f"Value {params['Label']} for parameter Label is invalid. Reason: can't find label on existing policy."
            )
        self._set_policy(queue, {**policy, "Statement": kept})
        return Reply()

    def _set_policy(self, queue: Queue, policy: dict[str, Any]) -> None:
        changes = {"Policy": orjson.dumps(policy).decode() if policy["Statement"] else ""}
        queue.attributes = changed_attributes(queue.attributes, changes, self.quotas, queue.arn)

    def _check_redrive(self, redrive_policy: RedrivePolicy | None, source_arn: str) -> None:
        """A dead-letter queue must exist and let the source use it. Raises InvalidParameterValue."""
        if redrive_policy is None:
            return
        target_arn = redrive_policy.dead_letter_target_arn
        target = self.queue_at(target_arn)
        if target is None:
            raise InvalidParameterValue(
                f"Value for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist: {target_arn}."
            )
        allow = target.attributes.redrive_allow_policy
        permission = allow.get("redrivePermission", "allowAll")
        if permission == "denyAll" or (permission == "byQueue" and source_arn not in allow["sourceQueueArns"]):
            raise InvalidParameterValue(
                "Value for parameter RedrivePolicy is invalid. Reason: The dead-letter queue's RedriveAllowPolicy does not "
                f"let {source_arn} use it."
            )

    def _page(self, member: str, urls: list[str], params: Params) -> dict[str, Any]:
        start = int(params.get("NextToken") or 0)
        limit = min(params.get("MaxResults") or self.quotas.list_page, self.quotas.list_page)
        page: dict[str, Any] = {member: urls[start : start + limit]}
        if params.get("MaxResults") is not None and start + limit < len(urls):
            page["NextToken"] = str(start + limit)
        return page
