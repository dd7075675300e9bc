"""Virtual-hosted S3 requests become path style."""

from __future__ import annotations

import pytest

from emulator.gateway.s3_addressing import path_style
from emulator.http import HttpRequest


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("bucket.s3.amazonaws.com", "/key", "/bucket/key"),
        ("bucket.s3.eu-west-1.amazonaws.com", "/", "/bucket/"),
        ("a.b.s3.localhost:4566", "/k", "/a.b/k"),
        ("bucket.localhost:4566", "/k", "/bucket/k"),
        ("127.0.0.1:4566", "/bucket/k", "/bucket/k"),
        ("localhost:4566", "/bucket/k", "/bucket/k"),
        ("s3.amazonaws.com", "/bucket/k", "/bucket/k"),
        ("s3.eu-west-1.amazonaws.com", "/bucket/k", "/bucket/k"),
        ("s3.localhost:4566", "/bucket/k", "/bucket/k"),
    ],
)
def test_bucket_moves_from_the_host_into_the_path(host: str, path: str, expected: str) -> None:
    assert path_style(HttpRequest("GET", path, "", (("Host", host),))).path == expected
