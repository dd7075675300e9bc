"""Which checksum an object or a part gets, and whether it is the one that the client expects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.body import Body
from emulator.checksums import CHECKSUM_BYTES, CRCS, Digests, combined
from emulator.operation import Params
from emulator.services.s3.errors import BadDigest, InvalidDigest, InvalidRequest
from emulator.services.s3.state import Checksum, Part

__all__ = [
    "COMPOSITE",
    "DEFAULT_ALGORITHM",
    "FULL_OBJECT",
    "check_algorithm",
    "check_md5",
    "composite",
    "expected_checksum",
    "full_object",
    "joined",
    "listed",
    "member_of",
    "multipart_etag",
    "shown",
    "upload_checksum",
    "verified",
]

FULL_OBJECT = "FULL_OBJECT"
COMPOSITE = "COMPOSITE"
DEFAULT_ALGORITHM = "CRC64NVME"
_MEMBERS: Mapping[str, str] = {name: f"Checksum{name}" for name in CHECKSUM_BYTES}

_ALGORITHMS: Mapping[str, str] = {member: name for name, member in _MEMBERS.items()}


def member_of(algorithm: str) -> str:
    """The member that carries a checksum: `ChecksumCRC32`."""
    return _MEMBERS[algorithm]


def shown(checksum: Checksum | None, *, kind: bool = True) -> dict[str, str]:
    """A checksum as members of a response."""
    if checksum is None:
        return {}
    members = {_MEMBERS[checksum.algorithm]: checksum.value}
    if kind:
        members["ChecksumType"] = checksum.kind
    return members


def check_algorithm(algorithm: str | None) -> str | None:
    """An algorithm that a header names, in upper case. Raises InvalidRequest."""
    if algorithm is None:
        return None
    upper = algorithm.upper()
    if upper not in _MEMBERS:
        known = ", ".join(_MEMBERS)
        raise InvalidRequest(
            f"Checksum algorithm provided is unsupported. Please try again with any of the valid types: [{known}]"
        )
    return upper


def expected_checksum(params: Params) -> tuple[str, str] | None:
    """Algorithm and value of the checksum that a call brings; None without one. Raises InvalidRequest."""
    found = params.keys() & _ALGORITHMS.keys()
    given = [(_ALGORITHMS[member], params[member]) for member in found if params[member] is not None]
    if len(given) > 1:
        raise InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    check_algorithm(params.get("ChecksumAlgorithm"))
    if not given:
        return None
    algorithm, value = given[0]
    if not _is_digest(value, CHECKSUM_BYTES[algorithm]):
        raise InvalidRequest(f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")
    return algorithm, value


def _is_digest(value: str, size: int) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == size
    except binascii.Error:
        return False


def full_object(body: Body, algorithm: str) -> Checksum:
    """The checksum of a whole body."""
    return Checksum(algorithm, base64.b64encode(body.checksum(algorithm)).decode(), FULL_OBJECT)


def verified(body: Body, params: Params) -> Checksum | None:
    """The checksum that a call brings, once it is found true; None without one.

    Raises BadDigest, InvalidRequest.
    """
    expected = expected_checksum(params)
    if expected is None:
        return None
    checksum = full_object(body, expected[0])
    if checksum.value != expected[1]:
        raise BadDigest(f"The {expected[0]} you specified did not match the calculated checksum.")
    return checksum


def check_md5(body: Body, params: Params) -> None:
    """Compare the body with Content-MD5. Raises InvalidDigest, BadDigest."""
    given = params.get("ContentMD5")
    if given is None:
        return
    if not _is_digest(given, 16):
        raise InvalidDigest(fields={"Content-MD5": given})
    actual = base64.b64encode(body.md5).decode()
    if actual != given:
        expected = base64.b64decode(given).hex()
        raise BadDigest(fields={"ExpectedDigest": expected, "CalculatedDigest": actual})


# -- uploads in parts ----------------------------------------------------------------------------------------------------------------


def upload_checksum(params: Params) -> tuple[str | None, str | None]:
    """Algorithm and kind that an upload begins with; both None where it names none. Raises InvalidRequest."""
    algorithm = check_algorithm(params.get("ChecksumAlgorithm"))
    kind = params.get("ChecksumType")
    if kind is not None:
        if algorithm is None:
            raise InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        if kind not in (COMPOSITE, FULL_OBJECT):
            raise InvalidRequest("Value for x-amz-checksum-type header is invalid.")
        refused = algorithm == DEFAULT_ALGORITHM if kind == COMPOSITE else algorithm not in CRCS
        if refused:
            raise InvalidRequest(
                f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
            )
    elif algorithm is not None:
        kind = FULL_OBJECT if algorithm == DEFAULT_ALGORITHM else COMPOSITE
    return algorithm, kind


def composite(algorithm: str, parts: Sequence[Part]) -> Checksum:
    """The checksum of the parts' checksums."""
    digests = Digests((algorithm,))
    for part in parts:
        digests.update(part.content.checksum(algorithm))
    value = base64.b64encode(digests.values()[algorithm]).decode()
    return Checksum(algorithm, f"{value}-{len(parts)}", COMPOSITE)


def joined(algorithm: str, parts: Sequence[Part]) -> Checksum:
    """The checksum of the whole, from those of the parts."""
    value = combined(algorithm, [(part.content.checksum(algorithm), part.content.size) for part in parts])
    return Checksum(algorithm, base64.b64encode(value).decode(), FULL_OBJECT)


def multipart_etag(parts: Sequence[Part]) -> str:
    """MD5 of the parts' MD5s, and their number."""
    digest = hashlib.md5(usedforsecurity=False)
    for part in parts:
        digest.update(part.content.md5)
    return f"{digest.hexdigest()}-{len(parts)}"


def listed(checksum: Checksum) -> dict[str, Any]:
    """A checksum's algorithm and kind as listings show them."""
    return {"ChecksumAlgorithm": [checksum.algorithm], "ChecksumType": checksum.kind}
