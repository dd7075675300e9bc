"""Which encryption a new object gets: what the request says, or the bucket's default.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator
from typing import Any

from emulator.arn import Arn
from emulator.effects import Call, Effect, Process
from emulator.errors import AwsError
from emulator.operation import Params, Reply
from emulator.services.s3.customer_keys import customer_encryption
from emulator.services.s3.errors import InvalidArgument, KmsNotFoundException, S3Error
from emulator.services.s3.hooks import S3Hooks
from emulator.services.s3.state import Bucket, Encryption

__all__ = ["Encrypting"]

_SSE = "x-amz-server-side-encryption"
_KMS = ("aws:kms", "aws:kms:dsse")
_AES256 = Encryption()
_SAYS = frozenset(
    {
        "BucketKeyEnabled",
        "SSECustomerAlgorithm",
        "SSECustomerKey",
        "SSECustomerKeyMD5",
        "SSEKMSEncryptionContext",
        "SSEKMSKeyId",
        "ServerSideEncryption",
    }
)
_MANAGED_KEY = "alias/aws/s3"
_KEY_ID = re.compile(r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|alias/.+)")


class Encrypting(S3Hooks):
    """The encryption of new objects."""

    def requested_encryption(self, params: Params, bucket: Bucket) -> Encryption:
        """The encryption of an object that `params` write. A KMS key stands as the request names it. Raises InvalidArgument."""
        if params.keys().isdisjoint(_SAYS) and "encryption" not in bucket.configurations:
            return _AES256
        customer = customer_encryption(params)
        if customer is not None:
            return customer
        algorithm, key_id = params.get("ServerSideEncryption"), params.get("SSEKMSKeyId")
        bucket_key = params.get("BucketKeyEnabled")
        if algorithm is None:
            if key_id is not None:
                message = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
                raise InvalidArgument.of(message, _SSE, None)
            default = _default_rule(bucket)
            applied = default.get("ApplyServerSideEncryptionByDefault", {})
            algorithm, key_id = applied.get("SSEAlgorithm", "AES256"), applied.get("KMSMasterKeyID")
            if bucket_key is None:
                bucket_key = default.get("BucketKeyEnabled", False)
        elif algorithm not in ("AES256", *_KMS):
            raise InvalidArgument.of("The encryption method specified is not supported", _SSE, algorithm)
        elif algorithm == "AES256" and key_id is not None:
            message = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
            raise InvalidArgument.of(message, _SSE, algorithm)
        elif bucket_key is None and algorithm in _KMS:
            bucket_key = _default_rule(bucket).get("BucketKeyEnabled", False)
        if algorithm == "AES256":
            return Encryption()
        context = params.get("SSEKMSEncryptionContext")
        if context is not None:
            try:
                base64.b64decode(context, validate=True)
            except binascii.Error:
                message = "The header 'x-amz-server-side-encryption-context' shall be Base64 encoded."
                raise InvalidArgument.of(message, f"{_SSE}-context", context) from None
        return Encryption(algorithm, key_id or _MANAGED_KEY, bool(bucket_key) and algorithm == "aws:kms", context)

    def with_key(self, encryption: Encryption, write: Any) -> Reply | Process:
        """Call `write(encryption)`, whose result is a Reply; first find the KMS key where there is one."""
        if encryption.kms_key_id is None:
            reply: Reply = write(encryption)
            return reply
        return self._with_kms_key(encryption, write)

    def _with_kms_key(self, encryption: Encryption, write: Any) -> Process:
        arn = yield from self._key_arn(str(encryption.kms_key_id))
        found = Encryption(
            encryption.algorithm, arn, encryption.bucket_key_enabled, encryption.context, encryption.customer_key_md5
        )
        return write(found)

    def _key_arn(self, key_id: str) -> Generator[Effect, Any, str]:
        """The ARN of a KMS key. Raises KmsNotFoundException and what else KMS has against it."""
        if key_id == _MANAGED_KEY and self.aws_managed_key_arn is not None:
            return self.aws_managed_key_arn
        try:
            answer = yield Call("kms", "DescribeKey", {"KeyId": key_id}, principal="s3.amazonaws.com")
        except AwsError as error:
            if error.code not in ("NotFoundException", "InvalidArnException", "ValidationException"):
                raise
            raise KmsNotFoundException(self._unknown_key(key_id)) from error
        metadata = answer["KeyMetadata"]
        if metadata.get("KeyState", "Enabled") == "Disabled":
            raise KmsDisabledException(f"{metadata['Arn']} is disabled.")
        if metadata.get("KeyState", "Enabled") == "PendingDeletion":
            raise KmsInvalidStateException(f"{metadata['Arn']} is pending deletion.")
        arn = str(metadata["Arn"])
        if key_id == _MANAGED_KEY:
            self.aws_managed_key_arn = arn
        return arn

    def _unknown_key(self, key_id: str) -> str:
        """S3's text for a key that KMS does not have."""
        if key_id.startswith("arn:"):
            region = Arn.parse(key_id).region
            return f"Key '{key_id}' does not exist" if region == self.account.region else f"Invalid arn {region}"
        if _KEY_ID.fullmatch(key_id) is None:
            return f"Invalid keyId '{key_id}'"
        return f"Key '{self.account.arn('kms', f'key/{key_id}')}' does not exist"

    def after_key_check(self, encryption: Encryption, reply: Reply) -> Reply | Process:
        """The reply, once the KMS key of the object is found usable."""
        if encryption.kms_key_id is None or encryption.kms_key_id == self.aws_managed_key_arn:
            return reply
        return self._with_kms_key(encryption, lambda _: reply)


class KmsDisabledException(S3Error):
    """The KMS key is disabled."""

    code = "KMS.DisabledException"


class KmsInvalidStateException(S3Error):
    """The KMS key will be deleted."""

    code = "KMS.KMSInvalidStateException"


def _default_rule(bucket: Bucket) -> dict[str, Any]:
    rules = bucket.configurations.get("encryption", {}).get("Rules") or [{}]
    rule: dict[str, Any] = rules[0]
    return rule
