"""What operations on objects tell others, and ask them: by default nobody listens and nothing is added."""

from __future__ import annotations

from typing import Any

from emulator.effects import Effect
from emulator.operation import CallContext, Params
from emulator.services.s3.state import Bucket, ObjectVersion
from emulator.services.s3.store import S3Store

__all__ = ["S3Hooks"]


class S3Hooks(S3Store):
    """The seam between objects and what is configured on their bucket."""

    def object_event(
        self,
        bucket: Bucket,
        event: str,
        key: str,
        *,
        size: int | None,
        etag: str | None,
        version_id: str | None,
        context: CallContext,
    ) -> tuple[Effect, ...]:
        """What must happen because of an event such as `ObjectCreated:Put`."""
        return ()

    def acl_of(self, params: Params, bucket: Bucket) -> dict[str, Any] | None:
        """The access control list that a call's headers give to an object; None for the default, the owner's alone."""
        return None

    def new_bucket_access(self, params: Params, bucket: Bucket) -> None:
        """Set up ownership and access control list of a new bucket from the call that creates it."""

    def upload_started(self, bucket: Bucket) -> tuple[Effect, ...]:
        """What must happen because a multipart upload began."""
        return ()

    def expiration_header(self, bucket: Bucket, version: ObjectVersion) -> str | None:
        """`x-amz-expiration`: when a lifecycle rule will expire the object, and which."""
        return None
