"""Byte ranges of reads and of part copies.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
"""

from __future__ import annotations

import re

from emulator.services.s3.errors import InvalidArgument, InvalidRange, InvalidRequest

__all__ = ["copy_range", "read_range"]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_COPY_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_COPY = "x-amz-copy-source-range"


def read_range(text: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None where there is no range, or one that S3 ignores. Raises InvalidRange."""
    if text is None:
        return None
    match = _RANGE.fullmatch(text.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        count = int(match[2])
        start, stop = max(size - count, 0), size
        satisfiable = count > 0 and size > 0
    else:
        start = int(match[1])
        stop = size if match[2] == "" else min(int(match[2]) + 1, size)
        if match[2] != "" and int(match[2]) < start:
            return None
        satisfiable = start < size
    if not satisfiable:
        raise InvalidRange(fields={"RangeRequested": text, "ActualObjectSize": size})
    return start, stop


def copy_range(text: str | None, size: int) -> tuple[int, int]:
    """First byte and the one after the last of a part's source. Raises InvalidArgument, InvalidRequest."""
    if text is None:
        return 0, size
    match = _COPY_RANGE.fullmatch(text)
    if match is None or int(match[2]) < int(match[1]):
        message = (
            f"The {_COPY} value must be of the form bytes=first-last where first and last are the zero-based offsets of the "
            "first and last bytes to copy"
        )
        raise InvalidArgument.of(message, _COPY, text)
    first, last = int(match[1]), int(match[2])
    if first >= size:
        raise InvalidRequest("The specified copy range is invalid for the source object size")
    if last >= size:
        raise InvalidArgument.of(f"Range specified is not valid for source object of size: {size}", _COPY, text)
    return first, last + 1
