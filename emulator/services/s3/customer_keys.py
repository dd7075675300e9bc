"""Encryption with keys that the customer brings with each request (SSE-C).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from emulator.operation import Params
from emulator.services.s3.errors import AccessDenied, InvalidArgument, InvalidEncryptionAlgorithmError, InvalidRequest
from emulator.services.s3.state import Encryption, Upload

__all__ = ["check_part_key", "check_read_key", "customer_encryption"]

_SSE = "x-amz-server-side-encryption"
_PREFIX = "Requests specifying Server Side Encryption with Customer provided keys must provide"


def customer_encryption(params: Params, prefix: str = "") -> Encryption | None:
    """The encryption that a request's customer key stands for; None without one. `prefix` is `CopySource` for a source's.

    Raises InvalidArgument, InvalidEncryptionAlgorithmError.
    """
    algorithm = params.get(f"{prefix}SSECustomerAlgorithm")
    key = params.get(f"{prefix}SSECustomerKey")
    digest = params.get(f"{prefix}SSECustomerKeyMD5")
    if algorithm is None and key is None and digest is None:
        return None
    if algorithm is None:
        raise InvalidArgument.of(f"{_PREFIX} a valid encryption algorithm.", _SSE, None)
    if algorithm != "AES256":
        raise InvalidEncryptionAlgorithmError(fields={"ArgumentName": _SSE, "ArgumentValue": algorithm})
    if key is None:
        raise InvalidArgument.of(f"{_PREFIX} an appropriate secret key.", _SSE, None)
    if digest is None:
        raise InvalidArgument.of(f"{_PREFIX} the client calculated MD5 of the secret key.", _SSE, None)
    try:
        secret = base64.b64decode(key, validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != 32:
        raise InvalidArgument.of("The secret key was invalid for the specified algorithm.", _SSE, None)
    actual = base64.b64encode(hashlib.md5(secret, usedforsecurity=False).digest()).decode()
    if not hmac.compare_digest(actual, digest):
        raise InvalidArgument.of(
            "The calculated MD5 hash of the key did not match the hash that was provided.", _SSE, None
        )
    if params.get("ServerSideEncryption") is not None and not prefix:
        raise InvalidArgument.of(
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
            _SSE,
            params["ServerSideEncryption"],
        )
    return Encryption(algorithm, customer_key_md5=digest)


def check_read_key(stored: Encryption, params: Params, prefix: str = "") -> None:
    """A read must bring the key that the object was written with, and none where there was none.

    Raises InvalidRequest, AccessDenied.
    """
    given = customer_encryption(params, prefix)
    if stored.customer_key_md5 is None:
        if given is not None:
            raise InvalidRequest("The encryption parameters are not applicable to this object.")
        return
    if given is None:
        raise InvalidRequest(
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
            "retrieve the object."
        )
    if given.customer_key_md5 != stored.customer_key_md5:
        raise AccessDenied(f"{_PREFIX} the correct secret key.")


def check_part_key(upload: Upload, params: Params) -> None:
    """A part must bring the key that its upload began with. Raises InvalidRequest."""
    given = customer_encryption(params)
    if upload.encryption.customer_key_md5 is None:
        if given is not None:
            raise InvalidRequest(
                "The multipart upload initiate did not request encryption. Please resend the request without sending "
                "encryption parameters."
            )
        return
    if given is None:
        raise InvalidRequest(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
            "encryption parameters."
        )
    if given.customer_key_md5 != upload.encryption.customer_key_md5:
        raise InvalidRequest("The provided encryption parameters did not match the ones used originally.")
