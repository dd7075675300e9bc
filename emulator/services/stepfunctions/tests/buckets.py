"""A service that keeps objects: the little of S3 that a Distributed Map uses."""

from __future__ import annotations

from typing import Any

from emulator.account import Account
from emulator.errors import AwsError
from emulator.operation import CallContext, Params, Reply, Service, operation

__all__ = ["Buckets"]


class NoSuchKey(AwsError):
    """No object has that key."""

    status = 404


class Buckets(Service):
    """Objects by bucket and key. Listings have `page_size` objects a page."""

    service_id = "s3"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.objects: dict[tuple[str, str], bytes] = {}
        self.page_size = 2
        self.principals: list[str] = []

    @operation("GetObject")
    def get_object(self, params: Params, context: CallContext) -> Reply:
        self.principals.append(context.principal)
        body = self.objects.get((params["Bucket"], params["Key"]))
        if body is None:
            raise NoSuchKey("The specified key does not exist.")
        return Reply({"Body": body})

    @operation("PutObject")
    def put_object(self, params: Params, context: CallContext) -> Reply:
        self.objects[params["Bucket"], params["Key"]] = params["Body"]
        return Reply({})

    @operation("ListObjectsV2")
    def list_objects(self, params: Params, context: CallContext) -> Reply:
        prefix = params.get("Prefix", "")
        keys = sorted(k for bucket, k in self.objects if bucket == params["Bucket"] and k.startswith(prefix))
        start = int(params.get("ContinuationToken", "0"))
        end = start + self.page_size
        rows: list[dict[str, Any]] = [
            {"Key": key, "Size": len(self.objects[params["Bucket"], key]), "ETag": '"e"', "LastModified": 1.0}
            for key in keys[start:end]
        ]
        more = end < len(keys)
        return Reply({"Contents": rows, "IsTruncated": more} | ({"NextContinuationToken": str(end)} if more else {}))
