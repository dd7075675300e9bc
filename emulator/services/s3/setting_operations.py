"""Smaller settings of a bucket: default encryption, access logs, transfer acceleration, who pays.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
"""

from __future__ import annotations

from typing import Any

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.configuration_errors import (
    CrossLocationLoggingProhibited,
    InvalidTargetBucketForLogging,
    ReplicationConfigurationNotFoundError,
)
from emulator.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXml
from emulator.services.s3.hooks import S3Hooks

__all__ = ["SettingOperations"]

_DEFAULT_ENCRYPTION: dict[str, Any] = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
}
_ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")


class SettingOperations(S3Hooks):
    """Settings that are kept and told, and heeded where they change what S3 answers."""

    @operation("PutBucketEncryption")
    def put_bucket_encryption(self, params: Params, context: CallContext) -> Reply:
        """Say how objects are encrypted that do not say it themselves."""
        bucket = self.bucket_of(params)
        rules = (params.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or []
        by_default = rules[0].get("ApplyServerSideEncryptionByDefault") if len(rules) == 1 else None
        if by_default is None or by_default.get("SSEAlgorithm") not in _ALGORITHMS:
            raise MalformedXml
        if rules[0].get("BlockedEncryptionTypes") is not None:
            raise UnsupportedOperation(
                "s3:PutBucketEncryption: BlockedEncryptionTypes is not supported by this emulator"
            )
        if by_default["SSEAlgorithm"] == "AES256" and by_default.get("KMSMasterKeyID") is not None:
            raise InvalidArgument(
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                fields={"ArgumentName": "ApplyServerSideEncryptionByDefault"},
            )
        kept = {"ApplyServerSideEncryptionByDefault": by_default}
        kept["BucketKeyEnabled"] = bool(rules[0].get("BucketKeyEnabled"))
        bucket.configurations["encryption"] = {"Rules": [kept]}
        return Reply()

    @operation("GetBucketEncryption")
    def get_bucket_encryption(self, params: Params, context: CallContext) -> Reply:
        """How objects are encrypted; by S3's own keys where nothing was said."""
        bucket = self.bucket_of(params)
        configuration = bucket.configurations.get("encryption", _DEFAULT_ENCRYPTION)
        return Reply({"ServerSideEncryptionConfiguration": configuration})

    @operation("DeleteBucketEncryption")
    def delete_bucket_encryption(self, params: Params, context: CallContext) -> Reply:
        """Back to S3's own keys."""
        self.bucket_of(params).configurations.pop("encryption", None)
        return Reply()

    # -- logging -----------------------------------------------------------------------------------------------------------------

    @operation("PutBucketLogging")
    def put_bucket_logging(self, params: Params, context: CallContext) -> Reply:
        """Say where access logs would go. The configuration is kept; log files are best effort on AWS, and none is written here."""
        bucket = self.bucket_of(params)
        enabled = (params.get("BucketLoggingStatus") or {}).get("LoggingEnabled")
        if enabled is None:
            bucket.configurations.pop("logging", None)
            return Reply()
        target = self.buckets.get(enabled.get("TargetBucket", ""))
        if target is None:
            raise InvalidTargetBucketForLogging(fields={"TargetBucket": enabled.get("TargetBucket", "")})
        if target.region != bucket.region:
            raise CrossLocationLoggingProhibited(fields={"TargetBucketLocation": target.region})
        bucket.configurations["logging"] = enabled
        return Reply()

    @operation("GetBucketLogging")
    def get_bucket_logging(self, params: Params, context: CallContext) -> Reply:
        """Where access logs would go; nothing where they are off."""
        enabled = self.bucket_of(params).configurations.get("logging")
        return Reply({} if enabled is None else {"LoggingEnabled": enabled})

    # -- acceleration and payment ------------------------------------------------------------------------------------------------

    @operation("PutBucketAccelerateConfiguration")
    def put_bucket_accelerate_configuration(self, params: Params, context: CallContext) -> Reply:
        """Allow the accelerated endpoint."""
        bucket = self.bucket_of(params)
        if "." in bucket.name:
            raise InvalidRequest(
                "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
            )
        status = (params.get("AccelerateConfiguration") or {}).get("Status")
        if status not in ("Enabled", "Suspended"):
            raise MalformedXml
        bucket.configurations["accelerate"] = status
        return Reply()

    @operation("GetBucketAccelerateConfiguration")
    def get_bucket_accelerate_configuration(self, params: Params, context: CallContext) -> Reply:
        """Whether the accelerated endpoint is allowed; nothing where that was never said."""
        status = self.bucket_of(params).configurations.get("accelerate")
        return Reply({} if status is None else {"Status": status})

    @operation("PutBucketRequestPayment")
    def put_bucket_request_payment(self, params: Params, context: CallContext) -> Reply:
        """Say who pays for requests."""
        bucket = self.bucket_of(params)
        payer = (params.get("RequestPaymentConfiguration") or {}).get("Payer")
        if payer not in ("Requester", "BucketOwner"):
            raise MalformedXml
        bucket.configurations["request_payment"] = payer
        return Reply()

    @operation("GetBucketRequestPayment")
    def get_bucket_request_payment(self, params: Params, context: CallContext) -> Reply:
        """Who pays for requests."""
        return Reply({"Payer": self.bucket_of(params).configurations.get("request_payment", "BucketOwner")})

    # -- replication -------------------------------------------------------------------------------------------------------------

    @operation("GetBucketReplication")
    def get_bucket_replication(self, params: Params, context: CallContext) -> Reply:
        """There is none: putting one is not supported. Raises ReplicationConfigurationNotFoundError."""
        raise ReplicationConfigurationNotFoundError(fields={"BucketName": self.bucket_of(params).name})

    @operation("DeleteBucketReplication")
    def delete_bucket_replication(self, params: Params, context: CallContext) -> Reply:
        """There is none to take away, which S3 does not mind."""
        self.bucket_of(params)
        return Reply()
