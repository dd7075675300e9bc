"""Message attributes of a publish: their types and what they weigh.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from emulator.services.sns.errors import InvalidParameterException

__all__ = ["attributes_bytes", "check_attributes"]

_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.\-]{1,256}(?<!\.)")
TYPES: Final = ("String", "String.Array", "Number", "Binary")


def check_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises InvalidParameterException."""
    for name, attribute in attributes.items():
        if _NAME.fullmatch(name) is None:
            raise InvalidParameterException(f"Invalid parameter: Message attribute name {name} is invalid")
        kind = attribute.get("DataType", "")
        if kind not in TYPES and kind.partition(".")[0] not in TYPES:
            raise InvalidParameterException(
                f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
                "prefixes is Binary, Number, and String."
            )
        value = attribute.get("BinaryValue" if kind.startswith("Binary") else "StringValue")
        if value is None or len(value) == 0:
            raise InvalidParameterException(
                f"The message attribute '{name}' must contain non-empty message attribute value for message attribute "
                f"type '{kind}'."
            )
        if kind.startswith("Number"):
            _check_number(name, value)
        elif kind == "String.Array":
            _check_array(name, value)


def _check_number(name: str, value: str) -> None:
    try:
        float(value)
    except ValueError:
        raise InvalidParameterException(f"Could not cast message attribute '{name}' value to number.") from None


def _check_array(name: str, value: str) -> None:
    try:
        items = orjson.loads(value)
    except orjson.JSONDecodeError:
        items = None
    if not isinstance(items, list) or any(isinstance(item, (list, dict)) for item in items):
        raise InvalidParameterException(
            f"Invalid parameter: Message attribute '{name}': String.Array must be a JSON array of text, numbers, true, false or null"
        )


def attributes_bytes(attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of names, types and values."""
    size = 0
    for name, attribute in attributes.items():
        binary = attribute.get("BinaryValue")
        size += len(name) + len(attribute.get("DataType", ""))
        size += len(attribute.get("StringValue", "").encode()) if binary is None else len(binary)
    return size
