"""Finding what a read is about, and writing down what it is: for GetObject, HeadObject and their like."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

from emulator.operation import CallContext, Params
from emulator.services.s3.checksum_rules import shown
from emulator.services.s3.errors import InvalidArgument, InvalidPartNumber, InvalidRequest, MethodNotAllowed, NoSuchKey
from emulator.services.s3.new_object import NewObjects
from emulator.services.s3.object_lock import lock_of
from emulator.services.s3.ranges import read_range
from emulator.services.s3.restore import restore_header
from emulator.services.s3.state import Bucket, DeleteMarker, ObjectVersion

__all__ = ["Reading", "part_span"]

_OVERRIDES = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
)


class Reading(NewObjects):
    """The parts that reads share."""

    def readable(self, bucket: Bucket, params: Params, method: str) -> ObjectVersion:
        """The object that a read names. Raises NoSuchKey, NoSuchVersion, InvalidArgument, MethodNotAllowed."""
        key, version_id = params["Key"], params.get("VersionId")
        found = self.version_of(bucket, key, version_id)
        if isinstance(found, ObjectVersion):
            return found
        headers = {"x-amz-delete-marker": "true", "x-amz-version-id": found.version_id}
        if version_id is None:
            raise NoSuchKey(fields={"Key": key}, headers=headers)
        headers["Last-Modified"] = formatdate(found.last_modified, usegmt=True)
        raise no_method(found, method, headers)

    def taggable(self, bucket: Bucket, params: Params, method: str) -> ObjectVersion:
        """The object whose tags, retention or legal hold a call is about; a delete marker has none."""
        found = self.version_of(bucket, params["Key"], params.get("VersionId"))
        if isinstance(found, DeleteMarker):
            raise no_method(found, method, {"x-amz-delete-marker": "true", "x-amz-version-id": found.version_id})
        return found

    def description(
        self, bucket: Bucket, version: ObjectVersion, params: Params, context: CallContext
    ) -> dict[str, Any]:
        """The members that GetObject and HeadObject have in common."""
        result: dict[str, Any] = {
            "AcceptRanges": "bytes",
            "LastModified": version.last_modified,
            "ContentLength": version.size,
            "ETag": f'"{version.etag}"',
            **version.headers,
            **version.encryption.shown(),
        }
        if version.metadata:
            result["Metadata"] = dict(version.metadata)
        if version.storage_class != "STANDARD":
            result["StorageClass"] = version.storage_class
        version_id = bucket.shown_version_id(version)
        optional = {
            "VersionId": version_id,
            "WebsiteRedirectLocation": version.website_redirect_location,
            "TagCount": len(version.tags) or None,
            "Restore": restore_header(version, context.now),
            "Expiration": None if params.get("VersionId") else self.expiration_header(bucket, version),
        }
        result.update({name: value for name, value in optional.items() if value is not None})
        result.update(lock_of(version))
        self._override(result, params, context)
        return result

    @staticmethod
    def _override(result: dict[str, Any], params: Params, context: CallContext) -> None:
        for name in _OVERRIDES:
            value = params.get(f"Response{name}")
            if value is not None:
                if context.request is not None and not context.principal:
                    raise InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
                result[name] = value

    def selected(self, version: ObjectVersion, params: Params) -> tuple[dict[str, Any], int, int]:
        """What a range or a part number selects: members, first byte, and the one after the last.

        Raises InvalidRange, InvalidPartNumber, InvalidRequest, InvalidArgument.
        """
        number, text = params.get("PartNumber"), params.get("Range")
        size = version.size
        if number is not None:
            if text is not None:
                raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
            return self._part(version, number, wants_checksum(params))
        span = read_range(text, size)
        members: dict[str, Any] = {}
        if span is None or span == (0, size):
            if wants_checksum(params):
                members.update(shown(version.checksum))
        if span is None:
            return members, 0, size
        start, stop = span
        members |= {"ContentRange": f"bytes {start}-{stop - 1}/{size}", "ContentLength": stop - start}
        return members, start, stop

    def _part(self, version: ObjectVersion, number: int, checksum: bool) -> tuple[dict[str, Any], int, int]:
        if not 1 <= number <= self.quotas.parts:
            message = f"Part number must be an integer between 1 and {self.quotas.parts}, inclusive"
            raise InvalidArgument.of(message, "partNumber", number)
        if not version.parts:
            if number != 1:
                raise InvalidPartNumber(fields={"PartNumberRequested": number, "ActualPartCount": 1})
            members: dict[str, Any] = dict(shown(version.checksum)) if checksum else {}
            if version.size:
                span = {"ContentRange": f"bytes 0-{version.size - 1}/{version.size}"}
                return {**members, **span}, 0, version.size
            return {**members}, 0, 0
        start, stop = part_span(version, number)
        part = version.parts[number - 1]
        members = {"PartsCount": len(version.parts), "ContentLength": stop - start}
        if stop > start:
            members["ContentRange"] = f"bytes {start}-{stop - 1}/{version.size}"
        if checksum and part.checksum is not None:
            members[f"Checksum{version.checksum.algorithm}"] = part.checksum
            members["ChecksumType"] = version.checksum.kind
        return members, start, stop


def wants_checksum(params: Params) -> bool:
    """Whether a read asks for the object's checksum."""
    return str(params.get("ChecksumMode", "")).upper() == "ENABLED"


def part_span(version: ObjectVersion, number: int) -> tuple[int, int]:
    """First byte of a part, and the one after its last; parts count from 1 as they stand. Raises InvalidPartNumber."""
    if number > len(version.parts):
        raise InvalidPartNumber(fields={"PartNumberRequested": number, "ActualPartCount": len(version.parts)})
    start = sum(part.size for part in version.parts[: number - 1])
    return start, start + version.parts[number - 1].size


def no_method(marker: DeleteMarker, method: str, headers: dict[str, str]) -> MethodNotAllowed:
    """The error of an operation on a delete marker."""
    fields = {"Method": method, "ResourceType": "DeleteMarker"}
    return MethodNotAllowed(fields=fields, headers={**headers, "Allow": "DELETE"})
