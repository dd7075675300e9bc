"""The actions that a bucket policy may name, and whether they are about buckets or about objects.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.services.s3.configuration_errors import MalformedPolicy
from emulator.services.s3.policy_conditions import like

__all__ = ["check_actions"]

_OF_OBJECTS = frozenset(
    {
        "AbortMultipartUpload", "BypassGovernanceRetention", "DeleteObject", "DeleteObjectTagging", "DeleteObjectVersion",
        "DeleteObjectVersionTagging", "GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold",
        "GetObjectRetention", "GetObjectTagging", "GetObjectTorrent", "GetObjectVersion", "GetObjectVersionAcl",
        "GetObjectVersionAttributes", "GetObjectVersionForReplication", "GetObjectVersionTagging",
        "GetObjectVersionTorrent", "InitiateReplication", "ListMultipartUploadParts", "ObjectOwnerOverrideToBucketOwner",
        "PutObject", "PutObjectAcl", "PutObjectLegalHold", "PutObjectRetention", "PutObjectTagging", "PutObjectVersionAcl",
        "PutObjectVersionTagging", "ReplicateDelete", "ReplicateObject", "ReplicateTags", "RestoreObject",
        "UpdateObjectEncryption",
    }
)  # fmt: skip
_OF_BUCKETS = frozenset(
    {
        "CreateBucket", "CreateBucketMetadataTableConfiguration", "DeleteBucket", "DeleteBucketMetadataTableConfiguration",
        "DeleteBucketPolicy", "DeleteBucketWebsite", "GetAccelerateConfiguration", "GetAnalyticsConfiguration",
        "GetBucketAbac", "GetBucketAcl", "GetBucketCORS", "GetBucketLocation", "GetBucketLogging",
        "GetBucketMetadataTableConfiguration", "GetBucketNotification", "GetBucketObjectLockConfiguration",
        "GetBucketOwnershipControls", "GetBucketPolicy", "GetBucketPolicyStatus", "GetBucketPublicAccessBlock",
        "GetBucketRequestPayment", "GetBucketTagging", "GetBucketVersioning", "GetBucketWebsite",
        "GetEncryptionConfiguration", "GetIntelligentTieringConfiguration", "GetInventoryConfiguration",
        "GetLifecycleConfiguration", "GetMetricsConfiguration", "GetReplicationConfiguration", "ListBucket",
        "ListBucketMultipartUploads", "ListBucketVersions", "ListTagsForResource", "PutAccelerateConfiguration",
        "PutAnalyticsConfiguration", "PutBucketAbac", "PutBucketAcl", "PutBucketCORS", "PutBucketLogging",
        "PutBucketNotification", "PutBucketObjectLockConfiguration", "PutBucketOwnershipControls", "PutBucketPolicy",
        "PutBucketPublicAccessBlock", "PutBucketRequestPayment", "PutBucketTagging", "PutBucketVersioning",
        "PutBucketWebsite", "PutEncryptionConfiguration", "PutIntelligentTieringConfiguration", "PutInventoryConfiguration",
        "PutLifecycleConfiguration", "PutMetricsConfiguration", "PutReplicationConfiguration", "TagResource",
        "UntagResource", "UpdateBucketMetadataInventoryTableConfiguration", "UpdateBucketMetadataJournalTableConfiguration",
    }
)  # fmt: skip
_OF_ACCOUNTS = frozenset(
    {
        "CreateAccessPoint", "CreateJob", "DeleteAccessPoint", "DeleteJobTagging", "DescribeJob", "GetAccessPoint",
        "GetAccessPointPolicy", "GetAccountPublicAccessBlock", "GetJobTagging", "ListAccessPoints", "ListAllMyBuckets",
        "ListJobs", "PutAccessPointPolicy", "PutAccountPublicAccessBlock", "PutJobTagging", "UpdateJobPriority",
        "UpdateJobStatus",
    }
)  # fmt: skip


def check_actions(actions: Iterable[str], resources: Iterable[str]) -> None:
    """Each action must be one of S3's, and be about a resource of its statement. No resources: any will do.

    Raises MalformedPolicy.
    """
    kinds = {kind for resource in resources for kind in _kinds(resource)} or {"bucket", "object"}
    for action in actions:
        wanted = action.lower()
        of_bucket, of_object = _names_one(wanted, _OF_BUCKETS), _names_one(wanted, _OF_OBJECTS)
        if not of_bucket and not of_object and not _names_one(wanted, _OF_ACCOUNTS):
            raise MalformedPolicy("Policy has invalid action")
        if not (of_bucket and "bucket" in kinds) and not (of_object and "object" in kinds):
            raise MalformedPolicy("Action does not apply to any resource(s) in statement")


def _names_one(pattern: str, names: Iterable[str]) -> bool:
    return any(like(f"s3:{name}".lower(), pattern) for name in names)


def _kinds(resource: str) -> set[str]:
    """Whether a resource stands for buckets, for objects or, by a wildcard, for both."""
    if "/" in resource:
        return {"object"}
    return {"bucket", "object"} if "*" in resource or "?" in resource else {"bucket"}
