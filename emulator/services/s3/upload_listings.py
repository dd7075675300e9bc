"""ListMultipartUploads and ListParts.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.checksum_rules import shown
from emulator.services.s3.errors import InvalidArgument
from emulator.services.s3.listing import common_prefix, encoder, limit_of
from emulator.services.s3.state import Upload
from emulator.services.s3.upload_operations import UploadOperations

__all__ = ["UploadListings"]


class UploadListings(UploadOperations):
    """Listings of uploads under way."""

    @operation("ListMultipartUploads")
    def list_multipart_uploads(self, params: Params, context: CallContext) -> Reply:
        """Uploads by key, then by age."""
        bucket = self.bucket_of(params)
        encode = encoder(params)
        limit = limit_of(params, "MaxUploads", "max-uploads", self.quotas.list_page)
        prefix, delimiter = params.get("Prefix") or "", params.get("Delimiter") or ""
        key_marker = params.get("KeyMarker") or ""
        id_marker = (params.get("UploadIdMarker") or "") if key_marker else ""
        marked = bucket.uploads.get(id_marker)
        if id_marker and (marked is None or marked.key != key_marker):
            raise InvalidArgument.of("Invalid uploadId marker", "upload-id-marker", id_marker)
        rows: list[Upload] = []
        prefixes: list[str] = []
        last: tuple[str, str] = ("", "")
        truncated = False
        for upload in self.uploads_of(bucket):
            if not upload.key.startswith(prefix) or _is_before(upload, key_marker, marked):
                continue
            common = common_prefix(upload.key, prefix, delimiter)
            if common is not None and ((prefixes and prefixes[-1] == common) or key_marker.startswith(common)):
                continue
            if len(rows) + len(prefixes) >= limit:
                truncated = limit > 0
                break
            if common is None:
                rows.append(upload)
                last = (upload.key, upload.upload_id)
            else:
                prefixes.append(common)
        result: dict[str, Any] = {
            "Bucket": bucket.name,
            "KeyMarker": encode(key_marker),
            "UploadIdMarker": id_marker,
            "NextKeyMarker": encode(last[0]),
            "NextUploadIdMarker": last[1],
            "MaxUploads": limit,
            "IsTruncated": truncated,
        }
        if prefix:
            result["Prefix"] = encode(prefix)
        if delimiter:
            result["Delimiter"] = encode(delimiter)
        if params.get("EncodingType") is not None:
            result["EncodingType"] = params["EncodingType"]
        if rows:
            result["Uploads"] = [{**self._described_upload(upload), "Key": encode(upload.key)} for upload in rows]
        if prefixes:
            result["CommonPrefixes"] = [{"Prefix": encode(common)} for common in prefixes]
        return Reply(result)

    def _described_upload(self, upload: Upload) -> dict[str, Any]:
        row: dict[str, Any] = {
            "UploadId": upload.upload_id,
            "Initiated": upload.initiated,
            "StorageClass": upload.storage_class,
            "Owner": self.owner(),
            "Initiator": self._initiator(),
        }
        if upload.checksum_algorithm is not None:
            row |= {"ChecksumAlgorithm": upload.checksum_algorithm, "ChecksumType": upload.checksum_kind}
        return row

    def _initiator(self) -> dict[str, str]:
        return self.owner()

    @operation("ListParts")
    def list_parts(self, params: Params, context: CallContext) -> Reply:
        """The parts of an upload by number."""
        bucket = self.bucket_of(params)
        upload = self.upload_of(bucket, params)
        limit = limit_of(params, "MaxParts", "max-parts", self.quotas.list_page)
        marker = params.get("PartNumberMarker") or 0
        if marker < 0:
            message = "Argument part-number-marker must be an integer between 0 and 2147483647"
            raise InvalidArgument.of(message, "part-number-marker", marker)
        numbers = sorted(number for number in upload.parts if number > marker)
        chosen = [upload.parts[number] for number in numbers[:limit]]
        result: dict[str, Any] = {
            "Bucket": bucket.name,
            "Key": upload.key,
            "UploadId": upload.upload_id,
            "PartNumberMarker": marker,
            "NextPartNumberMarker": chosen[-1].number if chosen else 0,
            "MaxParts": limit,
            "IsTruncated": len(numbers) > limit > 0,
            "Initiator": self._initiator(),
            "Owner": self.owner(),
            "StorageClass": upload.storage_class,
        }
        if upload.checksum_algorithm is not None:
            result |= {"ChecksumAlgorithm": upload.checksum_algorithm, "ChecksumType": upload.checksum_kind}
        if chosen:
            result["Parts"] = [
                {
                    "PartNumber": part.number,
                    "LastModified": part.last_modified,
                    "ETag": f'"{part.etag}"',
                    "Size": part.content.size,
                    **shown(part.checksum, kind=False),
                }
                for part in chosen
            ]
        return Reply(result)


def _is_before(upload: Upload, key_marker: str, marked: Upload | None) -> bool:
    """Whether an upload is at or before the marker of a listing."""
    if not key_marker:
        return False
    if upload.key != key_marker or marked is None:
        return upload.key <= key_marker
    return upload.sequence <= marked.sequence
