"""Which permission an operation of S3 needs, and on what.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ACL_PERMISSIONS", "action_of"]

_ACTIONS: Mapping[str, str] = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetObjectAttributes": "GetObjectAttributes",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "GetWebsite": "GetObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PostObject": "PutObject",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""Where the permission is not named as the operation."""

_OF_VERSIONS = frozenset(
    {"DeleteObject", "GetObject", "GetObjectAcl", "GetObjectTagging", "PutObjectAcl", "PutObjectTagging"}
)

ACL_PERMISSIONS: Mapping[str, tuple[str, str]] = {
    "ListBucket": ("bucket", "READ"),
    "ListBucketVersions": ("bucket", "READ"),
    "ListBucketMultipartUploads": ("bucket", "READ"),
    "PutObject": ("bucket", "WRITE"),
    "DeleteObject": ("bucket", "WRITE"),
    "GetBucketAcl": ("bucket", "READ_ACP"),
    "PutBucketAcl": ("bucket", "WRITE_ACP"),
    "GetObject": ("object", "READ"),
    "GetObjectVersion": ("object", "READ"),
    "GetObjectAcl": ("object", "READ_ACP"),
    "GetObjectVersionAcl": ("object", "READ_ACP"),
    "PutObjectAcl": ("object", "WRITE_ACP"),
    "PutObjectVersionAcl": ("object", "WRITE_ACP"),
}
"""By permission: whose access control list gives it, and by which grant.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping"""


def action_of(operation: str, *, of_version: bool) -> str:
    """The permission, without `s3:`."""
    action = _ACTIONS.get(operation, operation)
    if of_version and action in _OF_VERSIONS:
        return action.replace("Object", "ObjectVersion", 1)
    return action
