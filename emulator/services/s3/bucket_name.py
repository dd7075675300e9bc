"""S3's rules for bucket names.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import re

from emulator.services.s3.errors import InvalidBucketName

__all__ = ["check_bucket_name"]

_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{3,63}}$){_LABEL}(?:\.{_LABEL})*")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_bucket_name(name: str) -> None:
    """Raises InvalidBucketName for a name that S3 gives to no general purpose bucket."""
    good = _NAME.fullmatch(name) is not None and _ADDRESS.fullmatch(name) is None
    if not good or name.startswith(_PREFIXES) or name.endswith(_SUFFIXES):
        raise InvalidBucketName(fields={"BucketName": name})
