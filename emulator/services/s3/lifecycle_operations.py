"""Object lifecycles: the configuration, and a process for each bucket with rules that acts when they are due.

On AWS rules run once a day and act some time after they are due; here they act at once.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

from emulator.account import Account
from emulator.effects import Effect, Notify, Now, Process, Spawn, WaitFor
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.configuration_errors import NoSuchLifecycleConfiguration
from emulator.services.s3.errors import MalformedXml
from emulator.services.s3.lifecycle_rules import Act, abort_due, acts_on, checked_rules, expiry_of
from emulator.services.s3.notification_operations import NotificationOperations
from emulator.services.s3.quotas import S3Quotas
from emulator.services.s3.state import Bucket, ObjectVersion

__all__ = ["LifecycleOperations"]

_SMALLEST = "all_storage_classes_128K"
_SMALLEST_VALUES = (_SMALLEST, "varies_by_storage_class")


class LifecycleOperations(NotificationOperations):
    """Lifecycles."""

    def __init__(self, account: Account, quotas: S3Quotas | None = None) -> None:
        super().__init__(account, quotas)
        self._watched: dict[str, float | None] = {}
        """Buckets that a process watches: when it acts next, None where nothing is due."""

    @operation("PutBucketLifecycleConfiguration")
    def put_bucket_lifecycle_configuration(self, params: Params, context: CallContext) -> Reply:
        """Replace the rules."""
        bucket = self.bucket_of(params)
        smallest = params.get("TransitionDefaultMinimumObjectSize") or _SMALLEST
        if smallest not in _SMALLEST_VALUES:
            raise MalformedXml
        rules = (params.get("LifecycleConfiguration") or {}).get("Rules") or []
        kept = checked_rules(rules, self.quotas.lifecycle_rules, self.account.identifiers.uuid)
        bucket.configurations["lifecycle"] = {"Rules": kept, "TransitionDefaultMinimumObjectSize": smallest}
        return Reply({"TransitionDefaultMinimumObjectSize": smallest}, self._watch(bucket))

    @operation("GetBucketLifecycleConfiguration")
    def get_bucket_lifecycle_configuration(self, params: Params, context: CallContext) -> Reply:
        """The rules."""
        bucket = self.bucket_of(params)
        configuration = bucket.configurations.get("lifecycle")
        if configuration is None:
            raise NoSuchLifecycleConfiguration(fields={"BucketName": bucket.name})
        return Reply(configuration)

    @operation("DeleteBucketLifecycle")
    def delete_bucket_lifecycle(self, params: Params, context: CallContext) -> Reply:
        """Take the rules away."""
        bucket = self.bucket_of(params)
        bucket.configurations.pop("lifecycle", None)
        return Reply({}, (Notify(_topic(bucket)),))

    def expiration_header(self, bucket: Bucket, version: ObjectVersion) -> str | None:
        """When a rule will expire a current version, and which."""
        configuration = bucket.configurations.get("lifecycle")
        if configuration is None or bucket.keys.newest(version.key) is not version:
            return None
        found = expiry_of(configuration["Rules"], version)
        if found is None:
            return None
        return f'expiry-date="{formatdate(found[0], usegmt=True)}", rule-id="{quote(found[1])}"'

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
        """The deliveries of an event; a change that brings the next act of a rule forward wakes the process."""
        effects = super().object_event(bucket, event, key, size=size, etag=etag, version_id=version_id, context=context)
        configuration = bucket.configurations.get("lifecycle")
        if configuration is None:
            return effects
        due = min((act.due for act in self._acts_on(bucket, key)), default=None)
        planned = self._watched.get(bucket.name)
        if due is not None and (planned is None or due < planned):
            effects = (*effects, *self._watch(bucket))
        return effects

    def upload_started(self, bucket: Bucket) -> tuple[Effect, ...]:
        """An upload may be aborted one day: the process looks again at what is next."""
        return self._watch(bucket) if "lifecycle" in bucket.configurations else ()

    # -- the process -------------------------------------------------------------------------------------------------------------

    def _watch(self, bucket: Bucket) -> tuple[Effect, ...]:
        if bucket.name in self._watched:
            return (Notify(_topic(bucket)),)
        self._watched[bucket.name] = None
        return (Spawn(f"lifecycle of {bucket.name}", lambda: self._live(bucket), background=True),)

    def _live(self, bucket: Bucket) -> Process:
        """Act when something is due, as long as the bucket has rules."""
        while "lifecycle" in bucket.configurations and self.buckets.get(bucket.name) is bucket:
            now = yield Now()
            yield from self._act(bucket, now)
            due = self._next_due(bucket)
            self._watched[bucket.name] = due
            yield WaitFor(_topic(bucket), None if due is None else max(due - (yield Now()), 0.0))
        self._watched.pop(bucket.name, None)

    def _acts_on(self, bucket: Bucket, key: str) -> Iterator[Act]:
        configuration = bucket.configurations["lifecycle"]
        for found, history in bucket.keys.histories(key):
            if found == key:
                yield from self._acts(bucket, configuration, history)
            return

    def _acts(self, bucket: Bucket, configuration: dict[str, Any], history: list[Any]) -> Iterator[Act]:
        smallest = configuration["TransitionDefaultMinimumObjectSize"]
        return acts_on(configuration["Rules"], history, bool(bucket.versioning), smallest)

    def _all_acts(self, bucket: Bucket) -> Iterator[Act]:
        configuration = bucket.configurations["lifecycle"]
        for _, history in bucket.keys.histories():
            yield from self._acts(bucket, configuration, history)

    def _next_due(self, bucket: Bucket) -> float | None:
        rules = bucket.configurations["lifecycle"]["Rules"]
        aborts = (abort_due(rules, upload) for upload in bucket.uploads.values())
        acts = (act.due for act in self._all_acts(bucket))
        return min((due for due in (*aborts, *acts) if due is not None), default=None)

    def _act(self, bucket: Bucket, now: float) -> Process:
        """Do all that is due."""
        rules = bucket.configurations["lifecycle"]["Rules"]
        for upload in list(bucket.uploads.values()):
            due = abort_due(rules, upload)
            if due is not None and due <= now:
                self.abort_upload(bucket, upload.upload_id)
        for act in sorted((act for act in self._all_acts(bucket) if act.due <= now), key=lambda act: act.due):
            for effect in self._done(bucket, act, now):  # noqa: UP028
                yield effect  # `yield from` a tuple could not take the effect's result

    def _done(self, bucket: Bucket, act: Act, now: float) -> tuple[Effect, ...]:
        version = act.version
        key = version.key
        if bucket.keys.find(key, version.version_id) is not version:
            return ()  # another rule was first
        if act.kind == "expire" and bucket.keys.newest(key) is not version:
            return ()
        context = CallContext(now, self.account.identifiers.uuid(), principal="s3.amazonaws.com")
        size = version.size if isinstance(version, ObjectVersion) else None
        etag = version.etag if isinstance(version, ObjectVersion) else None
        shown = bucket.shown_version_id(version)
        if act.kind == "transition":
            assert isinstance(version, ObjectVersion)
            version.storage_class = act.storage_class
            event = "LifecycleTransition"
        elif act.kind == "expire" and bucket.versioning:
            marker = self.expire_current(bucket, key, now)
            shown = None if marker is None else marker.version_id
            size = etag = None
            event = "LifecycleExpiration:DeleteMarkerCreated"
        else:
            self.remove_version(bucket, key, version.version_id)
            event = "LifecycleExpiration:Delete"
        return super().object_event(bucket, event, key, size=size, etag=etag, version_id=shown, context=context)


def _topic(bucket: Bucket) -> tuple[str, str]:
    return ("s3 lifecycle", bucket.name)
