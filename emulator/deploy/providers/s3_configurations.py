"""A bucket's properties in the shapes that S3's API takes.

CloudFormation names many members otherwise than the API.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.resource_type import pick

__all__ = [
    "acl",
    "analytics",
    "cors",
    "encryption",
    "inventory",
    "lifecycle",
    "logging",
    "metrics",
    "notifications",
    "required",
    "tiering",
    "website",
]

Properties = Mapping[str, Any]
_ACLS = frozenset(
    {
        "AuthenticatedRead",
        "AwsExecRead",
        "BucketOwnerFullControl",
        "BucketOwnerRead",
        "LogDeliveryWrite",
        "Private",
        "PublicRead",
        "PublicReadWrite",
    }
)
_TARGETS = (
    ("LambdaConfigurations", "Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ("QueueConfigurations", "Queue", "QueueConfigurations", "QueueArn"),
    ("TopicConfigurations", "Topic", "TopicConfigurations", "TopicArn"),
)


def required(given: Properties, name: str) -> Any:
    """A member that must be there. Raises ProvisioningError as CloudFormation words it."""
    if name not in given:
        raise ProvisioningError(f"Properties validation failed: required key [{name}] not found")
    return given[name]


def acl(given: str) -> str:
    """The canned ACL `public-read` of `PublicRead`. Raises ProvisioningError."""
    if given not in _ACLS:
        raise ProvisioningError(f"Properties validation failed: AccessControl: {given} is not one of {sorted(_ACLS)}")
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in given).removeprefix("-")


def encryption(given: Properties) -> dict[str, Any]:
    """Default encryption."""
    rules = []
    for rule in required(given, "ServerSideEncryptionConfiguration"):
        by_default = rule.get("ServerSideEncryptionByDefault", {})
        rules.append(
            {
                "ApplyServerSideEncryptionByDefault": pick(by_default, "SSEAlgorithm", "KMSMasterKeyID"),
                **pick(rule, "BucketKeyEnabled"),
            }
        )
    return {"Rules": rules}


def cors(given: Properties) -> dict[str, Any]:
    """Rules for browsers."""
    same = ("AllowedHeaders", "AllowedMethods", "AllowedOrigins")
    rules = [
        pick(rule, *same, ExposedHeaders="ExposeHeaders", Id="ID", MaxAge="MaxAgeSeconds")
        for rule in required(given, "CorsRules")
    ]
    return {"CORSRules": rules}


def website(given: Properties) -> dict[str, Any]:
    """A static website."""
    found = pick(given, "RedirectAllRequestsTo")
    if "IndexDocument" in given:
        found["IndexDocument"] = {"Suffix": given["IndexDocument"]}
    if "ErrorDocument" in given:
        found["ErrorDocument"] = {"Key": given["ErrorDocument"]}
    rules = [
        pick(rule, RedirectRule="Redirect", RoutingRuleCondition="Condition") for rule in given.get("RoutingRules", ())
    ]
    return {**found, "RoutingRules": rules} if rules else found


def logging(given: Properties, bucket: str) -> dict[str, Any]:
    """Access logs, which go to the bucket itself where no other one is named."""
    enabled = {
        "TargetBucket": given.get("DestinationBucketName", bucket),
        "TargetPrefix": given.get("LogFilePrefix", ""),
    }
    return {"LoggingEnabled": {**enabled, **pick(given, "TargetObjectKeyFormat")}}


def notifications(given: Properties) -> dict[str, Any]:
    """Queues, topics, functions and EventBridge that are told of events."""
    found: dict[str, Any] = {}
    for member, target, parameter, arn in _TARGETS:
        rows = []
        for row in given.get(member, ()):
            wanted: dict[str, Any] = {arn: required(row, target), "Events": [required(row, "Event")]}
            if "Filter" in row:
                wanted["Filter"] = {"Key": {"FilterRules": required(required(row["Filter"], "S3Key"), "Rules")}}
            rows.append(wanted)
        if rows:
            found[parameter] = rows
    bridge = given.get("EventBridgeConfiguration")
    if bridge is not None and bridge.get("EventBridgeEnabled", True):
        found["EventBridgeConfiguration"] = {}
    return found


# -- lifecycle -------------------------------------------------------------------------------------------------------------------


def lifecycle(given: Properties) -> dict[str, Any]:
    """Lifecycle rules, and the smallest object that they move."""
    rules = {"Rules": [_lifecycle_rule(rule) for rule in required(given, "Rules")]}
    return {"LifecycleConfiguration": rules, **pick(given, "TransitionDefaultMinimumObjectSize")}


def _lifecycle_rule(given: Properties) -> dict[str, Any]:
    rule = pick(given, "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration", "Status", Id="ID")
    rule["Filter"] = _filter(given, "ObjectSizeGreaterThan", "ObjectSizeLessThan")
    expiration = pick(given, "ExpiredObjectDeleteMarker", ExpirationInDays="Days")
    if "ExpirationDate" in given:
        expiration["Date"] = _moment(given["ExpirationDate"])
    if expiration:
        rule["Expiration"] = expiration
    if "NoncurrentVersionExpirationInDays" in given:
        rule.setdefault("NoncurrentVersionExpiration", {"NoncurrentDays": given["NoncurrentVersionExpirationInDays"]})
    transitions = [_transition(row) for row in _one_or_more(given, "Transition")]
    if transitions:
        rule["Transitions"] = transitions
    noncurrent = [
        pick(row, "NewerNoncurrentVersions", "StorageClass", TransitionInDays="NoncurrentDays")
        for row in _one_or_more(given, "NoncurrentVersionTransition")
    ]
    if noncurrent:
        rule["NoncurrentVersionTransitions"] = noncurrent
    return rule


def _one_or_more(given: Properties, name: str) -> list[Properties]:
    """What the property `name`, which CloudFormation keeps for old templates, and its plural say."""
    return [*([given[name]] if name in given else []), *given.get(f"{name}s", ())]


def _transition(given: Properties) -> dict[str, Any]:
    found = pick(given, "StorageClass", TransitionInDays="Days")
    if "TransitionDate" in given:
        found["Date"] = _moment(given["TransitionDate"])
    return found


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ProvisioningError(f"{text!r} is not a date of the form 2026-01-01T00:00:00Z") from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _filter(given: Properties, *more: str) -> dict[str, Any]:
    """The filter of a rule or a configuration: one condition stands alone, several are joined."""
    conditions = pick(given, "Prefix", *more)
    tags = given.get("TagFilters", [])
    if len(conditions) + len(tags) > 1:
        return {"And": {**conditions, **({"Tags": tags} if tags else {})}}
    return conditions if not tags else {"Tag": tags[0]}


# -- configurations with ids -----------------------------------------------------------------------------------------------------


def analytics(given: Properties) -> dict[str, Any]:
    """Storage class analysis."""
    analysis: dict[str, Any] = {}
    export = given.get("StorageClassAnalysis", {}).get("DataExport")
    if export is not None:
        destination = pick(required(export, "Destination"), "BucketAccountId", "Format", "Prefix", BucketArn="Bucket")
        analysis["DataExport"] = {
            **pick(export, "OutputSchemaVersion"),
            "Destination": {"S3BucketDestination": destination},
        }
    return {"Id": required(given, "Id"), **_with_filter(given), "StorageClassAnalysis": analysis}


def inventory(given: Properties) -> dict[str, Any]:
    """A list of the objects."""
    destination = pick(
        required(given, "Destination"), "Format", "Prefix", BucketArn="Bucket", BucketAccountId="AccountId"
    )
    found = pick(given, "Id", "IncludedObjectVersions", "OptionalFields", Enabled="IsEnabled")
    if "Prefix" in given:
        found["Filter"] = {"Prefix": given["Prefix"]}
    schedule = {"Frequency": required(given, "ScheduleFrequency")}
    return {**found, "Destination": {"S3BucketDestination": destination}, "Schedule": schedule}


def metrics(given: Properties) -> dict[str, Any]:
    """Request metrics."""
    return {"Id": required(given, "Id"), **_with_filter(given, "AccessPointArn")}


def tiering(given: Properties) -> dict[str, Any]:
    """Archive tiers."""
    return {**pick(given, "Id", "Status", "Tierings"), **_with_filter(given)}


def _with_filter(given: Properties, *more: str) -> dict[str, Any]:
    found = _filter(given, *more)
    return {"Filter": found} if found else {}
