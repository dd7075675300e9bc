"""What a message must be to be sent: characters, attributes, size.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.errors import UnsupportedOperation
from emulator.services.sqs.errors import InvalidMessageContents, InvalidParameterValue, MissingParameter
from emulator.services.sqs.quotas import SqsQuotas

__all__ = ["check_attributes", "check_body", "message_bytes"]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.\-]{1,256}(?<!\.)")
TYPES: Final = ("String", "Number", "Binary")


def check_body(body: str) -> None:
    """Raises MissingParameter, InvalidMessageContents."""
    if body == "":
        raise MissingParameter("The request must contain the parameter MessageBody.")
    # Whatever is printable is allowed, and asking for that is many times faster than the search.
    if not body.isprintable() and _FORBIDDEN.search(body) is not None:
        raise InvalidMessageContents(
            "Invalid characters found. Valid unicode characters are "
            "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        )


def check_attributes(attributes: Mapping[str, Mapping[str, Any]], quotas: SqsQuotas) -> None:
    """Raises InvalidParameterValue, UnsupportedOperation."""
    if len(attributes) > quotas.message_attributes:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{quotas.message_attributes}]."
        )
    for name, attribute in attributes.items():
        if _NAME.fullmatch(name) is None:
            raise InvalidParameterValue(f"Invalid message attribute name '{name}'.")
        for member in ("StringListValues", "BinaryListValues"):
            if attribute.get(member):
                raise UnsupportedOperation(
                    f"Message attribute list values in SendMessage operation are not supported: {name}"
                )
        data_type = attribute.get("DataType", "")
        kind = data_type.partition(".")[0]
        if kind not in TYPES:
            raise InvalidParameterValue(
                f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
                "prefixes is Binary, Number, and String."
            )
        member = "BinaryValue" if kind == "Binary" else "StringValue"
        value = attribute.get(member)
        if value is None or len(value) == 0:
            raise InvalidParameterValue(
                f"The message attribute '{name}' must contain a non-empty message attribute value for message attribute "
                f"type '{data_type}'."
            )
        if kind == "Number":
            _check_number(name, value)


def _check_number(name: str, value: str) -> None:
    try:
        float(value)
    except ValueError:
        raise InvalidParameterValue(f"Can't cast the value of message (user) attribute '{name}' to a number.")


def message_bytes(body: str, attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """The size that counts: the body, and names, types and values of the attributes, in UTF-8."""
    size = len(body) if body.isascii() else len(body.encode())
    for name, attribute in attributes.items():
        value = attribute.get("BinaryValue")
        size += len(name) + len(attribute["DataType"])
        size += len(attribute["StringValue"].encode()) if value is None else len(value)
    return size
