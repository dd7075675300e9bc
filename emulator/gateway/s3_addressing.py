"""S3's ways to name a bucket, made one: virtual-hosted requests (`Host: bucket.s3...`) become path style (`/bucket/key`).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
"""

from __future__ import annotations

import re
from dataclasses import replace

from emulator.http import HttpRequest

__all__ = ["path_style", "website_request"]

_BUCKET = r"^(?P<bucket>[a-zA-Z0-9][a-zA-Z0-9._-]*?)\."
_VIRTUAL_HOST = re.compile(
    _BUCKET + r"(?:s3(?:[.-][a-z0-9-]+)*?\.(?:amazonaws\.com(?:\.cn)?|localhost(?:\.[a-z.]+)?)|localhost)(?::\d+)?$"
)
_WEBSITE_HOST = re.compile(
    _BUCKET + r"s3-website(?:[.-][a-z0-9-]+)*?\.(?:amazonaws\.com(?:\.cn)?|localhost(?:\.[a-z.]+)?)(?::\d+)?$"
)
_WEBSITE_PATH = re.compile(r"^/_aws/s3-website/(?P<bucket>[^/]+)(?P<path>/.*|)$")
"""For clients that cannot resolve a name of its own for each bucket."""


def path_style(request: HttpRequest) -> HttpRequest:
    """The same request in path style; a request that is path style already is returned as it is."""
    match = _VIRTUAL_HOST.match(request.headers.get("host", ""))
    if match is None or match["bucket"] == "s3":
        return request
    return replace(request, path=f"/{match['bucket']}{request.path}")


def website_request(request: HttpRequest) -> HttpRequest | None:
    """A request to a bucket's website endpoint, in path style; None for one to the REST endpoint."""
    match = _WEBSITE_HOST.match(request.headers.get("host", ""))
    if match is not None:
        return replace(request, path=f"/{match['bucket']}{request.path}")
    match = _WEBSITE_PATH.match(request.path)
    return None if match is None else replace(request, path=f"/{match['bucket']}{match['path'] or '/'}")
