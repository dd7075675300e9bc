"""The errors of what is configured on buckets and of access to them.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
"""

from __future__ import annotations

from emulator.services.s3.errors import S3Error

__all__ = [
    "AccessControlListNotSupported",
    "AccessForbidden",
    "CrossLocationLoggingProhibited",
    "IdMismatch",
    "InvalidBucketAclWithObjectOwnership",
    "InvalidPolicyDocument",
    "InvalidS3DestinationBucket",
    "InvalidTargetBucketForLogging",
    "MalformedACLError",
    "MalformedPOSTRequest",
    "MalformedPolicy",
    "MissingSecurityHeader",
    "NoSuchBucketPolicy",
    "NoSuchCORSConfiguration",
    "NoSuchConfiguration",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchWebsiteConfiguration",
    "OwnershipControlsNotFoundError",
    "ReplicationConfigurationNotFoundError",
    "UnexpectedContent",
    "UnresolvableGrantByEmailAddress",
]


class AccessControlListNotSupported(S3Error):
    """The bucket's owner has switched access control lists off."""

    text = "The bucket does not allow ACLs"


class AccessForbidden(S3Error):
    """A preflight that no rule allows."""

    status = 403


class CrossLocationLoggingProhibited(S3Error):
    """Logs stay in their region."""

    code = "CrossLocationLoggingProhibitted"
    status = 403
    text = "Cross S3 location logging not allowed. "


class IdMismatch(S3Error):
    """A configuration under another id than its own."""

    text = "Document ID does not match the specified configuration ID."


class InvalidBucketAclWithObjectOwnership(S3Error):
    """A new bucket cannot have an access control list that its ownership rules out."""

    text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"


class InvalidPolicyDocument(S3Error):
    """The policy of a form cannot be read."""


class InvalidS3DestinationBucket(S3Error):
    """Reports cannot go there."""

    text = "Invalid bucket ARN."


class InvalidTargetBucketForLogging(S3Error):
    """Logs cannot go there."""

    text = "The target bucket for logging does not exist"


class MalformedACLError(S3Error):
    """An access control list that does not follow the schema."""

    text = "The XML you provided was not well-formed or did not validate against our published schema"


class MalformedPolicy(S3Error):
    """A bucket policy that cannot be understood."""


class MalformedPOSTRequest(S3Error):
    """A form that cannot be read."""

    text = "The body of your POST request is not well-formed multipart/form-data."


class MissingSecurityHeader(S3Error):
    """Neither a canned list, nor grants, nor a document."""

    text = "Your request was missing a required header"


class NoSuchBucketPolicy(S3Error):
    """The bucket has no policy."""

    status = 404
    text = "The bucket policy does not exist"


class NoSuchCORSConfiguration(S3Error):
    """The bucket has no CORS rules."""

    status = 404
    text = "The CORS configuration does not exist"


class NoSuchConfiguration(S3Error):
    """No configuration has that id."""

    status = 404
    text = "The specified configuration does not exist."


class NoSuchLifecycleConfiguration(S3Error):
    """The bucket has no lifecycle rules."""

    status = 404
    text = "The lifecycle configuration does not exist"


class NoSuchPublicAccessBlockConfiguration(S3Error):
    """The bucket has no public access block."""

    status = 404
    text = "The public access block configuration was not found"


class NoSuchWebsiteConfiguration(S3Error):
    """The bucket is no website."""

    status = 404
    text = "The specified bucket does not have a website configuration"


class OwnershipControlsNotFoundError(S3Error):
    """The bucket has no ownership controls."""

    status = 404
    text = "The bucket ownership controls were not found"


class ReplicationConfigurationNotFoundError(S3Error):
    """The bucket is not replicated."""

    status = 404
    text = "The replication configuration was not found"


class UnexpectedContent(S3Error):
    """A document beside headers that say the same."""

    text = "This request does not support content"


class UnresolvableGrantByEmailAddress(S3Error):
    """No account has this address."""

    text = "The e-mail address you provided does not match any account on record."
