"""Operations on bucket policies, public access blocks and ownership controls.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
"""

from __future__ import annotations

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.acl_operations import ENFORCED, OWNERSHIPS
from emulator.services.s3.configuration_errors import (
    InvalidBucketAclWithObjectOwnership,
    MalformedPolicy,
    NoSuchBucketPolicy,
    NoSuchPublicAccessBlockConfiguration,
    OwnershipControlsNotFoundError,
)
from emulator.services.s3.errors import AccessDenied, InvalidRequest, MalformedXml
from emulator.services.s3.grants import default_acl, gives_public
from emulator.services.s3.hooks import S3Hooks
from emulator.services.s3.policy_document import is_public, statements_of, validated_policy

__all__ = ["AccessOperations"]

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class AccessOperations(S3Hooks):
    """Who may do what with a bucket."""

    @operation("PutBucketPolicy")
    def put_bucket_policy(self, params: Params, context: CallContext) -> Reply:
        """Replace the policy."""
        bucket = self.bucket_of(params)
        text = params.get("Policy") or ""
        if len(text.encode()) > self.quotas.policy_bytes:
            raise MalformedPolicy(
                f"Policy document exceeds the maximum allowed size of {self.quotas.policy_bytes} bytes"
            )
        policy = validated_policy(text, bucket.arn)
        block = bucket.configurations.get("public_access_block", {})
        if block.get("BlockPublicPolicy") and is_public(statements_of(policy)):
            raise AccessDenied
        bucket.configurations["policy"] = policy
        return Reply()

    @operation("GetBucketPolicy")
    def get_bucket_policy(self, params: Params, context: CallContext) -> Reply:
        """The policy as it was put."""
        bucket = self.bucket_of(params)
        policy = bucket.configurations.get("policy")
        if policy is None:
            raise NoSuchBucketPolicy(fields={"BucketName": bucket.name})
        return Reply({"Policy": policy})

    @operation("DeleteBucketPolicy")
    def delete_bucket_policy(self, params: Params, context: CallContext) -> Reply:
        """Take the policy away."""
        self.bucket_of(params).configurations.pop("policy", None)
        return Reply()

    @operation("GetBucketPolicyStatus")
    def get_bucket_policy_status(self, params: Params, context: CallContext) -> Reply:
        """Whether the policy makes the bucket public."""
        bucket = self.bucket_of(params)
        policy = bucket.configurations.get("policy")
        if policy is None:
            raise NoSuchBucketPolicy(fields={"BucketName": bucket.name})
        return Reply({"PolicyStatus": {"IsPublic": is_public(statements_of(policy))}})

    # -- public access block -----------------------------------------------------------------------------------------------------

    @operation("PutPublicAccessBlock")
    def put_public_access_block(self, params: Params, context: CallContext) -> Reply:
        """Replace the block; what it does not name is off."""
        bucket = self.bucket_of(params)
        given = params.get("PublicAccessBlockConfiguration") or {}
        if not any(name in given for name in _BLOCKS):
            raise InvalidRequest("Must specify at least one configuration.")
        bucket.configurations["public_access_block"] = {name: bool(given.get(name)) for name in _BLOCKS}
        return Reply()

    @operation("GetPublicAccessBlock")
    def get_public_access_block(self, params: Params, context: CallContext) -> Reply:
        """The block."""
        bucket = self.bucket_of(params)
        block = bucket.configurations.get("public_access_block")
        if block is None:
            raise NoSuchPublicAccessBlockConfiguration(fields={"BucketName": bucket.name})
        return Reply({"PublicAccessBlockConfiguration": block})

    @operation("DeletePublicAccessBlock")
    def delete_public_access_block(self, params: Params, context: CallContext) -> Reply:
        """Take the block away."""
        self.bucket_of(params).configurations.pop("public_access_block", None)
        return Reply()

    # -- ownership ---------------------------------------------------------------------------------------------------------------

    @operation("PutBucketOwnershipControls")
    def put_bucket_ownership_controls(self, params: Params, context: CallContext) -> Reply:
        """Say who owns objects, and whether access control lists count."""
        bucket = self.bucket_of(params)
        rules = (params.get("OwnershipControls") or {}).get("Rules") or []
        if len(rules) != 1 or rules[0].get("ObjectOwnership") not in OWNERSHIPS:
            raise MalformedXml
        chosen = rules[0]["ObjectOwnership"]
        if chosen == ENFORCED and bucket.acl is not None and bucket.acl != default_acl(self.owner()):
            if gives_public(bucket.acl) or len(bucket.acl["Grants"]) > 1:
                raise InvalidBucketAclWithObjectOwnership
        bucket.configurations["ownership"] = {"Rules": [{"ObjectOwnership": chosen}]}
        return Reply()

    @operation("GetBucketOwnershipControls")
    def get_bucket_ownership_controls(self, params: Params, context: CallContext) -> Reply:
        """Who owns objects."""
        bucket = self.bucket_of(params)
        controls = bucket.configurations.get("ownership")
        if controls is None:
            raise OwnershipControlsNotFoundError(fields={"BucketName": bucket.name})
        return Reply({"OwnershipControls": controls})

    @operation("DeleteBucketOwnershipControls")
    def delete_bucket_ownership_controls(self, params: Params, context: CallContext) -> Reply:
        """Back to objects of those who write them."""
        self.bucket_of(params).configurations.pop("ownership", None)
        return Reply()
