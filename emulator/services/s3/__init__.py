"""Amazon S3: buckets, objects, versions, multipart uploads.

`service.snapshot()` is everything as plain data, which `service.restore_snapshot(data)` puts back: dicts, lists, text, numbers, and bytes
for the content of objects (or what `keep` makes of it, and `give` undoes). It can be pickled; for JSON, say what stands for bytes.
"""

from emulator.services.s3.api import S3Service
from emulator.services.s3.quotas import S3Quotas

__all__ = ["S3Quotas", "S3Service"]
