"""API Gateway's and function URLs of a stack's outputs, at an address that answers from here."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["find_api_url", "reachable_url"]

_STAGE_URL = re.compile(
    r"https://(?P<id>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?:/(?P<path>.*))?", re.DOTALL
)
_FUNCTION_URL = re.compile(r"https://(?P<id>[a-z0-9]+)\.lambda-url\.[a-z0-9-]+\.on\.aws(?P<path>/.*|)", re.DOTALL)
PREFERRED = ("IngestUrl", "ApiUrl")


def reachable_url(url: str, endpoint_url: str | None) -> str:
    """`https://{id}.execute-api.{region}.amazonaws.com/{stage}/{path}` and `https://{id}.lambda-url.{region}.on.aws/{path}`
    at the emulator's endpoint; any other URL as it is.
    """
    if endpoint_url is None:
        return url
    match = _FUNCTION_URL.fullmatch(url)
    if match is not None:
        return f"{endpoint_url}/_aws/lambda-url/{match['id']}{match['path'] or '/'}"
    match = _STAGE_URL.fullmatch(url)
    if match is None:
        return url
    return f"{endpoint_url}/_aws/execute-api/{match['id']}/{match['path'] or ''}"


def find_api_url(outputs: Mapping[str, str], endpoint_url: str | None) -> str | None:
    """The API of a stack: its `IngestUrl`, its `ApiUrl`, or else its first output that is a stage's URL. None without
    one.
    """
    urls = {name: value for name, value in outputs.items() if _STAGE_URL.fullmatch(value) is not None}
    for name in (*PREFERRED, *urls):
        if name in urls:
            return reachable_url(urls[name], endpoint_url)
    return None
