"""DeleteObject and DeleteObjects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjects.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.effects import Effect
from emulator.errors import AwsError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.conditions import check_delete
from emulator.services.s3.errors import (
    InvalidArgument,
    InvalidRequest,
    MalformedXml,
    NoSuchVersion,
    NotImplementedHeader,
)
from emulator.services.s3.key_index import NULL_VERSION
from emulator.services.s3.object_lock import check_bypass, check_removable
from emulator.services.s3.reading import Reading
from emulator.services.s3.state import Bucket, ObjectVersion

__all__ = ["DeleteOperations"]

_DIRECTORY_ONLY = {
    "IfMatchLastModifiedTime": "x-amz-if-match-last-modified-time",
    "IfMatchSize": "x-amz-if-match-size",
}


class DeleteOperations(Reading):
    """Deleting objects and versions."""

    @operation("DeleteObject")
    def delete_object(self, params: Params, context: CallContext) -> Reply:
        """Remove a version for good, or put a delete marker on top."""
        bucket = self.bucket_of(params)
        check_bypass(params, bucket)
        for member, header in _DIRECTORY_ONLY.items():
            if params.get(member) is not None:
                raise NotImplementedHeader(fields={"Header": header})
        key, version_id = params["Key"], params.get("VersionId")
        check_delete(params.get("IfMatch"), bucket, key)
        if version_id is not None:
            self.check_version_id(bucket, version_id)
        deleted, effects = self._delete(bucket, key, version_id, params, context)
        result: dict[str, Any] = {}
        marker_id = deleted.get("DeleteMarkerVersionId")
        if marker_id is not None:
            result = {"DeleteMarker": True, "VersionId": marker_id}
        elif version_id is not None:
            result = {"VersionId": version_id}
        return Reply(result, effects)

    def _delete(
        self, bucket: Bucket, key: str, version_id: str | None, params: Params, context: CallContext
    ) -> tuple[dict[str, Any], tuple[Effect, ...]]:
        """Delete one key or version: its row of DeleteObjects' answer, and the effects. Raises AccessDenied."""
        if version_id is None:
            was_there = bucket.keys.newest(key) is not None
            marker = self.expire_current(bucket, key, context.now)
            if marker is None:
                if not was_there:
                    return {"Key": key}, ()
                effects = self.object_event(
                    bucket, "ObjectRemoved:Delete", key, size=None, etag=None, version_id=None, context=context
                )
                return {"Key": key}, effects
            effects = self.object_event(
                bucket,
                "ObjectRemoved:DeleteMarkerCreated",
                key,
                size=None,
                etag=None,
                version_id=None if marker.version_id == NULL_VERSION else marker.version_id,
                context=context,
            )
            return {"Key": key, "DeleteMarker": True, "DeleteMarkerVersionId": marker.version_id}, effects
        found = bucket.keys.find(key, version_id)
        row: dict[str, Any] = {"Key": key, "VersionId": version_id}
        if found is None:
            return row, ()
        check_removable(found, context.now, bypass=params.get("BypassGovernanceRetention") is True)
        self.remove_version(bucket, key, version_id)
        if not isinstance(found, ObjectVersion):
            row |= {"DeleteMarker": True, "DeleteMarkerVersionId": version_id}
        effects = self.object_event(
            bucket, "ObjectRemoved:Delete", key, size=None, etag=None, version_id=version_id, context=context
        )
        return row, effects

    @operation("DeleteObjects")
    def delete_objects(self, params: Params, context: CallContext) -> Reply:
        """Delete up to a thousand keys or versions; what cannot be deleted is told one by one."""
        bucket = self.bucket_of(params)
        check_bypass(params, bucket)
        self._check_digest(context)
        wanted = params.get("Delete") or {}
        rows: list[Mapping[str, Any]] = wanted.get("Objects") or []
        if not 0 < len(rows) <= self.quotas.deleted_keys or any(not row.get("Key") for row in rows):
            raise MalformedXml
        deleted: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        effects: list[Effect] = []
        for row in rows:
            try:
                done, more = self._delete_row(bucket, row, params, context)
            except UnsupportedOperation:
                raise
            except AwsError as error:
                told = {"Key": row["Key"], "Code": error.code, "Message": error.message}
                errors.append(told | ({"VersionId": row["VersionId"]} if row.get("VersionId") is not None else {}))
            else:
                deleted.append(done)
                effects.extend(more)
        result: dict[str, Any] = {}
        if deleted and not wanted.get("Quiet"):
            result["Deleted"] = deleted
        if errors:
            result["Errors"] = errors
        return Reply(result, tuple(effects))

    def _delete_row(
        self, bucket: Bucket, row: Mapping[str, Any], params: Params, context: CallContext
    ) -> tuple[dict[str, Any], tuple[Effect, ...]]:
        key, version_id = row["Key"], row.get("VersionId")
        check_delete(row.get("ETag"), bucket, key)
        if version_id is not None:
            try:
                self.check_version_id(bucket, version_id)
            except InvalidArgument:
                raise NoSuchVersion from None
        return self._delete(bucket, key, version_id, params, context)

    @staticmethod
    def _check_digest(context: CallContext) -> None:
        """Clients must send a digest of the list. Raises InvalidRequest."""
        if context.request is None:
            return
        headers = context.request.headers
        if "content-md5" not in headers and not any(
            name.startswith("x-amz-checksum-") or name == "x-amz-trailer" for name in headers
        ):
            raise InvalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
