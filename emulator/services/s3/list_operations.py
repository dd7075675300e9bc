"""ListObjects, ListObjectsV2, ListObjectVersions.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from emulator.operation import Answer, CallContext, Params, Reply, operation
from emulator.services.s3.checksum_rules import listed
from emulator.services.s3.errors import InvalidArgument
from emulator.services.s3.key_index import after_prefix
from emulator.services.s3.listing import Page, Resume, common_prefix, encoder, limit_of, page_of
from emulator.services.s3.state import Bucket, ObjectVersion, Version
from emulator.services.s3.store import S3Store
from emulator.services.s3.version_ids import made_at

__all__ = ["ListOperations"]


class ListOperations(S3Store):
    """Listings of a bucket."""

    @operation("ListObjects")
    def list_objects(self, params: Params, context: CallContext) -> Reply:
        """The first version of listings, which goes on from a marker."""
        bucket = self.bucket_of(params)
        query = {} if context.request is None else parse_qs(context.request.query)
        if "list-type" in query:  # of the second version, the other operation
            raise InvalidArgument.of("Invalid List Type specified in Request", "list-type", query["list-type"][0])
        encode = encoder(params)
        limit = limit_of(params, "MaxKeys", "maxKeys", self.quotas.list_page)
        prefix, delimiter = params.get("Prefix") or "", params.get("Delimiter") or ""
        marker = params.get("Marker") or ""
        start: Resume | None = None
        if marker:
            shared = common_prefix(marker, prefix, delimiter) if marker.startswith(prefix) else None
            start = Resume(marker) if shared is None else Resume(shared, is_prefix=True)
        page: Page[Version] = page_of(
            lambda first, inclusive: bucket.keys.objects(first, inclusive=inclusive),
            prefix=prefix,
            delimiter=delimiter,
            start=start,
            limit=limit,
        )
        result = self._object_page(bucket, page, params, limit, context.now, owner=True)
        result["Marker"] = encode(marker)
        if page.resume is not None and delimiter:
            result["NextMarker"] = encode(page.resume.after)
        return Reply(self._in_its_region(bucket, result))

    @operation("ListObjectsV2")
    def list_objects_v2(self, params: Params, context: CallContext) -> Reply:
        """The second version of listings, which goes on from a token."""
        bucket = self.bucket_of(params)
        encode = encoder(params)
        limit = limit_of(params, "MaxKeys", "max-keys", self.quotas.list_page)
        prefix, delimiter = params.get("Prefix") or "", params.get("Delimiter") or ""
        token, start_after = params.get("ContinuationToken"), params.get("StartAfter")
        start: Resume | None = None
        if token is not None:
            start = Resume.of(token)
        elif start_after:
            start = Resume(start_after)
        page: Page[Version] = page_of(
            lambda first, inclusive: bucket.keys.objects(first, inclusive=inclusive),
            prefix=prefix,
            delimiter=delimiter,
            start=start,
            limit=limit,
        )
        result = self._object_page(bucket, page, params, limit, context.now, owner=params.get("FetchOwner") is True)
        result["KeyCount"] = len(page.rows) + len(page.prefixes)
        if token is not None:
            result["ContinuationToken"] = token
        if start_after is not None:
            result["StartAfter"] = encode(start_after)
        if page.resume is not None:
            result["NextContinuationToken"] = page.resume.token()
        return Reply(self._in_its_region(bucket, result))

    @staticmethod
    def _in_its_region(bucket: Bucket, result: dict[str, Any]) -> Answer:
        """Listings of objects say where the bucket is, in a header that the model leaves out."""
        return Answer(result, headers=(("x-amz-bucket-region", bucket.region),))

    def _object_page(
        self, bucket: Bucket, page: Page[Version], params: Params, limit: int, now: float, *, owner: bool
    ) -> dict[str, Any]:
        """What both listings of objects have in common."""
        encode = encoder(params)
        restores_at = _restores_at(params, now)
        result: dict[str, Any] = {
            "Name": bucket.name,
            "Prefix": encode(params.get("Prefix") or ""),
            "MaxKeys": limit,
            "IsTruncated": page.resume is not None,
        }
        self._add_listing_members(result, page.prefixes, params)
        contents = []
        for key, version in page.rows:
            row = {"Key": encode(key), **_described(version, restores_at)}
            if owner:
                row["Owner"] = self.owner()
            contents.append(row)
        if contents:
            result["Contents"] = contents
        return result

    @staticmethod
    def _add_listing_members(result: dict[str, Any], prefixes: list[str], params: Params) -> None:
        encode = encoder(params)
        if params.get("Delimiter"):
            result["Delimiter"] = encode(params["Delimiter"])
        if params.get("EncodingType") is not None:
            result["EncodingType"] = params["EncodingType"]
        if prefixes:
            result["CommonPrefixes"] = [{"Prefix": encode(prefix)} for prefix in prefixes]

    @operation("ListObjectVersions")
    def list_object_versions(self, params: Params, context: CallContext) -> Reply:
        """All versions and delete markers, the newest of a key first."""
        bucket = self.bucket_of(params)
        encode = encoder(params)
        limit = limit_of(params, "MaxKeys", "maxKeys", self.quotas.list_page)
        prefix, delimiter = params.get("Prefix") or "", params.get("Delimiter") or ""
        key_marker, id_marker = params.get("KeyMarker"), params.get("VersionIdMarker")
        self._check_version_markers(bucket, key_marker, id_marker)
        versions: list[dict[str, Any]] = []
        markers: list[dict[str, Any]] = []
        prefixes: list[str] = []
        next_markers: dict[str, str] | None = None
        last: dict[str, str] = {}
        restores_at = _restores_at(params, context.now)
        for key, version, is_latest in _entries(bucket, prefix, delimiter, key_marker or "", id_marker):
            if len(versions) + len(markers) + len(prefixes) == limit:
                next_markers = last
                break
            if version is None:
                prefixes.append(key)
                last = {"NextKeyMarker": encode(key)}
                continue
            row: dict[str, Any] = {"Key": encode(key), "VersionId": version.version_id, "IsLatest": is_latest}
            row["Owner"] = self.owner()
            last = {"NextKeyMarker": row["Key"], "NextVersionIdMarker": version.version_id}
            if isinstance(version, ObjectVersion):
                versions.append(row | _described(version, restores_at))
            else:
                markers.append(row | {"LastModified": version.last_modified})
        result: dict[str, Any] = {
            "Name": bucket.name,
            "Prefix": encode(prefix),
            "KeyMarker": encode(key_marker or ""),
            "VersionIdMarker": id_marker or "",
            "MaxKeys": limit,
            "IsTruncated": next_markers is not None and limit > 0,
        }
        self._add_listing_members(result, prefixes, params)
        if next_markers is not None and limit > 0:
            result |= next_markers
        if versions:
            result["Versions"] = versions
        if markers:
            result["DeleteMarkers"] = markers
        return Reply(result)

    def _check_version_markers(self, bucket: Bucket, key_marker: str | None, id_marker: str | None) -> None:
        if id_marker is None:
            return
        name = "version-id-marker"
        if id_marker == "":
            raise InvalidArgument.of("A version-id marker cannot be empty.", name, "")
        if not key_marker:
            raise InvalidArgument.of("A version-id marker cannot be specified without a key marker.", name, id_marker)
        try:
            self.check_version_id(bucket, id_marker)
        except InvalidArgument as error:
            raise InvalidArgument.of(error.message, name, id_marker) from None


def _entries(
    bucket: Bucket, prefix: str, delimiter: str, key_marker: str, id_marker: str | None
) -> Iterator[tuple[str, Version | None, bool]]:
    """Keys with a version each and whether it is the newest, in order; a common prefix has no version."""
    first, inclusive = prefix, True
    if key_marker >= prefix and key_marker:
        shared = common_prefix(key_marker, prefix, delimiter) if key_marker.startswith(prefix) else None
        if shared is not None:
            following = after_prefix(shared)
            if following is None:
                return
            first = following
        else:
            first, inclusive = key_marker, id_marker is not None
    walk = bucket.keys.histories(first, inclusive=inclusive)
    while True:
        entry = next(walk, None)
        if entry is None or not entry[0].startswith(prefix):
            return
        key, history = entry
        shared = common_prefix(key, prefix, delimiter)
        if shared is not None:
            yield shared, None, False
            following = after_prefix(shared)
            if following is None:
                return
            walk = bucket.keys.histories(following)
            continue
        shown = history
        if key == key_marker and id_marker is not None:
            ids = [version.version_id for version in history]
            if id_marker in ids:
                shown = history[ids.index(id_marker) + 1 :]
            else:  # deleted since: what is older than it comes next
                before = made_at(id_marker) or 0
                shown = [version for version in history if version.sequence < before]
        for version in shown:
            yield key, version, version is history[0]


def _restores_at(params: Params, now: float) -> float | None:
    """The time for which a listing tells of restores; None where the call does not ask for them."""
    return now if "RestoreStatus" in (params.get("OptionalObjectAttributes") or ()) else None


def _described(version: Version, restores_at: float | None) -> dict[str, Any]:
    """An object's row of a listing, but for its key."""
    assert isinstance(version, ObjectVersion)
    row: dict[str, Any] = {
        "LastModified": version.last_modified,
        "ETag": f'"{version.etag}"',
        "Size": version.size,
        "StorageClass": version.storage_class,
        **listed(version.checksum),
    }
    restore = version.restore
    if restores_at is not None and restore is not None and restores_at < restore.expiry:
        under_way = restores_at < restore.ready
        row["RestoreStatus"] = {"IsRestoreInProgress": under_way}
        if not under_way:
            row["RestoreStatus"]["RestoreExpiryDate"] = restore.expiry
    return row
