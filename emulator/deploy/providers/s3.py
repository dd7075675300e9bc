"""Amazon S3. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3.html"""

from __future__ import annotations

import json
from typing import Any

from emulator.deploy.properties import BOOL, JSON, STR, TAGS
from emulator.deploy.resource_type import Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]


def _create_bucket(request: Request) -> Process:
    name = request.get("BucketName") or request.generated_name(63, lower=True)
    region = request.account.region
    params: dict[str, Any] = {"Bucket": name}
    if region != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": region}
    yield Call("s3", "CreateBucket", params)
    yield from finished(Made(name), _configure(request, name))
    attributes = {
        "Arn": f"arn:{request.account.partition}:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }
    return Made(name, attributes)


def _configure(request: Request, name: str) -> Process:
    """The settings that have a call of their own; only those that are new or changed."""
    before, after = request.previous, request.properties
    for setting, operation, member in (
        ("PublicAccessBlockConfiguration", "PutPublicAccessBlock", "PublicAccessBlockConfiguration"),
        ("OwnershipControls", "PutBucketOwnershipControls", "OwnershipControls"),
        ("VersioningConfiguration", "PutBucketVersioning", "VersioningConfiguration"),
    ):
        if setting in after and after[setting] != before.get(setting):
            yield Call("s3", operation, {"Bucket": name, member: after[setting]})
    if "BucketEncryption" in after and after["BucketEncryption"] != before.get("BucketEncryption"):
        yield Call(
            "s3", "PutBucketEncryption", {"Bucket": name, "ServerSideEncryptionConfiguration": _encryption(request)}
        )
    if "Tags" in after and after["Tags"] != before.get("Tags"):
        yield Call("s3", "PutBucketTagging", {"Bucket": name, "Tagging": {"TagSet": after["Tags"]}})


def _encryption(request: Request) -> dict[str, Any]:
    rules = []
    for rule in request["BucketEncryption"]["ServerSideEncryptionConfiguration"]:
        by_default = rule.get("ServerSideEncryptionByDefault", {})
        rules.append(
            {
                "ApplyServerSideEncryptionByDefault": pick(by_default, "SSEAlgorithm", "KMSMasterKeyID"),
                **pick(rule, "BucketKeyEnabled"),
            }
        )
    return {"Rules": rules}


def _update_bucket(request: Request) -> Process:
    yield from _configure(request, request.physical_id)
    return Made(request.physical_id, request.attributes)


def _delete_bucket(request: Request) -> Process:
    yield Call("s3", "DeleteBucket", {"Bucket": request.physical_id})


def _put_policy(request: Request) -> Process:
    yield Call("s3", "PutBucketPolicy", {"Bucket": request["Bucket"], "Policy": json.dumps(request["PolicyDocument"])})
    return Made(request["Bucket"])


def _delete_policy(request: Request) -> Process:
    yield Call("s3", "DeleteBucketPolicy", {"Bucket": request["Bucket"]})


_SETTINGS = (
    "BucketEncryption",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
    "VersioningConfiguration",
)

TYPES = (
    ResourceType(
        "AWS::S3::Bucket",
        {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": {
                    "BucketKeyEnabled": BOOL,
                    "ServerSideEncryptionByDefault": {"KMSMasterKeyID": STR, "SSEAlgorithm": STR},
                }
            },
            "BucketName": STR,
            "OwnershipControls": {"Rules": {"ObjectOwnership": STR}},
            "PublicAccessBlockConfiguration": dict.fromkeys(
                ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), BOOL
            ),
            "Tags": TAGS,
            "VersioningConfiguration": {"Status": STR},
        },
        _create_bucket,
        _delete_bucket,
        attributes=("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName"),
        update=_update_bucket,
        updatable=frozenset(_SETTINGS),
        replacing=frozenset({"BucketName"}),
        accepted={
            "LifecycleConfiguration": "objects live as long as the emulator, which is shorter than any lifecycle rule (1 day at least)",
            "MetricsConfigurations": "request metrics are not published here",
        },
    ),
    ResourceType(
        "AWS::S3::BucketPolicy",
        {"Bucket": STR, "PolicyDocument": JSON},
        _put_policy,
        _delete_policy,
        update=_put_policy,
        updatable=frozenset({"PolicyDocument"}),
        replacing=frozenset({"Bucket"}),
        required=("Bucket", "PolicyDocument"),
    ),
)
