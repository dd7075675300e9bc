"""RestoreObject.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
"""

from __future__ import annotations

from dataclasses import replace

from emulator.effects import Effect, Now, Process, Sleep, Spawn
from emulator.errors import UnsupportedOperation
from emulator.operation import Answer, CallContext, Params, Reply, operation
from emulator.services.s3.errors import (
    InvalidArgument,
    InvalidObjectState,
    MalformedXml,
    RestoreAlreadyInProgress,
    S3Error,
)
from emulator.services.s3.new_object import ARCHIVED
from emulator.services.s3.reading import Reading
from emulator.services.s3.restore import expiry_of
from emulator.services.s3.state import Bucket, ObjectVersion, Restore

__all__ = ["RestoreOperations"]

_TIERS = ("Standard", "Bulk", "Expedited")


class GlacierExpeditedRetrievalNotAvailable(S3Error):
    """Deep archives know no expedited retrieval."""

    status = 503
    text = "Glacier expedited retrievals are currently not available, please try again later"


class RestoreOperations(Reading):
    """Temporary copies of archived objects."""

    @operation("RestoreObject")
    def restore_object(self, params: Params, context: CallContext) -> Reply:
        """Begin a restore, or change for how long the copy of one stays."""
        bucket = self.bucket_of(params)
        version = self.taggable(bucket, params, "POST")
        request = params.get("RestoreRequest") or {}
        for member in ("Type", "SelectParameters", "OutputLocation"):
            if request.get(member) is not None:
                raise UnsupportedOperation(
                    f"s3:RestoreObject: RestoreRequest.{member} is not supported by this emulator"
                )
        if version.storage_class not in ARCHIVED:
            raise InvalidObjectState(
                "Restore is not allowed for the object's current storage class",
                fields={"StorageClass": version.storage_class},
            )
        days = request.get("Days")
        if days is None:
            raise MalformedXml
        if days < 1:
            raise InvalidArgument.of("restoration days should be at least 1", "Days", days)
        tier = request.get("Tier") or (request.get("GlacierJobParameters") or {}).get("Tier") or "Standard"
        if tier not in _TIERS:
            raise MalformedXml
        seconds = self.quotas.restore_seconds.get((version.storage_class, tier))
        if seconds is None:
            raise GlacierExpeditedRetrievalNotAvailable
        known = version.restore
        if known is not None and context.now < known.ready:
            raise RestoreAlreadyInProgress
        if known is not None and context.now < known.expiry:
            version.restore = Restore(known.ready, expiry_of(context.now, days), days, known.tier)
            return Reply(Answer({}, status=200))
        ready = context.now + seconds
        version.restore = Restore(ready, expiry_of(ready, days), days, tier)
        effects = self._restore_event(bucket, version, "ObjectRestore:Post", context)
        if "notification" in bucket.configurations:
            completion = Spawn(
                f"restore of {bucket.name}/{version.key}",
                lambda: self._completion(bucket, version, ready, context),
                background=True,
            )
            effects = (*effects, completion)
        return Reply({}, effects)

    def _completion(self, bucket: Bucket, version: ObjectVersion, ready: float, context: CallContext) -> Process:
        """Tell that a copy is there, when it is, and that it is gone, when that is so."""
        now = yield Now()
        for event in ("ObjectRestore:Completed", "ObjectRestore:Delete"):
            while True:
                restore = version.restore
                gone = bucket.keys.find(version.key, version.version_id) is not version
                if restore is None or restore.ready != ready or gone:
                    return
                due = ready if event == "ObjectRestore:Completed" else restore.expiry
                if now >= due:
                    break
                yield Sleep(due - now)
                now = yield Now()
            for effect in self._restore_event(bucket, version, event, replace(context, now=now)):  # noqa: UP028
                yield effect  # `yield from` a tuple could not take the effect's result

    def _restore_event(
        self, bucket: Bucket, version: ObjectVersion, event: str, context: CallContext
    ) -> tuple[Effect, ...]:
        return self.object_event(
            bucket,
            event,
            version.key,
            size=version.size,
            etag=version.etag,
            version_id=bucket.shown_version_id(version),
            context=context,
        )
