"""The properties of AWS::S3::Bucket.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.deploy.properties import BOOL, INT, STR, TAGS, Shape

__all__ = ["BUCKET"]

_DESTINATION: Shape = {"BucketAccountId": STR, "BucketArn": STR, "Format": STR, "Prefix": STR}
_KEY_FILTER: Shape = {"S3Key": {"Rules": {"Name": STR, "Value": STR}}}
_NONCURRENT_TRANSITION: Shape = {"NewerNoncurrentVersions": INT, "StorageClass": STR, "TransitionInDays": INT}
_TRANSITION: Shape = {"StorageClass": STR, "TransitionDate": STR, "TransitionInDays": INT}
_LIFECYCLE_RULE: Shape = {
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": INT},
    "ExpirationDate": STR,
    "ExpirationInDays": INT,
    "ExpiredObjectDeleteMarker": BOOL,
    "Id": STR,
    "NoncurrentVersionExpiration": {"NewerNoncurrentVersions": INT, "NoncurrentDays": INT},
    "NoncurrentVersionExpirationInDays": INT,
    "NoncurrentVersionTransition": _NONCURRENT_TRANSITION,
    "NoncurrentVersionTransitions": _NONCURRENT_TRANSITION,
    "ObjectSizeGreaterThan": INT,
    "ObjectSizeLessThan": INT,
    "Prefix": STR,
    "Status": STR,
    "TagFilters": TAGS,
    "Transition": _TRANSITION,
    "Transitions": _TRANSITION,
}
_WEBSITE: Shape = {
    "ErrorDocument": STR,
    "IndexDocument": STR,
    "RedirectAllRequestsTo": {"HostName": STR, "Protocol": STR},
    "RoutingRules": {
        "RedirectRule": {
            "HostName": STR,
            "HttpRedirectCode": STR,
            "Protocol": STR,
            "ReplaceKeyPrefixWith": STR,
            "ReplaceKeyWith": STR,
        },
        "RoutingRuleCondition": {"HttpErrorCodeReturnedEquals": STR, "KeyPrefixEquals": STR},
    },
}

BUCKET: Mapping[str, Shape] = {
    "AccelerateConfiguration": {"AccelerationStatus": STR},
    "AccessControl": STR,
    "AnalyticsConfigurations": {
        "Id": STR,
        "Prefix": STR,
        "StorageClassAnalysis": {"DataExport": {"Destination": _DESTINATION, "OutputSchemaVersion": STR}},
        "TagFilters": TAGS,
    },
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": {
            "BucketKeyEnabled": BOOL,
            "ServerSideEncryptionByDefault": {"KMSMasterKeyID": STR, "SSEAlgorithm": STR},
        }
    },
    "BucketName": STR,
    "CorsConfiguration": {
        "CorsRules": {
            "AllowedHeaders": STR,
            "AllowedMethods": STR,
            "AllowedOrigins": STR,
            "ExposedHeaders": STR,
            "Id": STR,
            "MaxAge": INT,
        }
    },
    "IntelligentTieringConfigurations": {
        "Id": STR,
        "Prefix": STR,
        "Status": STR,
        "TagFilters": TAGS,
        "Tierings": {"AccessTier": STR, "Days": INT},
    },
    "InventoryConfigurations": {
        "Destination": _DESTINATION,
        "Enabled": BOOL,
        "Id": STR,
        "IncludedObjectVersions": STR,
        "OptionalFields": STR,
        "Prefix": STR,
        "ScheduleFrequency": STR,
    },
    "LifecycleConfiguration": {"Rules": _LIFECYCLE_RULE, "TransitionDefaultMinimumObjectSize": STR},
    "LoggingConfiguration": {
        "DestinationBucketName": STR,
        "LogFilePrefix": STR,
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": STR}, "SimplePrefix": {}},
    },
    "MetricsConfigurations": {"AccessPointArn": STR, "Id": STR, "Prefix": STR, "TagFilters": TAGS},
    "NotificationConfiguration": {
        "EventBridgeConfiguration": {"EventBridgeEnabled": BOOL},
        "LambdaConfigurations": {"Event": STR, "Filter": _KEY_FILTER, "Function": STR},
        "QueueConfigurations": {"Event": STR, "Filter": _KEY_FILTER, "Queue": STR},
        "TopicConfigurations": {"Event": STR, "Filter": _KEY_FILTER, "Topic": STR},
    },
    "ObjectLockConfiguration": {
        "ObjectLockEnabled": STR,
        "Rule": {"DefaultRetention": {"Days": INT, "Mode": STR, "Years": INT}},
    },
    "ObjectLockEnabled": BOOL,
    "OwnershipControls": {"Rules": {"ObjectOwnership": STR}},
    "PublicAccessBlockConfiguration": dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), BOOL
    ),
    "Tags": TAGS,
    "VersioningConfiguration": {"Status": STR},
    "WebsiteConfiguration": _WEBSITE,
}
