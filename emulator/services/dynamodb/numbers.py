"""DynamoDB's numbers: 38 significant digits, magnitudes from 1E-130 to 9.99...E+125, one canonical text each.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
"""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.request_error import RequestError

__all__ = ["canonical_number", "number_add", "number_size", "number_sort_key", "number_subtract"]

MOST_DIGITS = 38
LARGEST_EXPONENT = 125
SMALLEST_EXPONENT = -130
_EXACT = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN)
_PLAIN = re.compile(r"-?[1-9][0-9]{0,17}|0").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE](?P<exponent>[+-]?[0-9]+))?").fullmatch
_NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
_READABLE_EXPONENT = 100_000
"""Beyond it a number is out of range whatever its digits, and not worth building."""
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"


def canonical_number(text: str) -> str:
    """The one text of a number's value, without exponent: `"1.0"` and `"10E-1"` are `"1"`. Raises RequestError."""
    if _PLAIN(text) is not None:
        return text
    match = _NUMBER(text)
    if match is None:
        raise RequestError(f"{_NOT_NUMERIC}: {text}", older=_NOT_NUMERIC if text == "" else None)
    exponent = int(match["exponent"] or 0)
    if not -(2**63) <= exponent < 2**63:
        raise RequestError(f"{_NOT_NUMERIC}: {text}")
    if abs(exponent) > _READABLE_EXPONENT:
        raise RequestError(OVERFLOW if exponent > 0 else UNDERFLOW, older=_older_text(text, exponent))
    number = Decimal(text)
    if number.is_zero():  # held against the range by the exponent that it was written with
        if exponent > LARGEST_EXPONENT:
            raise RequestError(OVERFLOW)
        if exponent < SMALLEST_EXPONENT:
            raise RequestError(UNDERFLOW)
    return _canonical(number, RequestError)


def _older_text(text: str, exponent: int) -> str:
    """What the older layer, which reads exponents into 32 bits, says of a number far out of range."""
    if not -(2**31) < exponent < 2**31:
        return f"{_NOT_NUMERIC}: {text}"
    digits = sum(map(str.isdigit, text.lower().partition("e")[0]))
    return OVERFLOW if 0 < exponent < 2**31 - digits else UNDERFLOW


def _canonical(number: Decimal, error: type[ValidationException]) -> str:
    """Canonical text of a number. Raises `error` where it is out of range or has too many digits."""
    if number.is_zero():
        return "0"
    number = _stripped(number)
    if number.adjusted() > LARGEST_EXPONENT:
        raise error(OVERFLOW)
    if number.adjusted() < SMALLEST_EXPONENT:
        raise error(UNDERFLOW)
    if len(number.as_tuple().digits) > MOST_DIGITS:
        raise error("Attempting to store more than 38 significant digits in a Number")
    return format(number, "f")


def _stripped(number: Decimal) -> Decimal:
    """Without trailing zeros, in exact arithmetic."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    kept = len(digits)
    while kept > 1 and digits[kept - 1] == 0:
        kept -= 1
    first = 0
    while first < kept - 1 and digits[first] == 0:
        first += 1
    return Decimal((sign, digits[first:kept], exponent + len(digits) - kept))


def number_add(left: str, right: str) -> str:
    """The sum of two canonical numbers. Raises ValidationException when it is out of range or has too many digits."""
    if _PLAIN(left) is not None and _PLAIN(right) is not None:
        return str(int(left) + int(right))
    return _canonical(_EXACT.add(Decimal(left), Decimal(right)), ValidationException)


def number_subtract(left: str, right: str) -> str:
    """The difference of two canonical numbers. Raises ValidationException as `number_add`."""
    if _PLAIN(left) is not None and _PLAIN(right) is not None:
        return str(int(left) - int(right))
    return _canonical(_EXACT.subtract(Decimal(left), Decimal(right)), ValidationException)


def number_sort_key(text: str) -> int | Decimal:
    """What orders canonical numbers by value."""
    return int(text) if _PLAIN(text) is not None else Decimal(text)


def number_size(text: str) -> int:
    """Bytes that a canonical number counts for: one, one per two significant digits before the point and after it, one for a minus."""
    if text.isdigit():  # most of all numbers
        return 1 + (len(text.rstrip("0")) + 1) // 2
    digits = text.lstrip("-")
    whole, _, fraction = digits.partition(".")
    if fraction == "":
        whole = whole.rstrip("0")
    elif whole == "0":
        whole, fraction = "", fraction.lstrip("0")
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + (digits != text)
