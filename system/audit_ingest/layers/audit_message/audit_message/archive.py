"""The archive bucket: one object for each message, written once.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import base64
import hashlib
import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

_LOGGER = logging.getLogger(__name__)


class Archive:
    """The objects of one bucket. Methods raise botocore's errors, except where they say otherwise."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def write(self, key: str, body: bytes, content_type: str) -> None:
        """Write an object once, with a checksum that S3 verifies. One that is there stays: trying twice is safe."""
        try:
            self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=base64.b64encode(hashlib.sha256(body).digest()).decode(),
                IfNoneMatch="*",
            )
        except ClientError as error:
            # An earlier attempt has written it and could not say so. Only this role writes here, and the key holds the
            # message's id, so it is the same object.
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise

    def proves(self, key: str) -> bool:
        """Return whether the object is proven to be there; when S3 cannot be asked, it is not proven."""
        try:
            self._s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
                _LOGGER.warning("the archive could not be asked for %s: %s", key, error)
            return False
        except BotoCoreError as error:
            _LOGGER.warning("the archive could not be asked for %s: %s", key, error)
            return False
        return True
