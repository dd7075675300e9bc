"""Tags of objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.reading import Reading
from emulator.services.s3.state import Bucket, ObjectVersion
from emulator.services.s3.tagging import object_tags, tag_set

__all__ = ["TagOperations"]


class TagOperations(Reading):
    """PutObjectTagging, GetObjectTagging, DeleteObjectTagging."""

    @operation("PutObjectTagging")
    def put_object_tagging(self, params: Params, context: CallContext) -> Reply:
        """Replace an object's tags."""
        bucket = self.bucket_of(params)
        version = self.taggable(bucket, params, "PUT")
        version.tags = object_tags((params.get("Tagging") or {}).get("TagSet") or (), self.quotas)
        return self._tags_changed(bucket, version, "ObjectTagging:Put", context)

    @operation("GetObjectTagging")
    def get_object_tagging(self, params: Params, context: CallContext) -> Reply:
        """An object's tags."""
        bucket = self.bucket_of(params)
        version = self.taggable(bucket, params, "GET")
        return Reply({**_version_id(bucket, version), "TagSet": tag_set(version.tags)})

    @operation("DeleteObjectTagging")
    def delete_object_tagging(self, params: Params, context: CallContext) -> Reply:
        """Take an object's tags away."""
        bucket = self.bucket_of(params)
        version = self.taggable(bucket, params, "DELETE")
        version.tags = {}
        return self._tags_changed(bucket, version, "ObjectTagging:Delete", context)

    def _tags_changed(self, bucket: Bucket, version: ObjectVersion, event: str, context: CallContext) -> Reply:
        shown = _version_id(bucket, version)
        effects = self.object_event(
            bucket,
            event,
            version.key,
            size=None,
            etag=version.etag,
            version_id=shown.get("VersionId"),
            context=context,
        )
        return Reply(shown, effects)


def _version_id(bucket: Bucket, version: ObjectVersion) -> dict[str, Any]:
    version_id = bucket.shown_version_id(version)
    return {} if version_id is None else {"VersionId": version_id}
