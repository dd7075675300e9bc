"""CopyObject.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.checksums import MD5
from emulator.effects import Process
from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.checksum_rules import check_algorithm, full_object, shown
from emulator.services.s3.conditions import check_write
from emulator.services.s3.copy_source import Copying, Source
from emulator.services.s3.errors import InvalidArgument, InvalidRequest
from emulator.services.s3.object_operations import ObjectOperations
from emulator.services.s3.state import Bucket, Encryption

__all__ = ["CopyOperations"]

_DIRECTIVES = ("COPY", "REPLACE")
_CHANGES = ("StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "SSECustomerAlgorithm")
"""Parameters that make a copy of an object to itself worth doing."""


class CopyOperations(ObjectOperations, Copying):
    """Copies within S3; the content is shared, not copied."""

    @operation("CopyObject")
    def copy_object(self, params: Params, context: CallContext) -> Reply | Process:
        """Write an object with another one's content."""
        bucket = self.bucket_of(params)
        key = self.key_of(params)
        metadata_directive = _directive(params, "MetadataDirective", "metadata")
        tagging_directive = _directive(params, "TaggingDirective", "tagging")
        if params.get("AnnotationDirective") is not None:
            raise UnsupportedOperation("s3:CopyObject: parameter AnnotationDirective is not supported by this emulator")
        algorithm = check_algorithm(params.get("ChecksumAlgorithm"))
        source = self.source_of(params, context)
        self._check_size(source)
        if metadata_directive == "COPY":
            self._check_worth(source, bucket, key, params)
        new = self.new_object(params, bucket, context)
        if metadata_directive == "COPY":
            new = replace(new, metadata=source.version.metadata, headers=source.version.headers)
        if tagging_directive == "COPY":
            new = replace(new, tags=dict(source.version.tags))
        wanted = algorithm or source.version.checksum.algorithm

        def write(encryption: Encryption) -> Reply:
            check_write(params, bucket, key)
            content = source.version.content
            version = self.add_object(bucket, key, content, full_object(content, wanted), new, encryption, context)
            result: dict[str, Any] = {
                "CopyObjectResult": {
                    "ETag": f'"{version.etag}"',
                    "LastModified": version.last_modified,
                    **shown(version.checksum, kind=False),
                },
                **source.shown(),
                **encryption.shown(),
            }
            version_id = bucket.shown_version_id(version)
            if version_id is not None:
                result["VersionId"] = version_id
            expiration = self.expiration_header(bucket, version)
            if expiration is not None:
                result["Expiration"] = expiration
            return Reply(result, self.created(bucket, version, "ObjectCreated:Copy", context))

        return self.after_hashing(source.version.content, (MD5, wanted), lambda: self.with_key(new.encryption, write))

    def _check_size(self, source: Source) -> None:
        limit = self.quotas.copy_bytes
        if source.version.size > limit:
            raise InvalidRequest(
                f"The specified copy source is larger than the maximum allowable size for a copy source: {limit}"
            )

    def _check_worth(self, source: Source, bucket: Bucket, key: str, params: Params) -> None:
        same = source.bucket is bucket and source.version.key == key and source.version_id is None
        changed = any(params.get(name) is not None for name in _CHANGES) or source.version.restore is not None
        if same and not changed:
            raise InvalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
                "metadata, storage class, website redirect location or encryption attributes."
            )


def _directive(params: Params, member: str, name: str) -> str:
    value: str = params.get(member) or "COPY"
    if value not in _DIRECTIVES:
        raise InvalidArgument.of(f"Unknown {name} directive.", f"x-amz-{name}-directive", value)
    return value
