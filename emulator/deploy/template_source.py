"""Where a template's text comes from: the call itself, an S3 address of this emulator, or a local file.

`file:///absolute/path` is this emulator's own: relative paths in the template then count from the file's folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from emulator.deploy.draft import Source
from emulator.deploy.errors import TemplateError
from emulator.deploy.local_paths import file_path, read_file
from emulator.effects import Call, Process
from emulator.errors import AwsError

__all__ = ["read_source"]


def read_source(params: Mapping[str, Any]) -> Process:
    """The Source that `TemplateBody` or `TemplateURL` names. Raises TemplateError."""
    body, url = params.get("TemplateBody"), params.get("TemplateURL")
    if body is not None and url is None:
        return Source(body)
    if url is None or body is not None:
        raise TemplateError("Either Template URL or Template Body must be specified.")
    path = file_path(url)
    if path is not None:
        return Source(read_file(path, "the template"), path.parent)
    bucket, key = _s3_address(url)
    try:
        answer = yield Call("s3", "GetObject", {"Bucket": bucket, "Key": key})
    except AwsError as error:
        raise TemplateError(f"S3 error: {error.message} ({error.code}) for {url}") from error
    return Source(answer["Body"].decode())


def _s3_address(url: str) -> tuple[str, str]:
    """Bucket and key of an S3 URL: `s3://`, path style, or virtual-hosted style, on whatever host S3 has here."""
    parts = urlsplit(url)
    path = unquote(parts.path).lstrip("/")
    host = parts.hostname or ""
    if parts.scheme == "s3":
        return host, path
    if parts.scheme not in ("http", "https"):
        raise TemplateError(f"TemplateURL must be a supported URL: {url}")
    bucket, dot, rest = host.partition(".s3")
    if dot and (rest.startswith((".", "-")) or rest == ""):
        return bucket, path
    bucket, slash, key = path.partition("/")
    if slash == "" or key == "":
        raise TemplateError(f"TemplateURL must be a supported URL: {url}")
    return bucket, key
