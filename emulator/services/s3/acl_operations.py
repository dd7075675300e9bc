"""Operations on access control lists, and what new buckets and objects get.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.configuration_errors import (
    AccessControlListNotSupported,
    InvalidBucketAclWithObjectOwnership,
)
from emulator.services.s3.errors import AccessDenied, InvalidArgument
from emulator.services.s3.grants import Acl, default_acl, gives_public, requested_acl
from emulator.services.s3.reading import Reading
from emulator.services.s3.state import Bucket

__all__ = ["OWNERSHIPS", "AclOperations", "ownership_of"]

OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
ENFORCED = OWNERSHIPS[0]
_ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
"""What a new bucket has. https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""


def ownership_of(bucket: Bucket) -> str:
    """Who owns objects; without controls, the one who writes them."""
    controls = bucket.configurations.get("ownership")
    return "ObjectWriter" if controls is None else str(controls["Rules"][0]["ObjectOwnership"])


class AclOperations(Reading):
    """Access control lists."""

    def new_bucket_access(self, params: Params, bucket: Bucket) -> None:
        """Ownership, public access block and list of a new bucket. Raises InvalidArgument, InvalidBucketAclWithObjectOwnership."""
        ownership = params.get("ObjectOwnership")
        if ownership is not None and ownership not in OWNERSHIPS:
            message = f"Invalid x-amz-object-ownership header: {ownership}"
            raise InvalidArgument(message, fields={"ArgumentName": "x-amz-object-ownership"})
        acl = requested_acl(params, self.owner(), required=False)
        ownership = ENFORCED if ownership is None else ownership
        if acl is not None and ownership == ENFORCED and acl != default_acl(self.owner()):
            raise InvalidBucketAclWithObjectOwnership
        if acl is not None and gives_public(acl):
            raise AccessDenied
        bucket.configurations["ownership"] = {"Rules": [{"ObjectOwnership": ownership}]}
        bucket.configurations["public_access_block"] = dict(_ALL_BLOCKED)
        bucket.acl = acl

    def acl_of(self, params: Params, bucket: Bucket) -> Acl | None:
        """The list of a new object. Raises AccessControlListNotSupported, AccessDenied, InvalidArgument."""
        acl = requested_acl(params, self.owner(), required=False)
        if acl is not None:
            self._check_acl(bucket, params, acl)
        return acl

    def _check_acl(self, bucket: Bucket, params: Params, acl: Acl) -> None:
        if ownership_of(bucket) == ENFORCED and params.get("ACL") != "bucket-owner-full-control":
            if params.get("ACL") is not None or acl != default_acl(self.owner()):
                raise AccessControlListNotSupported
        if gives_public(acl) and bucket.configurations.get("public_access_block", {}).get("BlockPublicAcls"):
            raise AccessDenied

    @operation("GetBucketAcl")
    def get_bucket_acl(self, params: Params, context: CallContext) -> Reply:
        """A bucket's list."""
        bucket = self.bucket_of(params)
        return Reply(default_acl(self.owner()) if bucket.acl is None else bucket.acl)

    @operation("PutBucketAcl")
    def put_bucket_acl(self, params: Params, context: CallContext) -> Reply:
        """Replace a bucket's list."""
        bucket = self.bucket_of(params)
        acl = requested_acl(params, self.owner(), required=True)
        assert acl is not None
        self._check_acl(bucket, params, acl)
        bucket.acl = acl
        return Reply()

    @operation("GetObjectAcl")
    def get_object_acl(self, params: Params, context: CallContext) -> Reply:
        """An object's list."""
        bucket = self.bucket_of(params)
        version = self.readable(bucket, params, "GET")
        acl = default_acl(self.owner()) if version.acl is None or ownership_of(bucket) == ENFORCED else version.acl
        return Reply(acl)

    @operation("PutObjectAcl")
    def put_object_acl(self, params: Params, context: CallContext) -> Reply:
        """Replace an object's list."""
        bucket = self.bucket_of(params)
        version = self.taggable(bucket, params, "PUT")
        acl = requested_acl(params, self.owner(), required=True)
        assert acl is not None
        self._check_acl(bucket, params, acl)
        version.acl = acl
        shown: dict[str, Any] = {}
        effects = self.object_event(
            bucket,
            "ObjectAcl:Put",
            version.key,
            size=None,
            etag=version.etag,
            version_id=bucket.shown_version_id(version),
            context=context,
        )
        return Reply(shown, effects)
