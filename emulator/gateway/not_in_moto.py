"""Operations that moto would answer as if they were another one, or would store without the effect that they are for.

moto's S3 tells operations apart by query parameters that it knows; one that it does not know is taken for the plain operation on the same
path: DeleteBucketMetricsConfiguration deletes the bucket, RenameObject overwrites the object. Such operations are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["NOT_IN_MOTO"]

_TAKEN_FOR_ANOTHER = "moto would take it for another operation"
_NO_EFFECT = "moto would store it, and nothing would happen"

_S3_MISTAKEN = (
    "CreateBucketMetadataConfiguration",
    "CreateBucketMetadataTableConfiguration",
    "CreateSession",
    "DeleteBucketAnalyticsConfiguration",
    "DeleteBucketIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration",
    "DeleteBucketMetadataConfiguration",
    "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketMetricsConfiguration",
    "DeleteObjectAnnotation",
    "GetBucketAbac",
    "GetBucketAnalyticsConfiguration",
    "GetBucketIntelligentTieringConfiguration",
    "GetBucketMetadataConfiguration",
    "GetBucketMetadataTableConfiguration",
    "GetBucketMetricsConfiguration",
    "GetBucketRequestPayment",
    "GetObjectAnnotation",
    "GetObjectRetention",
    "GetObjectTorrent",
    "ListBucketAnalyticsConfigurations",
    "ListBucketIntelligentTieringConfigurations",
    "ListBucketMetricsConfigurations",
    "ListDirectoryBuckets",
    "ListObjectAnnotations",
    "PutBucketAbac",
    "PutBucketAnalyticsConfiguration",
    "PutBucketIntelligentTieringConfiguration",
    "PutBucketMetricsConfiguration",
    "PutBucketRequestPayment",
    "PutObjectAnnotation",
    "RenameObject",
    "UpdateBucketMetadataAnnotationTableConfiguration",
    "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration",
    "UpdateObjectEncryption",
    "WriteGetObjectResponse",
)

NOT_IN_MOTO: Mapping[str, Mapping[str, str]] = {
    "s3": {
        **dict.fromkeys(_S3_MISTAKEN, _TAKEN_FOR_ANOTHER),
        "PutBucketNotification": _NO_EFFECT,
        "PutBucketNotificationConfiguration": _NO_EFFECT,
    },
    "secretsmanager": {"RotateSecret": _NO_EFFECT},
}
"""By service and operation: why it is refused."""
