"""GetObjectAttributes.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.checksum_rules import DEFAULT_ALGORITHM, shown
from emulator.services.s3.conditions import check_read
from emulator.services.s3.customer_keys import check_read_key
from emulator.services.s3.errors import InvalidArgument, InvalidRequest
from emulator.services.s3.listing import limit_of
from emulator.services.s3.reading import Reading
from emulator.services.s3.state import ObjectVersion

__all__ = ["AttributeOperations"]

_ATTRIBUTES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


class AttributeOperations(Reading):
    """What an object is, without its content."""

    @operation("GetObjectAttributes")
    def get_object_attributes(self, params: Params, context: CallContext) -> Reply:
        """The attributes that the call names."""
        bucket = self.bucket_of(params)
        wanted = [name for name in params.get("ObjectAttributes") or () if name]
        if not wanted:
            raise InvalidRequest(
                "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"
            )
        for name in wanted:
            if name not in _ATTRIBUTES:
                raise InvalidArgument.of("Invalid attribute name specified.", "x-amz-object-attributes", name)
        version = self.readable(bucket, params, "GET")
        check_read_key(version.encryption, params)
        check_read(params, version, context.now)
        result: dict[str, Any] = {"LastModified": version.last_modified}
        version_id = bucket.shown_version_id(version)
        if version_id is not None:
            result["VersionId"] = version_id
        if "ETag" in wanted:
            result["ETag"] = version.etag
        if "Checksum" in wanted:
            checksum = shown(version.checksum)
            result["Checksum"] = {
                name: value.partition("-")[0] if name != "ChecksumType" else value for name, value in checksum.items()
            }
        if "ObjectParts" in wanted and version.parts:
            result["ObjectParts"] = self._object_parts(version, params)
        if "StorageClass" in wanted:
            result["StorageClass"] = version.storage_class
        if "ObjectSize" in wanted:
            result["ObjectSize"] = version.size
        return Reply(result)

    def _object_parts(self, version: ObjectVersion, params: Params) -> dict[str, Any]:
        shown_parts: dict[str, Any] = {"TotalPartsCount": len(version.parts)}
        if version.checksum.algorithm == DEFAULT_ALGORITHM:
            return shown_parts
        limit = limit_of(params, "MaxParts", "max-parts", self.quotas.list_page)
        marker = params.get("PartNumberMarker") or 0
        rows = [part for part in version.parts if part.number > marker]
        chosen = rows[:limit]
        member = f"Checksum{version.checksum.algorithm}"
        shown_parts |= {
            "PartNumberMarker": marker,
            "NextPartNumberMarker": chosen[-1].number if chosen else 0,
            "MaxParts": limit,
            "IsTruncated": len(rows) > limit > 0,
        }
        if chosen:
            shown_parts["Parts"] = [
                {"PartNumber": part.number, "Size": part.size, member: part.checksum} for part in chosen
            ]
        return shown_parts
