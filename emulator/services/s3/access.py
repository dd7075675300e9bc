"""Who may do what: the bucket's policy, its public access block, access control lists.

One account plays here. Its own callers may do all that no policy denies them; anonymous ones what a policy or a list opens to everyone.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from emulator.effects import Process
from emulator.operation import CallContext, Params, Reply
from emulator.services.s3.acl_operations import ENFORCED, ownership_of
from emulator.services.s3.actions import ACL_PERMISSIONS, action_of
from emulator.services.s3.errors import AccessDenied, NoSuchKey
from emulator.services.s3.grants import permits
from emulator.services.s3.hooks import S3Hooks
from emulator.services.s3.policy_conditions import Keys
from emulator.services.s3.policy_document import matching, statements_of
from emulator.services.s3.state import Bucket, ObjectVersion

__all__ = ["Access"]

_UNJUDGED = frozenset({"OptionsObject", "PostObject"})
"""A preflight is for anybody; a form is judged by who signed it."""
_OWNERS_ALWAYS = frozenset({"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"})
"""What the account's root may do whatever the policy says."""


class Access(S3Hooks):
    """Judges each call before its operation runs."""

    def handle(self, name: str, params: Params, context: CallContext) -> Reply | Process:
        """Run one operation, where the caller may. Raises AwsError."""
        if name in _UNJUDGED:
            return super().handle(name, params, context)
        bucket = self.buckets.get(params.get("Bucket", ""))
        if context.request is not None and not context.principal:
            if name == "GetWebsite":
                return super().handle(name, params, context)
            self.check_anonymous(name, params, context)
        elif bucket is not None and "policy" in bucket.configurations:
            self.check_account(name, bucket, params, context, context.principal)
        return super().handle(name, params, context)

    def check_account(self, name: str, bucket: Bucket, params: Params, context: CallContext, principal: str) -> None:
        """Raises AccessDenied where the bucket's policy denies a caller of the account what it asks for."""
        root = self.account.arn("iam", "root", region="")
        if principal in ("", root) and name in _OWNERS_ALWAYS:
            return
        action = action_of(name, of_version=params.get("VersionId") is not None)
        resource = _resource(bucket, params)
        if "Deny" in self._effects(bucket, action, resource, params, context, principal or root):
            raise AccessDenied(
                f"User: {principal or root} is not authorized to perform: s3:{action} on resource: "
                f'"{resource}" with an explicit deny in a resource-based policy'
            )

    def check_anonymous(self, name: str, params: Params, context: CallContext) -> None:
        """Raises AccessDenied, and NoSuchBucket, where nothing lets everyone do this."""
        if params.get("Bucket") is None:
            raise AccessDenied
        bucket = self.bucket_named(params["Bucket"])
        action = action_of(name, of_version=params.get("VersionId") is not None)
        if not self.is_open(bucket, action, params, context):
            raise AccessDenied
        if name in ("GetObject", "HeadObject") and bucket.keys.newest(params["Key"]) is None:
            listing = {"Bucket": bucket.name}
            if not self.is_open(bucket, "ListBucket", listing, context):
                raise AccessDenied
            raise NoSuchKey(fields={"Key": params["Key"]})

    def is_open(self, bucket: Bucket, action: str, params: Params, context: CallContext) -> bool:
        """Whether everyone may do this."""
        block = bucket.configurations.get("public_access_block", {})
        effects = self._effects(bucket, action, _resource(bucket, params), params, context, "")
        if "Deny" in effects:
            return False
        if "Allow" in effects and not block.get("RestrictPublicBuckets"):
            return True
        if action not in ACL_PERMISSIONS or ownership_of(bucket) == ENFORCED or block.get("IgnorePublicAcls"):
            return False
        whose, permission = ACL_PERMISSIONS[action]
        acl = bucket.acl
        if whose == "object":
            version = self._version(bucket, params)
            acl = None if version is None else version.acl
        return acl is not None and permits(acl, permission)

    def _effects(
        self, bucket: Bucket, action: str, resource: str, params: Params, context: CallContext, principal: str
    ) -> set[str]:
        policy = bucket.configurations.get("policy")
        if policy is None:
            return set()
        found = matching(
            statements_of(policy),
            principal=principal,
            account_id=self.account.account_id,
            action=f"s3:{action}",
            resource=resource,
            keys=self._keys(bucket, params, context, principal),
        )
        return {str(statement["Effect"]) for statement in found}

    def _version(self, bucket: Bucket, params: Params) -> ObjectVersion | None:
        key, version_id = params.get("Key"), params.get("VersionId")
        if key is None:
            return None
        found = bucket.keys.newest(key) if version_id is None else bucket.keys.find(key, version_id)
        return found if isinstance(found, ObjectVersion) else None

    def _keys(self, bucket: Bucket, params: Params, context: CallContext, principal: str) -> Keys:
        """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys"""
        keys: dict[str, tuple[str, ...]] = {
            # A client that talks to this machine's loopback stands for one that talks TLS to AWS.
            "aws:securetransport": ("true",),
            "s3:tlsversion": ("1.3",),
            "aws:sourceip": (context.source_ip,),
            "aws:currenttime": (datetime.fromtimestamp(context.now, UTC).isoformat(),),
            "aws:epochtime": (str(int(context.now)),),
            "aws:requestedregion": (bucket.region,),
            "s3:resourceaccount": (self.account.account_id,),
            "aws:resourceaccount": (self.account.account_id,),
        }
        if principal:
            keys["aws:principalarn"] = (principal,)
            keys["aws:principalaccount"] = (self.account.account_id,)
            keys["aws:principaltype"] = ("Account" if principal.endswith(":root") else "AssumedRole",)
            keys["aws:userid"] = (self.account.user_id(principal),)
        if context.source_arn:
            keys["aws:sourcearn"] = (context.source_arn,)
            keys["aws:sourceaccount"] = (self.account.account_id,)
        if context.request is not None:
            self._request_keys(keys, context)
        version = self._version(bucket, params)
        for tag, value in {} if version is None else version.tags.items():
            keys[f"s3:existingobjecttag/{tag}".lower()] = (value,)
        for tag, value in parse_qsl(params.get("Tagging") or "") if isinstance(params.get("Tagging"), str) else ():
            keys[f"s3:requestobjecttag/{tag}".lower()] = (value,)
        return keys

    def _request_keys(self, keys: dict[str, tuple[str, ...]], context: CallContext) -> None:
        assert context.request is not None
        headers = context.request.headers
        query = dict(parse_qsl(context.request.query, keep_blank_values=True))
        for header, key in (("user-agent", "aws:useragent"), ("referer", "aws:referer")):
            if header in headers:
                keys[key] = (headers[header],)
        for name, value in headers.items():
            if name.startswith("x-amz-") or name in ("if-match", "if-none-match"):
                keys[f"s3:{name}"] = (value,)
        for name in ("prefix", "delimiter", "max-keys", "versionid"):
            given = query.get("versionId" if name == "versionid" else name)
            if given is not None:
                keys[f"s3:{name}"] = (given,)
        if context.principal:
            by_query = "X-Amz-Signature" in query or "Signature" in query
            keys["s3:authtype"] = ("REST-QUERY-STRING" if by_query else "REST-HEADER",)
            old = "Signature" in query or headers.get("authorization", "").startswith("AWS ")
            keys["s3:signatureversion"] = ("AWS" if old else "AWS4-HMAC-SHA256",)


def _resource(bucket: Bucket, params: Params) -> str:
    key: Any = params.get("Key")
    return bucket.arn if key is None else f"{bucket.arn}/{key}"
