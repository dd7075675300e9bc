"""The S3 service."""

from __future__ import annotations

from emulator.services.s3.access_operations import AccessOperations
from emulator.services.s3.acl_operations import AclOperations
from emulator.services.s3.attribute_operations import AttributeOperations
from emulator.services.s3.bucket_operations import BucketOperations
from emulator.services.s3.completion_operations import CompletionOperations
from emulator.services.s3.copy_operations import CopyOperations
from emulator.services.s3.cors_operations import CorsOperations
from emulator.services.s3.delete_operations import DeleteOperations
from emulator.services.s3.form_operations import FormOperations
from emulator.services.s3.lifecycle_operations import LifecycleOperations
from emulator.services.s3.list_operations import ListOperations
from emulator.services.s3.lock_operations import LockOperations
from emulator.services.s3.report_operations import ReportOperations
from emulator.services.s3.restore_operations import RestoreOperations
from emulator.services.s3.setting_operations import SettingOperations
from emulator.services.s3.snapshot import Snapshots
from emulator.services.s3.tag_operations import TagOperations
from emulator.services.s3.upload_listings import UploadListings
from emulator.services.s3.website_operations import WebsiteOperations

__all__ = ["S3Service"]


class S3Service(
    FormOperations,
    WebsiteOperations,
    LifecycleOperations,
    AclOperations,
    AccessOperations,
    CorsOperations,
    SettingOperations,
    ReportOperations,
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
    Snapshots,
):
    """S3 for one account: general purpose buckets."""

    service_id = "s3"
    resource_members = ("Bucket",)
