"""The errors of S3: code, status and the text that S3 uses unless the one who raises has a better one.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList

AwsError
  S3Error                                   400 unless noted
    AccessDenied  InvalidObjectState        403
    NoSuch...  ...NotFoundError             404
    MethodNotAllowed                        405
    BucketAlreadyOwnedByYou  BucketNotEmpty  InvalidBucketState  ConditionalRequestConflict  RestoreAlreadyInProgress   409
    PreconditionFailed                      412
    InvalidRange                            416
    NotModified                             304
    NotImplementedHeader                    501
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from emulator.errors import AwsError

__all__ = [
    "AccessDenied",
    "BadDigest",
    "BadRequest",
    "BucketAlreadyOwnedByYou",
    "BucketNotEmpty",
    "ConditionalRequestConflict",
    "EntityTooLarge",
    "EntityTooSmall",
    "IllegalLocationConstraintException",
    "IllegalVersioningConfigurationException",
    "InternalError",
    "InvalidArgument",
    "InvalidBucketName",
    "InvalidBucketOwnerAwsAccountId",
    "InvalidBucketState",
    "InvalidDigest",
    "InvalidEncryptionAlgorithmError",
    "InvalidLocationConstraint",
    "InvalidObjectState",
    "InvalidPart",
    "InvalidPartNumber",
    "InvalidPartOrder",
    "InvalidRange",
    "InvalidRedirectLocation",
    "InvalidRequest",
    "InvalidStorageClass",
    "InvalidTag",
    "KeyTooLongError",
    "KmsNotFoundException",
    "MalformedXml",
    "MetadataTooLarge",
    "MethodNotAllowed",
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchObjectLockConfiguration",
    "NoSuchTagSet",
    "NoSuchUpload",
    "NoSuchVersion",
    "NotImplementedHeader",
    "NotModified",
    "ObjectLockConfigurationNotFoundError",
    "PreconditionFailed",
    "RestoreAlreadyInProgress",
    "S3Error",
]


class S3Error(AwsError):
    """Base of S3's errors. `fields` become elements of the XML body, `headers` go with the response."""

    text: ClassVar[str] = ""

    def __init__(
        self, message: str = "", *, fields: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message or self.text, fields=fields)
        self.headers: Mapping[str, str] = {} if headers is None else headers


class AccessDenied(S3Error):
    """The caller may not do this."""

    status = 403
    text = "Access Denied"


class BadDigest(S3Error):
    """A checksum that came along is not that of the body."""

    text = "The Content-MD5 you specified did not match what we received."


class BadRequest(S3Error):
    """More tags than there may be."""


class BucketAlreadyOwnedByYou(S3Error):
    """The bucket is there, and it is the caller's."""

    status = 409
    text = "Your previous request to create the named bucket succeeded and you already own it."


class BucketNotEmpty(S3Error):
    """A bucket that has objects or versions stays."""

    status = 409
    text = "The bucket you tried to delete is not empty"


class ConditionalRequestConflict(S3Error):
    """Another write came between the beginning and the end of a conditional one."""

    status = 409
    text = "The conditional request cannot succeed due to a conflicting operation against this resource."


class EntityTooLarge(S3Error):
    """An upload above the limit."""

    text = "Your proposed upload exceeds the maximum allowed size"


class EntityTooSmall(S3Error):
    """A part, not the last one, below the limit."""

    text = "Your proposed upload is smaller than the minimum allowed size"


class IllegalLocationConstraintException(S3Error):
    """The bucket's region is not that of the endpoint."""


class IllegalVersioningConfigurationException(S3Error):
    """A versioning configuration that says nothing."""

    text = "The Versioning element must be specified"


class InternalError(S3Error):
    """What S3 answers where it breaks."""

    status = 500
    fault = "server"
    text = "We encountered an internal error. Please try again."


class InvalidArgument(S3Error):
    """A value that its header, parameter or element may not have."""

    text = "Invalid Argument"

    @classmethod
    def of(cls, message: str, name: str, value: Any) -> InvalidArgument:
        """The error that names the argument and its value, as S3 does."""
        return cls(message, fields={"ArgumentName": name, "ArgumentValue": "null" if value is None else value})


