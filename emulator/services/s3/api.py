"""The S3 service."""

from __future__ import annotations

from emulator.services.s3.attribute_operations import AttributeOperations
from emulator.services.s3.bucket_operations import BucketOperations
from emulator.services.s3.completion_operations import CompletionOperations
from emulator.services.s3.copy_operations import CopyOperations
from emulator.services.s3.delete_operations import DeleteOperations
from emulator.services.s3.list_operations import ListOperations
from emulator.services.s3.lock_operations import LockOperations
from emulator.services.s3.restore_operations import RestoreOperations
from emulator.services.s3.tag_operations import TagOperations
from emulator.services.s3.upload_listings import UploadListings

__all__ = ["S3Service"]


class S3Service(
    BucketOperations,
    ListOperations,
    CopyOperations,
    CompletionOperations,
    UploadListings,
    DeleteOperations,
    AttributeOperations,
    TagOperations,
    LockOperations,
    RestoreOperations,
):
    """S3 for one account: general purpose buckets."""

    service_id = "s3"
    resource_members = ("Bucket",)
