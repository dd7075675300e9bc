"""What S3 keeps: buckets, versions of objects, delete markers, uploads under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from emulator.body import Body
from emulator.services.s3.key_index import NULL_VERSION, KeyIndex

__all__ = [
    "Bucket",
    "Checksum",
    "DeleteMarker",
    "Encryption",
    "ObjectVersion",
    "Part",
    "PartSummary",
    "Restore",
    "Retention",
    "Upload",
    "Version",
]


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum as S3 shows it: the value in base64, with `-<parts>` where it is composite."""

    algorithm: str
    value: str
    kind: str
    """`FULL_OBJECT` or `COMPOSITE`."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """How an object is encrypted at rest. Content is kept as it is: only what S3 says of it, and asks for, is played.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
    """

    algorithm: str = "AES256"
    """`AES256`, `aws:kms`, `aws:kms:dsse`."""
    kms_key_id: str | None = None
    bucket_key_enabled: bool = False
    context: str | None = None
    customer_key_md5: str | None = None
    """Base64 of the MD5 of the customer's key; with it, `algorithm` is the customer's."""

    @property
    def etag_is_md5(self) -> bool:
        """Whether an object's entity tag is the MD5 of its content."""
        return self.algorithm == "AES256" and self.customer_key_md5 is None

    def shown(self) -> dict[str, Any]:
        """The members of a response."""
        if self.customer_key_md5 is not None:
            return {"SSECustomerAlgorithm": self.algorithm, "SSECustomerKeyMD5": self.customer_key_md5}
        shown: dict[str, Any] = {"ServerSideEncryption": self.algorithm}
        if self.kms_key_id is not None:
            shown["SSEKMSKeyId"] = self.kms_key_id
        if self.bucket_key_enabled:
            shown["BucketKeyEnabled"] = True
        return shown


@dataclass(frozen=True, slots=True)
class Retention:
    """Until when a version may not be deleted."""

    mode: str
    """`GOVERNANCE` or `COMPLIANCE`."""
    until: float


@dataclass(frozen=True, slots=True)
class Restore:
    """A temporary copy of an archived object."""

    ready: float
    expiry: float
    days: int
    tier: str


@dataclass(frozen=True, slots=True)
class PartSummary:
    """A part of an object that was uploaded in parts."""

    number: int
    size: int
    checksum: str | None


@dataclass(slots=True)
class ObjectVersion:
    """One version of an object."""

    is_delete_marker: ClassVar[bool] = False

    key: str
    version_id: str
    sequence: int
    """Counts the bucket's changes: the order in time, finer than any clock."""
    last_modified: float
    content: Body
    etag: str
    """Without quotes."""
    checksum: Checksum
    encryption: Encryption
    storage_class: str = "STANDARD"
    metadata: Mapping[str, str] = field(default_factory=dict)
    """User metadata, names in lower case."""
    headers: Mapping[str, Any] = field(default_factory=dict)
    """System metadata by botocore's names: ContentType, CacheControl, ..."""
    tags: dict[str, str] = field(default_factory=dict)
    website_redirect_location: str | None = None
    parts: tuple[PartSummary, ...] = ()
    """Empty for an object that came in one piece."""
    retention: Retention | None = None
    legal_hold: str | None = None
    """`ON`, `OFF`, or None where it was never set."""
    restore: Restore | None = None
    acl: dict[str, Any] | None = None
    created_by: str = ""
    """The upload that made it, where it came in parts."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.content.size


@dataclass(slots=True)
class DeleteMarker:
    """A version that says: deleted."""

    is_delete_marker: ClassVar[bool] = True

    key: str
    version_id: str
    sequence: int
    last_modified: float


Version = ObjectVersion | DeleteMarker


@dataclass(frozen=True, slots=True)
class Part:
    """An uploaded part. `checksum` is None where the upload has no algorithm and the part brought none."""

    number: int
    content: Body
    etag: str
    last_modified: float
    checksum: Checksum | None


@dataclass(slots=True)
class Upload:
    """A multipart upload under way, with what the object will have."""

    upload_id: str
    key: str
    initiated: float
    sequence: int
    storage_class: str
    encryption: Encryption
    checksum_algorithm: str | None
    checksum_kind: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    website_redirect_location: str | None = None
    retention: Retention | None = None
    legal_hold: str | None = None
    acl: dict[str, Any] | None = None
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    """A bucket."""

    name: str
    region: str
    created: float
    versioning: str = ""
    """`Enabled`, `Suspended`, or empty where it was never set."""
    object_lock: dict[str, Any] | None = None
    """The ObjectLockConfiguration; None where the bucket has no object lock."""
    tags: dict[str, str] | None = None
    configurations: dict[str, Any] = field(default_factory=dict)
    """What else was put on the bucket, in the shape of the operation that put it: `encryption`, `cors`, `lifecycle`, ..."""
    acl: dict[str, Any] | None = None
    keys: KeyIndex[Version] = field(default_factory=KeyIndex)
    uploads: dict[str, Upload] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    """By key, while uploads are under way: the sequence at which its object was deleted last."""
    completed: dict[str, tuple[tuple[tuple[int, str], ...], dict[str, Any]]] = field(default_factory=dict)
    """By upload: the parts and the answer of its completion, which may be asked for again."""
    sequence: int = 0

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.name}"

    def next_sequence(self) -> int:
        """The number of the next change."""
        self.sequence += 1
        return self.sequence

    def shown_version_id(self, version: Version) -> str | None:
        """A version's id in a response: none where the bucket never had versions."""
        return None if not self.versioning and version.version_id == NULL_VERSION else version.version_id
