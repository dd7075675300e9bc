"""Event notifications: the configuration, and the deliveries, none of which delays the request that caused it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
"""

from __future__ import annotations

import json
from typing import Any

from emulator.effects import Call, Effect, Process, Record, Sleep, Spawn
from emulator.errors import AwsError
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.errors import AccessDenied, InvalidArgument
from emulator.services.s3.hooks import S3Hooks
from emulator.services.s3.notification_records import Happening, bridge_event, event_record, test_event
from emulator.services.s3.notification_rules import Target, configured, targets
from emulator.services.s3.policy_document import matching, statements_of
from emulator.services.s3.state import Bucket, ObjectVersion

__all__ = ["NotificationOperations"]

PRINCIPAL = "s3.amazonaws.com"
_RETRIES_SECONDS = (1.0, 5.0, 30.0)
_THROTTLED = 429
_NAMES = {"sqs": "queue", "sns": "topic"}


class NotificationOperations(S3Hooks):
    """Tells queues, topics, functions and EventBridge what happens."""

    @operation("PutBucketNotificationConfiguration")
    def put_bucket_notification_configuration(self, params: Params, context: CallContext) -> Process:
        """Replace the configuration, when every target takes what S3 will send. Raises InvalidArgument."""
        bucket = self.bucket_of(params)
        given = params.get("NotificationConfiguration") or {}
        kept = configured(given, self.account.identifiers.uuid)
        if not params.get("SkipDestinationValidation"):
            yield from self._check_targets(bucket, kept, context)
        if kept:
            bucket.configurations["notification"] = kept
        else:
            bucket.configurations.pop("notification", None)
        return Reply()

    @operation("GetBucketNotificationConfiguration")
    def get_bucket_notification_configuration(self, params: Params, context: CallContext) -> Reply:
        """The configuration; nothing where there is none."""
        return Reply(self.bucket_of(params).configurations.get("notification", {}))

    def _check_targets(self, bucket: Bucket, kept: dict[str, Any], context: CallContext) -> Process:
        fields: dict[str, str] = {}
        number = 0
        for target in targets(kept):
            problem = yield from self._problem(bucket, target, context)
            if problem is not None:
                number += 1
                fields[f"ArgumentName{number}"], fields[f"ArgumentValue{number}"] = problem
        if fields:
            raise InvalidArgument("Unable to validate the following destination configurations", fields=fields)

    def _problem(self, bucket: Bucket, target: Target, context: CallContext) -> Process:
        """What keeps S3 from sending to a target, as two texts; None where nothing does. A queue and a topic get a test event."""
        if target.service == "lambda":
            call = Call(
                "lambda",
                "Invoke",
                {"FunctionName": target.arn, "InvocationType": "DryRun"},
                principal=PRINCIPAL,
                source_arn=bucket.arn,
            )
        else:
            message = json.dumps(test_event(bucket.name, context.now, context.request_id))
            call = self._send(bucket, target, message)
        try:
            if target.service == "sns":
                yield from self._check_topic(bucket, target)
            yield call
        except AwsError as error:
            if target.service == "lambda":
                return f"{target.arn}, null", f"Not authorized to invoke function [{target.arn}]"
            name = _NAMES[target.service]
            if error.status == 403 or "Authoriz" in error.code or "AccessDenied" in error.code:
                return target.arn, (
                    f"Permissions on the destination {name} do not allow S3 to publish notifications from this bucket"
                )
            return target.arn, f"The destination {name} does not exist"
        return None

    def _check_topic(self, bucket: Bucket, target: Target) -> Process:
        """Raises AccessDenied where the topic's policy does not let S3 in; SNS itself lets services of the account publish."""
        described = yield Call("sns", "GetTopicAttributes", {"TopicArn": target.arn}, principal=PRINCIPAL)
        policy = described.get("Attributes", {}).get("Policy")
        if policy is None:
            return
        account_id = self.account.account_id
        found = matching(
            statements_of(policy),
            principal=PRINCIPAL,
            account_id=account_id,
            action="sns:Publish",
            resource=target.arn,
            keys={"aws:sourcearn": (bucket.arn,), "aws:sourceaccount": (account_id,), "aws:securetransport": ("true",)},
        )
        if {str(statement["Effect"]) for statement in found} != {"Allow"}:
            raise AccessDenied

    def _send(self, bucket: Bucket, target: Target, message: str, trace_id: str = "") -> Call:
        """The call that hands a message to a queue, a topic or a function."""
        if target.service == "lambda":
            params: dict[str, Any] = {
                "FunctionName": target.arn,
                "InvocationType": "Event",
                "Payload": message.encode(),
            }
            return Call("lambda", "Invoke", params, PRINCIPAL, trace_id, bucket.arn)
        if target.service == "sns":
            params = {"TopicArn": target.arn, "Message": message, "Subject": "Amazon S3 Notification"}
            return Call("sns", "Publish", params, PRINCIPAL, trace_id, bucket.arn)
        _, _, _, _, owner, name = target.arn.split(":", 5)
        params = {"QueueUrl": f"{self.account.endpoint_url}/{owner}/{name}", "MessageBody": message}
        return Call("sqs", "SendMessage", params, PRINCIPAL, trace_id, bucket.arn)

    # -- events ------------------------------------------------------------------------------------------------------------------

    def object_event(
        self,
        bucket: Bucket,
        event: str,
        key: str,
        *,
        size: int | None,
        etag: str | None,
        version_id: str | None,
        context: CallContext,
    ) -> tuple[Effect, ...]:
        """The deliveries of an event."""
        configuration = bucket.configurations.get("notification")
        if configuration is None:
            return ()
        wanted = [target for target in targets(configuration) if target.wants(event, key)]
        to_bridge = "EventBridgeConfiguration" in configuration
        if not wanted and not to_bridge:
            return ()
        happening = self._happening(bucket, event, key, size, etag, version_id, context)
        found = [self._delivery(bucket, target, happening, context.trace_id) for target in wanted]
        if to_bridge:
            found.append(_bridge_delivery(happening, context.trace_id))
        return tuple(found)

    def _happening(
        self,
        bucket: Bucket,
        event: str,
        key: str,
        size: int | None,
        etag: str | None,
        version_id: str | None,
        context: CallContext,
    ) -> Happening:
        newest = bucket.keys.newest(key)
        restore = newest.restore if isinstance(newest, ObjectVersion) else None
        return Happening(
            event=event,
            now=context.now,
            region=bucket.region,
            bucket=bucket.name,
            bucket_arn=bucket.arn,
            owner=f"A{self.canonical_user_id[:13].upper()}",
            key=key,
            size=size,
            etag=etag,
            version_id=version_id,
            sequencer=f"{int(context.now * 1000):013X}{bucket.next_sequence():05X}",
            request_id=context.request_id,
            principal=self.account.user_id(context.principal) if context.principal else "",
            account_id=self.account.account_id,
            source_ip=context.source_ip,
            storage_class=newest.storage_class if isinstance(newest, ObjectVersion) else "",
            restore_expiry=None if restore is None else restore.expiry,
        )

    def _delivery(self, bucket: Bucket, target: Target, happening: Happening, trace_id: str) -> Spawn:
        record = event_record(happening, target.configuration_id)
        call = self._send(bucket, target, json.dumps({"Records": [record]}), trace_id)
        name = f"{happening.event} of {happening.bucket}/{happening.key} to {target.arn}"
        return Spawn(name, lambda: _deliver(call, target.arn), delivery=True, trace_id=trace_id)


def _deliver(call: Call, target: str) -> Process:
    """Hand over; a throttled or failing target is tried again for a while. What is given up is in the journal."""
    attempt = 0
    while True:
        try:
            yield call
        except AwsError as error:
            again = error.fault == "server" or error.status == _THROTTLED
            if not again or attempt == len(_RETRIES_SECONDS):
                detail = {"attempts": attempt + 1, "error": error.message[:500]}
                yield Record("s3", "delivery_failed", target, error.code, detail)
                return
            yield Sleep(_RETRIES_SECONDS[attempt])
            attempt += 1
        else:
            return


def _bridge_delivery(happening: Happening, trace_id: str) -> Spawn:
    entry = bridge_event(happening)
    entry["Detail"] = json.dumps(entry["Detail"])
    call = Call("events", "PutEvents", {"Entries": [entry]}, PRINCIPAL, trace_id, happening.bucket_arn)
    name = f"{happening.event} of {happening.bucket}/{happening.key} to EventBridge"
    return Spawn(name, lambda: _deliver(call, "events"), delivery=True, trace_id=trace_id)
