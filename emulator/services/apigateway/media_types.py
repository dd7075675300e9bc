"""Which bodies are binary: the rule of an API's `binaryMediaTypes`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
"""

from __future__ import annotations

__all__ = ["first_accepted", "is_binary"]


def is_binary(media_type: str, binary_media_types: tuple[str, ...]) -> bool:
    """Whether a Content-Type (or Accept) value is in the list; `image/*` is a wildcard, `*/*` matches even nothing."""
    if not binary_media_types:
        return False
    bare = media_type.partition(";")[0].strip().lower()
    for pattern in binary_media_types:
        pattern = pattern.lower()
        if pattern in ("*/*", bare):
            return True
        if pattern.endswith("/*") and bare.startswith(pattern[:-1]):
            return True
    return False


def first_accepted(accept: str) -> str:
    """The first media type of an Accept header: the only one that API Gateway looks at."""
    return accept.partition(",")[0].strip()
