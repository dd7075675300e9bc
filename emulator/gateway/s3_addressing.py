"""S3's two ways to name a bucket, made one: virtual-hosted requests (`Host: bucket.s3...`) become path style (`/bucket/key`).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from dataclasses import replace

from emulator.http import HttpRequest

__all__ = ["path_style"]

_VIRTUAL_HOST = re.compile(
    r"^(?P<bucket>[a-z0-9][a-z0-9.-]+?)\.(?:s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com|s3\.localhost|localhost)(?::\d+)?$"
)


def path_style(request: HttpRequest) -> HttpRequest:
    """The same request in path style; a request that is path style already is returned as it is."""
    match = _VIRTUAL_HOST.match(request.headers.get("host", ""))
    if match is None or match["bucket"] == "s3":
        return request
    return replace(request, path=f"/{match['bucket']}{request.path}")
