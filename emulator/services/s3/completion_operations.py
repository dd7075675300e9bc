"""CompleteMultipartUpload: parts become an object.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from emulator.body import Body
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.checksum_rules import (
    COMPOSITE,
    DEFAULT_ALGORITHM,
    composite,
    expected_checksum,
    joined,
    member_of,
    multipart_etag,
    shown,
)
from emulator.services.s3.conditions import check_write
from emulator.services.s3.customer_keys import check_part_key
from emulator.services.s3.errors import (
    BadDigest,
    EntityTooSmall,
    InternalError,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    MalformedXml,
)
from emulator.services.s3.new_object import NewObject
from emulator.services.s3.object_operations import ObjectOperations
from emulator.services.s3.state import Bucket, Checksum, Part, PartSummary, Upload

__all__ = ["CompletionOperations"]


class CompletionOperations(ObjectOperations):
    """The end of multipart uploads."""

    @operation("CompleteMultipartUpload")
    def complete_multipart_upload(self, params: Params, context: CallContext) -> Reply:
        """Make one object of the parts that the call lists. The same call once more has the same answer."""
        bucket = self.bucket_of(params)
        document = params.get("MultipartUpload")
        rows: Sequence[Mapping[str, Any]] = (document or {}).get("Parts") or ()
        again = self._completed(bucket, params, rows)
        if again is not None:
            return Reply(again)
        upload = self.upload_of(bucket, params)
        if document is None:
            raise InvalidRequest("You must specify at least one part")
        if not rows:
            raise MalformedXml
        if params.get("SSECustomerKey") is not None:
            check_part_key(upload, params)
        parts = self._listed_parts(upload, rows)
        checksum = _checksum(upload, parts, params)
        check_write(params, bucket, upload.key, upload)
        body = Body.joined([part.content for part in parts])
        expected_size = params.get("MpuObjectSize")
        if expected_size is not None and expected_size != body.size:
            raise InvalidRequest(
                f"The provided 'x-amz-mp-object-size' header value {expected_size} does not match what was computed: {body.size}"
            )
        version_result = self._complete(bucket, upload, parts, body, checksum, context)
        bucket.completed[upload.upload_id] = (_fingerprint(rows), version_result.result)
        while len(bucket.completed) > self.quotas.remembered_completions:
            del bucket.completed[next(iter(bucket.completed))]
        return version_result

    def _complete(
        self,
        bucket: Bucket,
        upload: Upload,
        parts: Sequence[Part],
        body: Body,
        checksum: Checksum,
        context: CallContext,
    ) -> Reply:
        new = NewObject(**{name: getattr(upload, name) for name in NewObject.__slots__})
        if upload.encryption.etag_is_md5:
            etag = multipart_etag(parts)
        else:
            etag = f"{self.account.identifiers.hex(32)}-{len(parts)}"
        version = self.add_object(bucket, upload.key, body, checksum, new, upload.encryption, context, etag=etag)
        version.created_by = upload.upload_id
        version.parts = tuple(
            PartSummary(part.number, part.content.size, _shown_checksum(part, checksum)) for part in parts
        )
        self.abort_upload(bucket, upload.upload_id)
        encryption = {name: value for name, value in upload.encryption.shown().items() if not name.startswith("SSEC")}
        result: dict[str, Any] = {
            "Location": f"{self.account.endpoint_url}/{bucket.name}/{quote(upload.key)}",
            "Bucket": bucket.name,
            "Key": upload.key,
            "ETag": f'"{etag}"',
            **shown(checksum),
            **encryption,
        }
        if bucket.versioning == "Enabled":
            result["VersionId"] = version.version_id
        expiration = self.expiration_header(bucket, version)
        if expiration is not None:
            result["Expiration"] = expiration
        return Reply(result, self.created(bucket, version, "ObjectCreated:CompleteMultipartUpload", context))

    def _completed(self, bucket: Bucket, params: Params, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """The answer of a completion that has been made already, while its object is still the newest."""
        known = bucket.completed.get(params["UploadId"])
        newest = bucket.keys.live(params["Key"])
        if known is None or newest is None or getattr(newest, "created_by", "") != params["UploadId"]:
            return None
        return known[1] if known[0] == _fingerprint(rows) else None

    def _listed_parts(self, upload: Upload, rows: Sequence[Mapping[str, Any]]) -> list[Part]:
        """The parts that a completion lists. Raises InvalidPart, InvalidPartOrder, EntityTooSmall, InvalidRequest, MalformedXml."""
        if any(row.get("PartNumber") is None or row.get("ETag") is None for row in rows):
            raise MalformedXml
        numbers = [row["PartNumber"] for row in rows]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise InvalidPartOrder(fields={"UploadId": upload.upload_id})
        parts = []
        for row in rows:
            number, etag = row["PartNumber"], row["ETag"].strip('"')
            part = upload.parts.get(number)
            if part is None or part.etag != etag or not _same_checksum(upload, part, row):
                raise InvalidPart(fields={"ETag": etag, "PartNumber": number, "UploadId": upload.upload_id})
            parts.append(part)
        for part in parts[:-1]:
            if part.content.size < self.quotas.smallest_part_bytes:
                raise EntityTooSmall(
                    fields={
                        "ETag": part.etag,
                        "MinSizeAllowed": self.quotas.smallest_part_bytes,
                        "PartNumber": part.number,
                        "ProposedSize": part.content.size,
                    }
                )
        if upload.checksum_kind == COMPOSITE and numbers != list(range(1, len(numbers) + 1)):
            raise InternalError
        return parts


def _same_checksum(upload: Upload, part: Part, row: Mapping[str, Any]) -> bool:
    """Whether a listed part has the checksum that was uploaded. Raises InvalidRequest where one has to be listed and is not."""
    if part.checksum is None:
        return not any(name.startswith("Checksum") for name, value in row.items() if value is not None)
    listed = row.get(member_of(part.checksum.algorithm))
    if listed is None:
        if upload.checksum_kind == COMPOSITE:
            algorithm = str(upload.checksum_algorithm).lower()
            raise InvalidRequest(
                f"The upload was created using a {algorithm} checksum. The complete request must include the checksum for each "
                f"part. It was missing for part {part.number} in the request."
            )
        return True
    return bool(listed == part.checksum.value)


def _checksum(upload: Upload, parts: Sequence[Part], params: Params) -> Checksum:
    """The checksum of the object. Raises InvalidRequest, BadDigest where the call expects another."""
    kind = params.get("ChecksumType")
    if kind is not None and upload.checksum_kind is not None and kind != upload.checksum_kind:
        raise InvalidRequest(
            f"The upload was created using the {upload.checksum_kind} checksum mode. The complete request must use the same "
            "checksum mode."
        )
    algorithm = upload.checksum_algorithm or DEFAULT_ALGORITHM
    brought = expected_checksum(params) if upload.checksum_kind != COMPOSITE else None
    if brought is not None and brought[0] != algorithm:
        expected = "null" if upload.checksum_algorithm is None else algorithm.lower()
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {brought[0].lower()}"
        )
    checksum = composite(algorithm, parts) if upload.checksum_kind == COMPOSITE else joined(algorithm, parts)
    given = params.get(member_of(algorithm))
    if given is not None:
        expected = given if checksum.kind != COMPOSITE or "-" in given else f"{given}-{len(parts)}"
        if expected != checksum.value:
            raise BadDigest(f"The {algorithm.lower()} you specified did not match the calculated checksum.")
    return checksum


def _shown_checksum(part: Part, whole: Checksum) -> str | None:
    """A part's checksum, where it is of the object's algorithm: reads show it under that name."""
    known = part.checksum
    return known.value if known is not None and known.algorithm == whole.algorithm else None


def _fingerprint(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, str], ...]:
    return tuple((row.get("PartNumber", 0), str(row.get("ETag", "")).strip('"')) for row in rows)
