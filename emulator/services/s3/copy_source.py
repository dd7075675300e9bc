"""`x-amz-copy-source`: the object that a copy begins with.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html#API_CopyObject_RequestSyntax
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from emulator.body import Body
from emulator.effects import Process, Sleep
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply
from emulator.services.s3.conditions import check_source
from emulator.services.s3.customer_keys import check_read_key
from emulator.services.s3.errors import InvalidArgument, InvalidRequest, NoSuchKey
from emulator.services.s3.key_index import NULL_VERSION
from emulator.services.s3.reading import Reading
from emulator.services.s3.restore import check_readable
from emulator.services.s3.state import Bucket, ObjectVersion

__all__ = ["Copying", "Source"]

_HEADER = "x-amz-copy-source"


@dataclass(frozen=True, slots=True)
class Source:
    """A copy's source, found."""

    bucket: Bucket
    version: ObjectVersion
    version_id: str | None
    """As the call names it."""

    def shown(self) -> dict[str, str]:
        """The members of a response that say which version was copied."""
        version_id = self.version.version_id
        return {} if version_id == NULL_VERSION else {"CopySourceVersionId": version_id}


class Copying(Reading):
    """Finds the sources of copies."""

    def source_of(self, params: Params, context: CallContext) -> Source:
        """The object that a copy reads, once its conditions hold. Raises what a read raises."""
        name, key, version_id = _parts(params["CopySource"])
        bucket = self.bucket_named(name, params.get("ExpectedSourceBucketOwner"))
        found = self.version_of(bucket, key, version_id)
        if not isinstance(found, ObjectVersion):
            if version_id is None:
                raise NoSuchKey(fields={"Key": key})
            raise InvalidRequest(
                "The source of a copy request may not specifically refer to a delete marker by version id."
            )
        check_readable(found, context.now, "Operation is not valid for the source object's storage class")
        check_read_key(found.encryption, params, "CopySource")
        check_source(params, found, context.now)
        return Source(bucket, found, version_id)

    def after_hashing(
        self, body: Body, algorithms: Iterable[str], then: Callable[[], Reply | Process]
    ) -> Reply | Process:
        """Call `then` once the digests of a body are known; a large body is hashed in steps, between which others are served."""
        if body.size <= self.quotas.hashed_at_once_bytes:
            return then()
        return self._hashed(body, tuple(algorithms), then)

    def _hashed(self, body: Body, algorithms: Iterable[str], then: Callable[[], Reply | Process]) -> Process:
        for _ in body.hashing(algorithms, self.quotas.hashed_at_once_bytes):
            yield Sleep(0.0)
        answer = then()
        return answer if isinstance(answer, Reply) else (yield from answer)


def _parts(value: Any) -> tuple[str, str, str | None]:
    """Bucket, key and version id. Raises InvalidArgument."""
    if isinstance(value, dict):  # as the SDKs take it; other services may, too
        return value["Bucket"], value["Key"], value.get("VersionId")
    path, question, query = str(value).partition("?versionId=")
    name, slash, key = unquote_plus(path).removeprefix("/").partition("/")
    if name.startswith("arn:"):
        raise UnsupportedOperation("s3: access points (arn: in x-amz-copy-source) are not supported by this emulator")
    if not slash or not name or not key:
        raise InvalidArgument.of("Invalid copy source object key", _HEADER, _HEADER)
    return name, key, unquote_plus(query) if question else None
