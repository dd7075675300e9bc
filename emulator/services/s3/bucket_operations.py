"""Operations on buckets: make, look at, list, delete; their versioning and their tags.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
"""

from __future__ import annotations

import re
from typing import Any

from emulator.errors import AwsError, UnsupportedOperation
from emulator.operation import Answer, CallContext, Params, Reply, operation
from emulator.services.s3.bucket_name import check_bucket_name
from emulator.services.s3.errors import (
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    IllegalLocationConstraintException,
    IllegalVersioningConfigurationException,
    InvalidArgument,
    InvalidBucketState,
    InvalidLocationConstraint,
    MalformedXml,
    NoSuchTagSet,
)
from emulator.services.s3.hooks import S3Hooks
from emulator.services.s3.listing import Resume
from emulator.services.s3.regions import HOME, REGIONS
from emulator.services.s3.state import Bucket
from emulator.services.s3.tagging import bucket_tags, tag_set

__all__ = ["BucketOperations"]

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/aws4_request")


class TooManyBuckets(AwsError):
    """The account has as many buckets as it may have."""


class BucketOperations(S3Hooks):
    """Buckets as a whole."""

    @operation("CreateBucket")
    def create_bucket(self, params: Params, context: CallContext) -> Reply:
        """Make a bucket."""
        name = params["Bucket"]
        check_bucket_name(name)
        configuration = params.get("CreateBucketConfiguration")
        if configuration is not None and not configuration:
            raise MalformedXml
        configuration = configuration or {}
        for member in ("Location", "Bucket"):
            if configuration.get(member) is not None:
                raise UnsupportedOperation(
                    f"s3:CreateBucket: CreateBucketConfiguration.{member} (directory buckets) is not supported by this emulator"
                )
        if params.get("BucketNamespace") not in (None, "global"):
            raise UnsupportedOperation("s3:CreateBucket: parameter BucketNamespace is not supported by this emulator")
        here = self._endpoint_region(context)
        region = _region(here, configuration.get("LocationConstraint"))
        existing = self.buckets.get(name)
        if existing is not None:
            if here != HOME or existing.region != HOME or region != HOME:
                raise BucketAlreadyOwnedByYou(fields={"BucketName": name})
            return Reply(self._created(existing))
        if len(self.buckets) >= self.quotas.buckets:
            raise TooManyBuckets("You have attempted to create more buckets than allowed")
        bucket = Bucket(name, region, float(int(context.now)))
        tags = configuration.get("Tags")
        if tags:
            bucket.tags = bucket_tags(tags, self.quotas)
        if params.get("ObjectLockEnabledForBucket"):
            bucket.versioning = "Enabled"
            bucket.object_lock = {"ObjectLockEnabled": "Enabled"}
        self.new_bucket_access(params, bucket)
        self.buckets[name] = bucket
        return Reply(self._created(bucket))

    def _created(self, bucket: Bucket) -> dict[str, str]:
        host = f"http://{bucket.name}.s3.amazonaws.com/"
        return {"Location": f"/{bucket.name}" if bucket.region == HOME else host, "BucketArn": bucket.arn}

    def _endpoint_region(self, context: CallContext) -> str:
        """The region of the endpoint that the client means: of all endpoints there is one here, so it is the signature's."""
        signed = None if context.request is None else _SCOPE.search(context.request.headers.get("authorization", ""))
        return signed[1] if signed is not None and signed[1] in REGIONS else self.account.region

    @operation("HeadBucket")
    def head_bucket(self, params: Params, context: CallContext) -> Reply:
        """Whether a bucket is there, and where."""
        bucket = self.bucket_of(params)
        result = {"BucketRegion": _place(bucket), "BucketArn": bucket.arn, "AccessPointAlias": False}
        return Reply(Answer(result, headers=(("Content-Type", "application/xml"),)))

    @operation("GetBucketLocation")
    def get_bucket_location(self, params: Params, context: CallContext) -> Reply:
        """The location constraint; none for us-east-1."""
        bucket = self.bucket_of(params)
        return Reply({"LocationConstraint": None if bucket.region == HOME else bucket.region})

    @operation("DeleteBucket")
    def delete_bucket(self, params: Params, context: CallContext) -> Reply:
        """Delete a bucket without objects and versions; uploads under way go with it."""
        bucket = self.bucket_of(params)
        if len(bucket.keys):
            message = BucketNotEmpty.text
            if bucket.versioning:
                message += ". You must delete all versions in the bucket."
            raise BucketNotEmpty(message, fields={"BucketName": bucket.name})
        del self.buckets[bucket.name]
        return Reply()

    @operation("ListBuckets")
    def list_buckets(self, params: Params, context: CallContext) -> Reply:
        """The account's buckets by name."""
        limit = params.get("MaxBuckets")
        most = self.quotas.buckets_page
        if limit is not None and not 1 <= limit <= most:
            raise InvalidArgument.of(
                f"Argument max-buckets must be an integer between 1 and {most}", "max-buckets", limit
            )
        prefix, region = params.get("Prefix") or "", params.get("BucketRegion")
        if region is not None and region not in REGIONS:
            message = f"Argument value {region} is not a valid AWS Region"
            raise InvalidArgument(message, fields={"ArgumentName": "bucket-region"})
        token = params.get("ContinuationToken")
        after = "" if not token else Resume.of(token).after
        chosen = [
            bucket
            for name, bucket in sorted(self.buckets.items())
            if name > after and name.startswith(prefix) and (region is None or _place(bucket) == region)
        ]
        page = chosen[: limit or most]
        result: dict[str, Any] = {
            "Owner": self.owner(),
            "Buckets": [
                {"Name": each.name, "CreationDate": each.created, "BucketRegion": _place(each), "BucketArn": each.arn}
                for each in page
            ],
        }
        if params.get("Prefix") is not None:
            result["Prefix"] = prefix
        if len(page) < len(chosen):
            result["ContinuationToken"] = Resume(page[-1].name).token()
        return Reply(result)

    # -- versioning --------------------------------------------------------------------------------------------------------------

    @operation("PutBucketVersioning")
    def put_bucket_versioning(self, params: Params, context: CallContext) -> Reply:
        """Enable or suspend versioning."""
        bucket = self.bucket_of(params)
        configuration = params.get("VersioningConfiguration") or {}
        if configuration.get("MFADelete") == "Enabled":
            raise UnsupportedOperation("s3:PutBucketVersioning: MFADelete is not supported by this emulator")
        status = configuration.get("Status")
        if not status:
            raise IllegalVersioningConfigurationException
        if status not in ("Enabled", "Suspended"):
            raise MalformedXml
        if status == "Suspended" and bucket.object_lock is not None:
            raise InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
            )
        bucket.versioning = status
        return Reply()

    @operation("GetBucketVersioning")
    def get_bucket_versioning(self, params: Params, context: CallContext) -> Reply:
        """The state of versioning; nothing where it was never set."""
        bucket = self.bucket_of(params)
        return Reply({"Status": bucket.versioning} if bucket.versioning else {})

    # -- tags --------------------------------------------------------------------------------------------------------------------

    @operation("PutBucketTagging")
    def put_bucket_tagging(self, params: Params, context: CallContext) -> Reply:
        """Replace the tags."""
        bucket = self.bucket_of(params)
        bucket.tags = bucket_tags((params.get("Tagging") or {}).get("TagSet") or (), self.quotas) or None
        return Reply()

    @operation("GetBucketTagging")
    def get_bucket_tagging(self, params: Params, context: CallContext) -> Reply:
        """The tags."""
        bucket = self.bucket_of(params)
        if not bucket.tags:
            raise NoSuchTagSet(fields={"BucketName": bucket.name})
        return Reply({"TagSet": tag_set(bucket.tags)})

    @operation("DeleteBucketTagging")
    def delete_bucket_tagging(self, params: Params, context: CallContext) -> Reply:
        """Take all tags away."""
        self.bucket_of(params).tags = None
        return Reply()


def _region(here: str, constraint: str | None) -> str:
    """The region of a new bucket. Raises InvalidLocationConstraint, IllegalLocationConstraintException."""
    if here == HOME:
        if constraint is None:
            return HOME
        if constraint == HOME or (constraint not in REGIONS and constraint != "EU"):
            raise InvalidLocationConstraint(fields={"LocationConstraint": constraint})
        return constraint
    if constraint != here and not (constraint == "EU" and here == "eu-west-1"):
        named = "unspecified" if constraint is None else constraint
        raise IllegalLocationConstraintException(
            f"The {named} location constraint is incompatible for the region specific endpoint this request was sent to."
        )
    return constraint


def _place(bucket: Bucket) -> str:
    return "eu-west-1" if bucket.region == "EU" else bucket.region
