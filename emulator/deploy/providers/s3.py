"""Amazon S3. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3.html"""

from __future__ import annotations

import json
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import JSON, STR
from emulator.deploy.providers.s3_settings import SETTINGS, configure
from emulator.deploy.providers.s3_shapes import BUCKET
from emulator.deploy.resource_type import Made, Request, ResourceType, finished
from emulator.effects import Call, Process

__all__ = ["TYPES"]

_DASHED = frozenset(
    {
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-west-1",
        "sa-east-1",
        "us-east-1",
        "us-gov-west-1",
        "us-west-1",
        "us-west-2",
    }
)
"""Regions whose website endpoints have a dash before them; the others have a dot.

https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
"""


def _create_bucket(request: Request) -> Process:
    name = request.get("BucketName") or request.generated_name(63, lower=True)
    region = request.account.region
    params: dict[str, Any] = {"Bucket": name}
    if region != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": region}
    if request.get("ObjectLockEnabled"):
        params["ObjectLockEnabledForBucket"] = True
    yield Call("s3", "CreateBucket", params)
    yield from finished(Made(name), configure(name, {}, request.properties))
    attributes = {
        "Arn": f"arn:{request.account.partition}:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website{'-' if region in _DASHED else '.'}{region}.amazonaws.com",
    }
    return Made(name, attributes)


def _update_bucket(request: Request) -> Process:
    if request.previous.get("ObjectLockEnabled", False) != request.get("ObjectLockEnabled", False):
        if not request.get("ObjectLockEnabled", False):
            raise ProvisioningError("Object Lock cannot be disabled on an existing bucket")
        lock = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
        yield Call("s3", "PutObjectLockConfiguration", {"Bucket": request.physical_id, **lock})
    yield from configure(request.physical_id, request.previous, request.properties)
    return Made(request.physical_id, request.attributes)


def _delete_bucket(request: Request) -> Process:
    yield Call("s3", "DeleteBucket", {"Bucket": request.physical_id})


def _put_policy(request: Request) -> Process:
    document = request["PolicyDocument"]
    policy = document if isinstance(document, str) else json.dumps(document)
    yield Call("s3", "PutBucketPolicy", {"Bucket": request["Bucket"], "Policy": policy})
    return Made(request["Bucket"])


def _delete_policy(request: Request) -> Process:
    yield Call("s3", "DeleteBucketPolicy", {"Bucket": request["Bucket"]})


TYPES = (
    ResourceType(
        "AWS::S3::Bucket",
        BUCKET,
        _create_bucket,
        _delete_bucket,
        attributes=("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"),
        update=_update_bucket,
        updatable=SETTINGS | {"ObjectLockEnabled"},
        replacing=frozenset({"BucketName"}),
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
