"""What `messageMetaData` must be, so that every later step can hold it.

The metadata travels through the workflow (262,144 bytes for a state's input), a notification (262,144 bytes) and a
DynamoDB item. Whatever one of these would refuse is refused here, while the caller still listens.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

import json
from decimal import Decimal
from typing import Any

from audit_message.date_time import parse_date_time
from audit_message.invalid_request import InvalidRequest

FIELD = "messageMetaData"
REQUIRED_FIELDS = ("sourceSystemID", "messageType", "sourceTransactionID", "dateTime")

# Eight times below the limit of a state's input and of a notification: there is room for the security context, and
# for the envelope that escapes each quote again on its way into a subscriber's queue.
MAX_BYTES = 32 * 1024
# DynamoDB nests 32 levels; the attribute itself is one.
MAX_DEPTH = 30
MAX_DIGITS = 38
MAX_NUMBER = Decimal("9.9999999999999999999999999999999999999E+125")
MIN_NUMBER = Decimal("1E-130")


def check_meta_data(value: Any) -> None:
    """Raise `InvalidRequest`, which names the field, unless `value` is metadata that the whole pipeline can hold."""
    if not isinstance(value, dict):
        raise InvalidRequest(f"{FIELD} must be an object", FIELD)
    for name in REQUIRED_FIELDS:
        if not isinstance(value.get(name), str) or not value[name]:
            raise InvalidRequest(f"{name} is required and must be a non-empty string", f"{FIELD}.{name}")
    try:
        parse_date_time(value["dateTime"])
    except ValueError as error:
        raise InvalidRequest(f"dateTime is {error}", f"{FIELD}.dateTime") from None
    _check_value(value, FIELD, 1)
    try:
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    except UnicodeEncodeError:
        raise InvalidRequest(f"{FIELD} holds half of a surrogate pair, which is no Unicode text", FIELD) from None
    if size > MAX_BYTES:
        raise InvalidRequest(f"{FIELD} has {size} bytes; at most {MAX_BYTES} are taken, the rest is payload", FIELD)


def _check_value(value: Any, path: str, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise InvalidRequest(f"{FIELD} is nested deeper than {MAX_DEPTH} levels", FIELD)
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            if name == "":
                raise InvalidRequest("a field name is empty, which DynamoDB cannot hold", path)
            _check_value(item, f"{path}.{name}", depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(value, path)


def _check_number(value: float, path: str) -> None:
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    held = number.is_finite() and (number == 0 or MIN_NUMBER <= abs(number) <= MAX_NUMBER)
    if held and len("".join(map(str, number.as_tuple().digits)).rstrip("0")) <= MAX_DIGITS:
        return
    raise InvalidRequest(f"the number has more than {MAX_DIGITS} digits or is out of range; send it as a string", path)
