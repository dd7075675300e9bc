"""All buckets of one account, how operations find what they are about, and what changes a bucket's versions."""

from __future__ import annotations

import string
from typing import Any

from emulator.account import Account
from emulator.body import Body
from emulator.operation import CallContext, Params, Service
from emulator.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidBucketOwnerAwsAccountId,
    KeyTooLongError,
    NoSuchBucket,
    NoSuchKey,
    NoSuchUpload,
    NoSuchVersion,
)
from emulator.services.s3.key_index import NULL_VERSION
from emulator.services.s3.quotas import S3Quotas
from emulator.services.s3.state import Bucket, DeleteMarker, ObjectVersion, Upload, Version
from emulator.services.s3.version_ids import made_at, new_version_id

__all__ = ["S3Store", "body_of"]

_UPLOAD_ALPHABET = string.ascii_letters + string.digits + "._-"
_UPLOAD_CHARACTERS = 128


class S3Store(Service):
    """The base of the operation classes."""

    def __init__(self, account: Account, quotas: S3Quotas | None = None) -> None:
        super().__init__(account)
        self.quotas = S3Quotas() if quotas is None else quotas
        self.buckets: dict[str, Bucket] = {}
        self.aws_managed_key_arn: str | None = None
        """The key `aws/s3`, once it was needed."""

    # -- looking up --------------------------------------------------------------------------------------------------------------

    def bucket_of(self, params: Params) -> Bucket:
        """The bucket of a call. Raises NoSuchBucket; AccessDenied where the caller expects another owner."""
        return self.bucket_named(params["Bucket"], params.get("ExpectedBucketOwner"))

    def bucket_named(self, name: str, expected_owner: str | None = None) -> Bucket:
        """A bucket by its name. Raises NoSuchBucket, AccessDenied."""
        bucket = self.buckets.get(name)
        if bucket is None:
            raise NoSuchBucket(fields={"BucketName": name})
        if expected_owner is not None and expected_owner != self.account.account_id:
            if len(expected_owner) != 12 or not expected_owner.isdigit():
                raise InvalidBucketOwnerAwsAccountId(
                    f"The value of the expected bucket owner parameter must be an AWS Account ID... [{expected_owner}]"
                )
            raise AccessDenied
        return bucket

    def key_of(self, params: Params) -> str:
        """The key that a call writes. Raises KeyTooLongError."""
        key: str = params["Key"]
        if len(key) > self.quotas.key_bytes // 4:
            size = len(key.encode())
            if size > self.quotas.key_bytes:
                raise KeyTooLongError(fields={"Size": size, "MaxSizeAllowed": self.quotas.key_bytes})
        return key

    def version_of(self, bucket: Bucket, key: str, version_id: str | None) -> Version:
        """The version that a call names, or the newest. Raises NoSuchKey, NoSuchVersion, InvalidArgument."""
        if version_id is None:
            newest = bucket.keys.newest(key)
            if newest is None:
                raise NoSuchKey(fields={"Key": key})
            return newest
        self.check_version_id(bucket, version_id)
        found = bucket.keys.find(key, version_id)
        if found is None:
            raise NoSuchVersion(fields={"Key": key, "VersionId": version_id})
        return found

    def object_of(self, bucket: Bucket, key: str, version_id: str | None) -> ObjectVersion:
        """The object that a call names; a delete marker is none. Raises NoSuchKey, NoSuchVersion, InvalidArgument."""
        found = self.version_of(bucket, key, version_id)
        if isinstance(found, DeleteMarker):
            raise NoSuchKey(fields={"Key": key})
        return found

    def check_version_id(self, bucket: Bucket, version_id: str) -> None:
        """Raises InvalidArgument for what cannot be the id of a version here."""
        if version_id == NULL_VERSION:
            return
        if version_id == "":
            raise InvalidArgument.of("Version id cannot be the empty string", "versionId", "")
        if not bucket.versioning or made_at(version_id) is None:
            raise InvalidArgument.of("Invalid version id specified", "versionId", version_id)

    def upload_of(self, bucket: Bucket, params: Params) -> Upload:
        """The upload of a call. Raises NoSuchUpload."""
        upload = bucket.uploads.get(params["UploadId"])
        if upload is None or upload.key != params["Key"]:
            raise NoSuchUpload(fields={"UploadId": params["UploadId"]})
        return upload

    # -- making ------------------------------------------------------------------------------------------------------------------

    def new_version_id(self, bucket: Bucket, sequence: int) -> str:
        """The id of the version that a change makes: `null` unless versioning is enabled."""
        if bucket.versioning != "Enabled":
            return NULL_VERSION
        return new_version_id(self.account.identifiers.random, sequence)

    def new_upload_id(self) -> str:
        """The id of an upload."""
        return "".join(self.account.identifiers.random.choices(_UPLOAD_ALPHABET, k=_UPLOAD_CHARACTERS))

    def owner(self) -> dict[str, str]:
        """The canonical user of the account, who owns all that is here."""
        return {"ID": self.canonical_user_id}

    @property
    def canonical_user_id(self) -> str:
        """64 hexadecimal digits that stand for the account.

        https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html#FindCanonicalId
        """
        return f"{int(self.account.account_id) + 1:012d}".rjust(16, "5") * 4

    # -- changing ----------------------------------------------------------------------------------------------------------------

    def expire_current(self, bucket: Bucket, key: str, now: float) -> DeleteMarker | None:
        """Delete a key as a client without a version id does: a delete marker where the bucket has versions, else None."""
        if bucket.uploads:
            bucket.deleted[key] = bucket.sequence + 1
        sequence = bucket.next_sequence()
        if not bucket.versioning:
            bucket.keys.remove(key, NULL_VERSION)
            return None
        marker = DeleteMarker(key, self.new_version_id(bucket, sequence), sequence, float(int(now)))
        bucket.keys.add(marker)
        return marker

    def remove_version(self, bucket: Bucket, key: str, version_id: str) -> Version | None:
        """Take one version away for good; what it was, or None where there is none of that id."""
        removed = bucket.keys.remove(key, version_id)
        if removed is not None:
            sequence = bucket.next_sequence()
            if bucket.uploads:
                bucket.deleted[key] = sequence
        return removed

    def abort_upload(self, bucket: Bucket, upload_id: str) -> None:
        """Forget an upload and its parts."""
        bucket.uploads.pop(upload_id, None)
        if not bucket.uploads:
            bucket.deleted.clear()

    def service_request(self, context: CallContext) -> bool:
        """Whether another service calls, not a client over HTTP."""
        return context.request is None


def body_of(value: Any) -> Body:
    """Content as it comes: a body, bytes, or nothing."""
    if isinstance(value, Body):
        return value
    return Body.of(b"" if value is None else value.encode() if isinstance(value, str) else value)
