"""Quotas of S3.

https://docs.aws.amazon.com/general/latest/gr/s3.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["S3Quotas"]

_HOUR = 3_600.0


def _restore_seconds() -> Mapping[tuple[str, str], float]:
    return {
        ("GLACIER", "Expedited"): 300.0,
        ("GLACIER", "Standard"): 5 * _HOUR,
        ("GLACIER", "Bulk"): 12 * _HOUR,
        ("DEEP_ARCHIVE", "Standard"): 12 * _HOUR,
        ("DEEP_ARCHIVE", "Bulk"): 48 * _HOUR,
    }


@dataclass(frozen=True, slots=True)
class S3Quotas:
    """Sizes in bytes, times in seconds."""

    buckets: int = 10_000
    put_bytes: int = 5 << 30
    copy_bytes: int = 5 << 30
    part_bytes: int = 5 << 30
    smallest_part_bytes: int = 5 << 20
    parts: int = 10_000
    object_bytes: int = 50 << 40
    key_bytes: int = 1_024
    policy_bytes: int = 20_480
    cors_rules: int = 100
    routing_rules: int = 50
    lifecycle_rules: int = 1_000
    user_metadata_bytes: int = 2_048
    object_tags: int = 10
    bucket_tags: int = 50
    tag_key_characters: int = 128
    tag_value_characters: int = 256
    list_page: int = 1_000
    buckets_page: int = 10_000
    deleted_keys: int = 1_000
    hashed_at_once_bytes: int = 2 << 20
    """How much of a copy is hashed before others get their turn."""
    remembered_completions: int = 1_000
    """Completed multipart uploads whose completion may be repeated."""
    restore_seconds: Mapping[tuple[str, str], float] = field(default_factory=_restore_seconds)
    """How long a restore takes at most, by storage class and tier."""
