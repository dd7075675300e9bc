"""Archived objects and their temporary copies. Nothing runs: what holds follows from the clock.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
"""

from __future__ import annotations

import math
from email.utils import formatdate

from emulator.services.s3.errors import InvalidObjectState
from emulator.services.s3.new_object import ARCHIVED
from emulator.services.s3.state import ObjectVersion

__all__ = ["DAY_SECONDS", "check_readable", "expiry_of", "restore_header"]

DAY_SECONDS = 86_400.0


def expiry_of(ready: float, days: int) -> float:
    """When a copy goes away: `days` after it is there, rounded up to the next midnight in UTC."""
    return math.ceil((ready + days * DAY_SECONDS) / DAY_SECONDS) * DAY_SECONDS


def restore_header(version: ObjectVersion, now: float) -> str | None:
    """`x-amz-restore`; None where nothing was restored, or the copy is gone."""
    restore = version.restore
    if restore is None or now >= restore.expiry:
        return None
    if now < restore.ready:
        return 'ongoing-request="true"'
    return f'ongoing-request="false", expiry-date="{formatdate(restore.expiry, usegmt=True)}"'


def check_readable(version: ObjectVersion, now: float, text: str = "") -> None:
    """Raises InvalidObjectState for an archived object without a copy."""
    if version.storage_class not in ARCHIVED:
        return
    restore = version.restore
    if restore is None or not restore.ready <= now < restore.expiry:
        raise InvalidObjectState(text, fields={"StorageClass": version.storage_class})
