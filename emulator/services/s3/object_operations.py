"""Operations on one object: write it, read it.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from typing import Any

from emulator.body import Body
from emulator.effects import Process
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.checksum_rules import (
    DEFAULT_ALGORITHM,
    check_algorithm,
    check_md5,
    full_object,
    shown,
    verified,
)
from emulator.services.s3.conditions import check_read, check_write
from emulator.services.s3.customer_keys import check_read_key
from emulator.services.s3.errors import EntityTooLarge
from emulator.services.s3.new_object import NewObject, check_lock_digest
from emulator.services.s3.reading import Reading
from emulator.services.s3.restore import check_readable
from emulator.services.s3.state import Bucket, Checksum, Encryption, ObjectVersion
from emulator.services.s3.store import body_of

__all__ = ["ObjectOperations"]


class ObjectOperations(Reading):
    """PutObject, GetObject, HeadObject."""

    @operation("PutObject")
    def put_object(self, params: Params, context: CallContext) -> Reply | Process:
        """Write an object in one piece."""
        bucket = self.bucket_of(params)
        key = self.key_of(params)
        if params.get("WriteOffsetBytes") is not None:
            raise UnsupportedOperation(
                "s3:PutObject: appending (x-amz-write-offset-bytes) is for directory buckets, which this emulator does not have"
            )
        body = body_of(params.get("Body"))
        if body.size > self.quotas.put_bytes:
            raise EntityTooLarge(fields={"MaxSizeAllowed": self.quotas.put_bytes, "ProposedSize": body.size})
        check_lock_digest(params, context)
        new = self.new_object(params, bucket, context)
        check_md5(body, params)
        checksum = verified(body, params)
        if checksum is None:
            # A client that only names an algorithm gets the default; a service leaves the computing to S3.
            named = check_algorithm(params.get("ChecksumAlgorithm")) if context.request is None else None
            checksum = full_object(body, named or DEFAULT_ALGORITHM)
        digest = checksum

        def write(encryption: Encryption) -> Reply:
            check_write(params, bucket, key)
            return self.written(bucket, key, body, digest, new, encryption, "ObjectCreated:Put", context)

        return self.with_key(new.encryption, write)

    def written(
        self,
        bucket: Bucket,
        key: str,
        body: Body,
        checksum: Checksum,
        new: NewObject,
        encryption: Encryption,
        event: str,
        context: CallContext,
    ) -> Reply:
        """Make the object, and the answer to the one who wrote it."""
        version = self.add_object(bucket, key, body, checksum, new, encryption, context)
        result: dict[str, Any] = {"ETag": f'"{version.etag}"', **shown(version.checksum), **encryption.shown()}
        if encryption.context is not None:
            result["SSEKMSEncryptionContext"] = encryption.context
        if bucket.versioning == "Enabled":
            result["VersionId"] = version.version_id
        expiration = self.expiration_header(bucket, version)
        if expiration is not None:
            result["Expiration"] = expiration
        return Reply(result, self.created(bucket, version, event, context))

    def add_object(
        self,
        bucket: Bucket,
        key: str,
        body: Body,
        checksum: Checksum,
        new: NewObject,
        encryption: Encryption,
        context: CallContext,
        *,
        etag: str | None = None,
    ) -> ObjectVersion:
        """Put a version on top of its key's history."""
        if etag is None:
            etag = body.md5.hex() if encryption.etag_is_md5 else self.account.identifiers.hex(32)
        sequence = bucket.next_sequence()
        members = new.members() | {"encryption": encryption}
        version = ObjectVersion(
            key=key,
            version_id=self.new_version_id(bucket, sequence),
            sequence=sequence,
            last_modified=float(int(context.now)),
            content=body,
            etag=etag,
            checksum=checksum,
            **members,
        )
        bucket.keys.add(version)
        return version

    def created(self, bucket: Bucket, version: ObjectVersion, event: str, context: CallContext) -> tuple[Any, ...]:
        """The effects of a new version."""
        version_id = version.version_id if bucket.versioning == "Enabled" else None
        return self.object_event(
            bucket,
            event,
            version.key,
            size=version.size,
            etag=version.etag,
            version_id=version_id,
            context=context,
        )

    @operation("GetObject")
    def get_object(self, params: Params, context: CallContext) -> Reply | Process:
        """Content and description of an object. Other services get bytes, clients a body that leaves piece by piece."""
        version, result, start, stop = self._read(params, context, "GET")
        body = version.content.slice(start, stop)
        result["Body"] = bytes(body) if context.request is None else body
        return self.after_key_check(version.encryption, Reply(result))

    @operation("HeadObject")
    def head_object(self, params: Params, context: CallContext) -> Reply:
        """Description of an object."""
        return Reply(self._read(params, context, "HEAD")[1])

    def _read(
        self, params: Params, context: CallContext, method: str
    ) -> tuple[ObjectVersion, dict[str, Any], int, int]:
        bucket = self.bucket_of(params)
        version = self.readable(bucket, params, method)
        if method == "GET":
            check_readable(version, context.now)
        check_read_key(version.encryption, params)
        check_read(params, version, context.now)
        result = self.description(bucket, version, params, context)
        selected, start, stop = self.selected(version, params)
        result.update(selected)
        return version, result, start, stop
