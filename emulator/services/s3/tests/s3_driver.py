"""An engine with S3, and a small KMS beside it; time moves only when a test says so."""

from __future__ import annotations

from typing import Any

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.errors import AwsError
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.services.s3 import S3Quotas, S3Service

START = 1_767_225_600.0
PART = 5 << 20
OWNED_KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-4333-8444-555555555555"


class Keys(Service):
    """The little of KMS that S3 asks for."""

    service_id = "kms"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.state = "Enabled"

    @operation("DescribeKey")
    def describe_key(self, params: Params, context: CallContext) -> Reply:
        key_id = params["KeyId"]
        if key_id == "alias/aws/s3":
            return Reply({"KeyMetadata": {"Arn": f"{OWNED_KEY[:-1]}0", "KeyState": "Enabled"}})
        if key_id not in OWNED_KEY:
            raise AwsError.named("NotFoundException", "not there")
        return Reply({"KeyMetadata": {"Arn": OWNED_KEY, "KeyState": self.state}})


class S3Driver:
    """Calls operations as another service does: bodies are bytes."""

    def __init__(self, quotas: S3Quotas | None = None, region: str = "us-east-1") -> None:
        self.clock = VirtualClock(START)
        self.engine = Engine(self.clock)
        account = Account("http://127.0.0.1:4566", region=region)
        self.service = S3Service(account, quotas)
        self.keys = Keys(account)
        self.engine.register("s3", self.service)
        self.engine.register("kms", self.keys)

    def call(self, name: str, /, **params: Any) -> Any:
        outcome: list[tuple[Any, Any]] = []
        context = CallContext(self.clock.now(), "request", principal="arn:aws:iam::000000000000:root")
        self.engine.call("s3", name, params, context, lambda *ended: outcome.append(ended))
        self.engine.run_ready()
        [(result, error)] = outcome
        if error is not None:
            raise error
        return result

    def refused(self, name: str, /, **params: Any) -> AwsError:
        """The error of a call that must fail."""
        try:
            result = self.call(name, **params)
        except AwsError as error:
            return error
        raise AssertionError(f"{name} was not refused: {result}")

    def advance(self, seconds: float) -> None:
        self.clock.move_to(self.clock.now() + seconds)

    def bucket(self, name: str = "bucket", *, versioning: str = "", **more: Any) -> str:
        self.call("CreateBucket", Bucket=name, **more)
        if versioning:
            self.call("PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": versioning})
        return name

    def put(self, key: str, body: bytes = b"", bucket: str = "bucket", **more: Any) -> Any:
        return self.call("PutObject", Bucket=bucket, Key=key, Body=body, **more)

    def get(self, key: str, bucket: str = "bucket", **more: Any) -> Any:
        return self.call("GetObject", Bucket=bucket, Key=key, **more)

    def keys_of(self, bucket: str = "bucket", **more: Any) -> list[str]:
        return [row["Key"] for row in self.call("ListObjectsV2", Bucket=bucket, **more).get("Contents", [])]

    def upload(self, key: str, *parts: bytes, bucket: str = "bucket", **more: Any) -> tuple[str, list[dict[str, Any]]]:
        """Begin an upload and add parts: its id and what a completion lists."""
        upload_id = self.call("CreateMultipartUpload", Bucket=bucket, Key=key, **more)["UploadId"]
        rows = []
        for number, part in enumerate(parts, 1):
            params = {"Bucket": bucket, "Key": key, "UploadId": upload_id, "PartNumber": number, "Body": part}
            rows.append({"PartNumber": number, "ETag": self.call("UploadPart", **params)["ETag"]})
        return upload_id, rows

    def complete(
        self, key: str, upload_id: str, rows: list[dict[str, Any]], bucket: str = "bucket", **more: Any
    ) -> Any:
        wanted = {"Bucket": bucket, "Key": key, "UploadId": upload_id, "MultipartUpload": {"Parts": rows}}
        return self.call("CompleteMultipartUpload", **wanted, **more)