class InvalidBucketName(S3Error):
    """The name of a bucket is against the rules."""

    text = "The specified bucket is not valid."


class InvalidBucketOwnerAwsAccountId(S3Error):
    """The expected owner is no account id."""

    code = "InvalidBucketOwnerAWSAccountID"


class InvalidBucketState(S3Error):
    """The bucket's versioning and its object lock do not go together."""

    status = 409


class InvalidDigest(S3Error):
    """Content-MD5 is no MD5."""

    text = "The Content-MD5 you specified was invalid."


class InvalidEncryptionAlgorithmError(S3Error):
    """An algorithm for customer keys that is not AES256."""

    text = "The Encryption request you specified is not valid. Supported value: AES256."


class InvalidLocationConstraint(S3Error):
    """No such region for buckets."""

    text = "The specified location-constraint is not valid"


class InvalidObjectState(S3Error):
    """The object is archived."""

    status = 403
    text = "The operation is not valid for the object's storage class"


class InvalidPart(S3Error):
    """A part that was not uploaded, or not with this entity tag."""

    text = (
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag."
    )


class InvalidPartNumber(S3Error):
    """The object has no such part."""

    status = 416
    text = "The requested partnumber is not satisfiable"


class InvalidPartOrder(S3Error):
    """Parts were not listed in ascending order."""

    text = "The list of parts was not in ascending order. Parts must be ordered by part number."


class InvalidRange(S3Error):
    """The range begins behind the object's end."""

    status = 416
    text = "The requested range is not satisfiable"


class InvalidRedirectLocation(S3Error):
    """A redirect location that is no path and no URL."""

    text = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."


class InvalidRequest(S3Error):
    """Parameters that do not go together."""


class InvalidStorageClass(S3Error):
    """No such storage class."""

    text = "The storage class you specified is not valid"


class InvalidTag(S3Error):
    """A tag against the rules."""


class KeyTooLongError(S3Error):
    """A key above 1,024 bytes."""

    text = "Your key is too long"


class KmsNotFoundException(S3Error):
    """The KMS key of an encryption is not there."""

    code = "KMS.NotFoundException"


class MalformedXml(S3Error):
    """The body does not follow the schema."""

    code = "MalformedXML"
    text = "The XML you provided was not well-formed or did not validate against our published schema"


class MetadataTooLarge(S3Error):
    """User metadata above 2 KB."""

    text = "Your metadata headers exceed the maximum allowed metadata size"


class MethodNotAllowed(S3Error):
    """A delete marker has no content."""

    status = 405
    text = "The specified method is not allowed against this resource."


class NoSuchBucket(S3Error):
    """No such bucket."""

    status = 404
    text = "The specified bucket does not exist"


class NoSuchKey(S3Error):
    """No object has that key."""

    status = 404
    text = "The specified key does not exist."


class NoSuchObjectLockConfiguration(S3Error):
    """The object has no retention, or no legal hold."""

    status = 404
    text = "The specified object does not have a ObjectLock configuration"


class NoSuchTagSet(S3Error):
    """The bucket has no tags."""

    status = 404
    text = "The TagSet does not exist"


class NoSuchUpload(S3Error):
    """No such multipart upload."""

    status = 404
    text = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."


class NoSuchVersion(S3Error):
    """No such version."""

    status = 404
    text = "The specified version does not exist."


class NotImplementedHeader(S3Error):
    """A header that S3 itself does not do here."""

    code = "NotImplemented"
    status = 501
    text = "A header you provided implies functionality that is not implemented"


class NotModified(S3Error):
    """The object is as the caller knows it."""

    code = "304"
    status = 304
    text = "Not Modified"


class ObjectLockConfigurationNotFoundError(S3Error):
    """The bucket has no object lock."""

    status = 404
    text = "Object Lock configuration does not exist for this bucket"


class PreconditionFailed(S3Error):
    """A condition does not hold."""

    status = 412
    text = "At least one of the pre-conditions you specified did not hold"


class RestoreAlreadyInProgress(S3Error):
    """The object is being restored."""

    status = 409
    text = "Object restore is already in progress"
