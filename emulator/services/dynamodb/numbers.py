"""DynamoDB's numbers: 38 significant digits, magnitudes from 1E-130 to 9.99...E+125, one canonical text each.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
"""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from emulator.services.dynamodb.errors import ValidationException

__all__ = ["canonical_number", "number_add", "number_size", "number_sort_key", "number_subtract"]

MOST_DIGITS = 38
LARGEST_EXPONENT = 125
SMALLEST_EXPONENT = -130
_EXACT = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN)
_ROUNDED = Context(prec=MOST_DIGITS)
_PLAIN = re.compile(r"-?[1-9][0-9]{0,17}|0").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_INVALID = "One or more parameter values were invalid: "


def canonical_number(text: str) -> str:
    """The one text of a number's value, without exponent: `"1.0"` and `"10E-1"` are `"1"`. Raises ValidationException."""
    if _PLAIN(text) is not None:
        return text
    if text == "":
        raise ValidationException("The parameter cannot be converted to a numeric value")
    if _NUMBER(text) is None:
        raise ValidationException(f"The parameter cannot be converted to a numeric value: {text}")
    return _canonical(Decimal(text), exact=True)


def _canonical(number: Decimal, *, exact: bool) -> str:
    """Canonical text of a number in range. One with too many digits is refused, or else rounded."""
    if number.is_zero():
        return "0"
    number = _stripped(number)
    digits = len(number.as_tuple().digits)
    if number.adjusted() > LARGEST_EXPONENT:
        raise ValidationException(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if number.adjusted() < SMALLEST_EXPONENT:
        raise ValidationException(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
    if digits > MOST_DIGITS:
        if exact:
            raise ValidationException("Attempting to store more than 38 significant digits in a Number")
        number = _stripped(_ROUNDED.plus(number))
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
    return _canonical(_EXACT.add(Decimal(left), Decimal(right)), exact=True)


def number_subtract(left: str, right: str) -> str:
    """The difference of two canonical numbers. Raises ValidationException as `number_add`."""
    return _canonical(_EXACT.subtract(Decimal(left), Decimal(right)), exact=True)


def number_sort_key(text: str) -> int | Decimal:
    """What orders canonical numbers by value."""
    return int(text) if _PLAIN(text) is not None else Decimal(text)


def number_size(text: str) -> int:
    """Bytes that a canonical number counts for: about one per two significant digits, and one more; a sign is one more."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    if digits == "":
        return 1
    whole, _, fraction = text.lstrip("-").partition(".")
    leading = len(whole) if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")))
    # Digits are kept in pairs of a base 100 number: an odd exponent moves the pairs by one.
    pairs = (len(digits) + (leading % 2) + 1) // 2
    return pairs + 1 + (1 if text.startswith("-") else 0)
