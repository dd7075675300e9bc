"""What a write says of the object that it makes: metadata, storage class, tags, encryption, lock.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params
from emulator.services.s3.encryption import Encrypting
from emulator.services.s3.errors import InvalidRedirectLocation, InvalidRequest, InvalidStorageClass, MetadataTooLarge
from emulator.services.s3.object_lock import default_retention, requested_lock
from emulator.services.s3.state import Bucket, Encryption, Retention
from emulator.services.s3.tagging import header_tags

__all__ = ["ARCHIVED", "STORAGE_CLASSES", "SYSTEM_METADATA", "NewObject", "NewObjects"]

STORAGE_CLASSES = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    }
)
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Classes whose objects must be restored before they can be read."""

SYSTEM_METADATA = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
)
_SYSTEM_METADATA = frozenset(SYSTEM_METADATA)
_DEFAULT_CONTENT_TYPE = "binary/octet-stream"
_LOCK = frozenset({"ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"})
_EVENT_HOLD = ("ObjectLockEventHold", "ObjectLockEventHoldDurationDays", "ObjectLockEventHoldDurationYears")
_SAYS_MORE = frozenset(
    {
        "ACL",
        "BucketKeyEnabled",
        "GrantFullControl",
        "GrantRead",
        "GrantReadACP",
        "GrantWriteACP",
        "ObjectLockLegalHoldStatus",
        "ObjectLockMode",
        "ObjectLockRetainUntilDate",
        "SSECustomerAlgorithm",
        "SSECustomerKey",
        "SSECustomerKeyMD5",
        "SSEKMSEncryptionContext",
        "SSEKMSKeyId",
        "ServerSideEncryption",
        "StorageClass",
        "Tagging",
        "WebsiteRedirectLocation",
        *_EVENT_HOLD,
    }
)
"""Parameters besides metadata: most writes have none of them."""


@dataclass(frozen=True, slots=True)
class NewObject:
    """All that belongs to a new object but its key, its content and its place among the versions."""

    encryption: Encryption
    storage_class: str
    metadata: Mapping[str, str]
    headers: Mapping[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    website_redirect_location: str | None = None
    retention: Retention | None = None
    legal_hold: str | None = None
    acl: dict[str, Any] | None = None

    def members(self) -> dict[str, Any]:
        """The fields by name, for what is made of it."""
        return {name: getattr(self, name) for name in self.__slots__}


class NewObjects(Encrypting):
    """Reads what writes say."""

    def new_object(self, params: Params, bucket: Bucket, context: CallContext) -> NewObject:
        """What `params` of PutObject, CreateMultipartUpload or CopyObject say. Raises what is wrong with it."""
        metadata, headers = self.user_metadata(params), system_metadata(params)
        if params.keys().isdisjoint(_SAYS_MORE):
            encryption = self.requested_encryption(params, bucket)
            retention = None if bucket.object_lock is None else default_retention(bucket, context.now)
            return NewObject(encryption, "STANDARD", metadata, headers, retention=retention)
        for name in _EVENT_HOLD:
            if params.get(name) is not None:
                raise UnsupportedOperation(f"s3: parameter {name} is not supported by this emulator")
        encryption = self.requested_encryption(params, bucket)
        storage_class = checked_storage_class(params)
        redirect = params.get("WebsiteRedirectLocation")
        if redirect is not None and not redirect.startswith(("/", "http://", "https://")):
            raise InvalidRedirectLocation
        tags = header_tags(params.get("Tagging"), self.quotas)
        retention, legal_hold = requested_lock(params, bucket, context.now)
        acl = self.acl_of(params, bucket)
        return NewObject(encryption, storage_class, metadata, headers, tags, redirect, retention, legal_hold, acl)

    def user_metadata(self, params: Params) -> dict[str, str]:
        """User metadata with names in lower case. Raises MetadataTooLarge."""
        given = params.get("Metadata")
        if not given:
            return {}
        metadata = {name.lower(): value for name, value in given.items()}
        size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
        if size > self.quotas.user_metadata_bytes:
            raise MetadataTooLarge(fields={"Size": size, "MaxSizeAllowed": self.quotas.user_metadata_bytes})
        return metadata


def system_metadata(params: Params) -> dict[str, Any]:
    """The headers that S3 keeps and gives back."""
    found = params.keys() & _SYSTEM_METADATA
    headers = {name: params[name] for name in found if params[name] not in (None, "")}
    headers.setdefault("ContentType", _DEFAULT_CONTENT_TYPE)
    return headers


def checked_storage_class(params: Params) -> str:
    """The storage class of a write. Raises InvalidStorageClass."""
    storage_class: str | None = params.get("StorageClass")
    if storage_class is None:
        return "STANDARD"
    if storage_class not in STORAGE_CLASSES:
        raise InvalidStorageClass(fields={"StorageClassRequested": storage_class})
    return storage_class


def check_lock_digest(params: Params, context: CallContext) -> None:
    """An object with lock parameters must come with a digest. Raises InvalidRequest."""
    if context.request is None or params.keys().isdisjoint(_LOCK):
        return
    if params.get("ContentMD5") is None and not any(name.startswith("Checksum") for name in params):
        raise InvalidRequest(
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
        )
