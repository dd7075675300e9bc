"""Amazon S3: buckets, objects, versions, multipart uploads."""

from emulator.services.s3.api import S3Service
from emulator.services.s3.quotas import S3Quotas

__all__ = ["S3Quotas", "S3Service"]
