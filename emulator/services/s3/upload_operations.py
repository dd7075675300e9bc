"""Multipart uploads: begin, add parts, abort.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

from typing import Any

from emulator.body import Body
from emulator.checksums import MD5
from emulator.effects import Process
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.checksum_rules import (
    DEFAULT_ALGORITHM,
    FULL_OBJECT,
    check_md5,
    full_object,
    shown,
    upload_checksum,
    verified,
)
from emulator.services.s3.copy_source import Copying
from emulator.services.s3.customer_keys import check_part_key
from emulator.services.s3.errors import EntityTooLarge, InvalidArgument, InvalidRequest
from emulator.services.s3.ranges import copy_range
from emulator.services.s3.state import Bucket, Checksum, Encryption, Part, Upload
from emulator.services.s3.store import body_of

__all__ = ["UploadOperations"]


class UploadOperations(Copying):
    """CreateMultipartUpload, UploadPart, UploadPartCopy, AbortMultipartUpload."""

    @operation("CreateMultipartUpload")
    def create_multipart_upload(self, params: Params, context: CallContext) -> Reply | Process:
        """Begin an upload; what the object will be is said here."""
        bucket = self.bucket_of(params)
        key = self.key_of(params)
        algorithm, kind = upload_checksum(params)
        new = self.new_object(params, bucket, context)

        def begin(encryption: Encryption) -> Reply:
            upload = Upload(
                upload_id=self.new_upload_id(),
                key=key,
                initiated=float(int(context.now)),
                sequence=bucket.next_sequence(),
                checksum_algorithm=algorithm,
                checksum_kind=kind,
                **(new.members() | {"encryption": encryption}),
            )
            bucket.uploads[upload.upload_id] = upload
            result: dict[str, Any] = {"Bucket": bucket.name, "Key": key, "UploadId": upload.upload_id}
            if algorithm is not None:
                result |= {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
            return Reply(result | encryption.shown(), self.upload_started(bucket))

        return self.with_key(new.encryption, begin)

    @operation("UploadPart")
    def upload_part(self, params: Params, context: CallContext) -> Reply:
        """Add a part, or replace the one of that number."""
        bucket = self.bucket_of(params)
        number = self.part_number(params)
        upload = self.upload_of(bucket, params)
        body = body_of(params.get("Body"))
        check_part_key(upload, params)
        self._check_part_size(body)
        check_md5(body, params)
        checksum = _part_checksum(upload, body, verified(body, params))
        part = self._add_part(upload, number, body, checksum, context)
        return Reply({"ETag": f'"{part.etag}"', **shown(checksum, kind=False), **upload.encryption.shown()})

    @operation("UploadPartCopy")
    def upload_part_copy(self, params: Params, context: CallContext) -> Reply | Process:
        """Add a part that is an object, or a range of one."""
        bucket = self.bucket_of(params)
        number = self.part_number(params)
        upload = self.upload_of(bucket, params)
        source = self.source_of(params, context)
        check_part_key(upload, params)
        start, stop = copy_range(params.get("CopySourceRange"), source.version.size)
        body = source.version.content.slice(start, stop)
        self._check_part_size(body)
        algorithm = upload.checksum_algorithm

        def add() -> Reply:
            self.upload_of(bucket, params)  # it may have been aborted meanwhile
            checksum = None if algorithm is None else full_object(body, algorithm)
            part = self._add_part(upload, number, body, checksum, context)
            copied = {"ETag": f'"{part.etag}"', "LastModified": part.last_modified, **shown(checksum, kind=False)}
            return Reply({"CopyPartResult": copied, **source.shown(), **upload.encryption.shown()})

        return self.after_hashing(body, (MD5, algorithm or DEFAULT_ALGORITHM), add)

    @operation("AbortMultipartUpload")
    def abort_multipart_upload(self, params: Params, context: CallContext) -> Reply:
        """Forget an upload and its parts."""
        bucket = self.bucket_of(params)
        upload = self.upload_of(bucket, params)
        self.abort_upload(bucket, upload.upload_id)
        return Reply()

    def part_number(self, params: Params) -> int:
        """The number of a part. Raises InvalidArgument."""
        number: int = params["PartNumber"]
        if not 1 <= number <= self.quotas.parts:
            message = f"Part number must be an integer between 1 and {self.quotas.parts}, inclusive"
            raise InvalidArgument.of(message, "partNumber", number)
        return number

    def _check_part_size(self, body: Body) -> None:
        if body.size > self.quotas.part_bytes:
            raise EntityTooLarge(fields={"ProposedSize": body.size, "MaxSizeAllowed": self.quotas.part_bytes})

    def _add_part(
        self, upload: Upload, number: int, body: Body, checksum: Checksum | None, context: CallContext
    ) -> Part:
        etag = body.md5.hex() if upload.encryption.etag_is_md5 else self.account.identifiers.hex(32)
        part = Part(number, body, etag, float(int(context.now)), checksum)
        upload.parts[number] = part
        return part

    def uploads_of(self, bucket: Bucket) -> list[Upload]:
        """The uploads under way, by key, then by age."""
        return sorted(bucket.uploads.values(), key=lambda upload: (upload.key, upload.sequence))


def _part_checksum(upload: Upload, body: Body, given: Checksum | None) -> Checksum | None:
    """The checksum that a part keeps. Raises InvalidRequest where it is not of the upload's algorithm."""
    expected = upload.checksum_algorithm
    if expected is None:
        return given
    if given is None and upload.checksum_kind == FULL_OBJECT:
        return full_object(body, expected)
    actual = "null" if given is None else given.algorithm.lower()
    if actual != expected.lower():
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {expected.lower()}, actual checksum Type: {actual}"
        )
    return given
