"""Attribute values: what may be stored, in which form, and how much it counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.numbers import canonical_number, number_add, number_size, number_sort_key
from emulator.services.dynamodb.request_error import RequestError, worded
from emulator.services.dynamodb.sizes import size_after_change, size_of_item
from emulator.services.dynamodb.values import checked_item, checked_value, equal, sort_key

INVALID = "One or more parameter values were invalid: "
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
NOT_NUMERIC = "The parameter cannot be converted to a numeric value"

CANONICAL = {
    "1.0": "1",
    "0042.1200": "42.12",
    "-0.0": "0",
    "10E-1": "1",
    "+7": "7",
    ".5": "0.5",
    "1E125": "1" + "0" * 125,
    "1e-130": "0." + "0" * 129 + "1",
    "0e125": "0",
    "1" * 38: "1" * 38,
    "1" * 38 + "0": "1" * 38 + "0",
}


@pytest.mark.parametrize("text", CANONICAL)
def test_a_number_has_one_text(text: str) -> None:
    assert canonical_number(text) == CANONICAL[text]


REFUSED_NUMBERS = {
    "1e126": OVERFLOW,
    "1e-131": UNDERFLOW,
    "0e126": OVERFLOW,
    "0e-131": UNDERFLOW,
    "1e99999999999": OVERFLOW,
    "-1e99999999999": OVERFLOW,
    "1e-99999999999": UNDERFLOW,
    "1e2147483647": OVERFLOW,
    "1e9223372036854775808": f"{NOT_NUMERIC}: 1e9223372036854775808",
    "1" * 39: "Attempting to store more than 38 significant digits in a Number",
    **{
        text: f"{NOT_NUMERIC}: {text}"
        for text in ("abc", "1.2.3", "", " 1", "1 ", "0x10", "1e", "NaN", "Infinity", "١")
    },
}


@pytest.mark.parametrize("text", REFUSED_NUMBERS)
def test_a_number_that_is_none_is_refused_in_awss_words(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        checked_value({"N": text})
    assert caught.value.message == REFUSED_NUMBERS[text]


def test_the_older_request_layer_words_some_numbers_otherwise() -> None:
    for text, message in (("", NOT_NUMERIC), ("1e2147483647", UNDERFLOW), ("abc", f"{NOT_NUMERIC}: abc")):
        with pytest.raises(ValidationException) as caught, worded("BatchWriteItem"):
            checked_value({"N": text})
        assert str(caught.value) == message


# Measured on AWS by a public conformance suite, to the byte.
NUMBER_BYTES = {
    "0": 1,
    "1": 2,
    "12": 2,
    "123": 3,
    "1234": 3,
    "12345678901234567890123456789012345678": 20,
    "0042": 2,
    "100": 2,
    "1010": 3,
    "0.0000001": 2,
    "1E125": 2,
    "1E-100": 2,
    "1.5": 3,
    "15": 2,
    "1.200": 3,
    "1.234": 4,
    "3.14159": 5,
    "123456": 4,
    "-1": 3,
}


@pytest.mark.parametrize("text", NUMBER_BYTES)
def test_a_number_counts_for_its_significant_digits(text: str) -> None:
    assert number_size(canonical_number(text)) == NUMBER_BYTES[text]


def test_an_item_counts_names_values_and_what_documents_cost() -> None:
    item = {
        "pk": {"S": "é"},  # 2 + 2
        "b": {"B": b"123"},  # 1 + 3
        "f": {"BOOL": False},  # 1 + 1
        "z": {"NULL": True},  # 1 + 1
        "s": {"SS": ["ab", "c"]},  # 1 + 3
        "l": {"L": [{"S": "ab"}, {"NULL": True}]},  # 1 + 3 + (2 + 1) + (1 + 1)
        "m": {"M": {"k": {"S": "v"}}},  # 1 + 3 + (1 + 1 + 1)
    }
    assert size_of_item(item) == 4 + 4 + 2 + 2 + 4 + 9 + 7


REFUSED_VALUES: list[tuple[dict[str, Any], str]] = [
    ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    (
        {"S": "a", "N": "1"},
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    ),
    ({"S": "a", "N": "x"}, f"{NOT_NUMERIC}: x"),
    ({"NULL": False}, f"{INVALID}Null attribute value types must have the value of true"),
    ({"SS": []}, f"{INVALID}An string set  may not be empty"),
    ({"NS": []}, f"{INVALID}An number set  may not be empty"),
    ({"BS": []}, f"{INVALID}Binary sets should not be empty"),
    ({"SS": ["b", "a", "b"]}, f'{INVALID}Input collection ["a", "b", "b"] contains duplicates.'),
    ({"NS": ["2", "1", "2.0"]}, f"{INVALID}Input collection contains duplicates."),
    (
        {"BS": [b"\xff", b"\x00", b"\x00"]},
        f'{INVALID}Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.',
    ),
]


@pytest.mark.parametrize(("value", "message"), REFUSED_VALUES)
def test_a_value_that_cannot_be_stored_is_refused_in_awss_words(value: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError) as caught:
        checked_value({"L": [value]})
    assert caught.value.message == message


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "leaf"}
    for _ in range(levels):
        value = {"M": {"n": value}}
    return value


def test_documents_nest_to_thirty_two_levels() -> None:
    checked_value(deep(31))
    with pytest.raises(RequestError, match="Nesting Levels have exceeded supported limits"):
        checked_value(deep(32))


def test_sets_come_back_in_their_own_order() -> None:
    assert checked_value({"SS": ["b", "", "a"]}) == {"SS": ["", "a", "b"]}
    assert checked_value({"NS": ["10", "9", "-1.50"]}) == {"NS": ["-1.5", "9", "10"]}
    assert checked_value({"BS": [b"\xff", b"\x00"]}) == {"BS": [b"\x00", b"\xff"]}


def test_sets_are_equal_in_any_order_and_lists_are_not() -> None:
    assert equal({"M": {"a": {"SS": ["x", "y"]}}}, {"M": {"a": {"SS": ["y", "x"]}}})
    assert not equal({"L": [{"S": "x"}, {"S": "y"}]}, {"L": [{"S": "y"}, {"S": "x"}]})
    assert not equal({"S": "1"}, {"N": "1"})


def test_strings_sort_by_their_bytes() -> None:
    values = ["\U0001f600", "\uffff", "z", "Z", ""]
    ordered = sorted(({"S": value} for value in values), key=sort_key)
    assert [value["S"] for value in ordered] == sorted(values, key=lambda value: value.encode())


NUMBERS = st.builds(
    lambda digits, exponent, sign: f"{sign}{digits}E{exponent}",
    st.integers(0, 10**38 - 1),
    st.integers(-120, 80),
    st.sampled_from(("", "-", "+")),
)


@given(NUMBERS)
def test_the_canonical_text_keeps_the_value_and_is_its_own_canonical_text(text: str) -> None:
    found = canonical_number(text)
    assert Decimal(found) == Decimal(text)
    assert canonical_number(found) == found


@given(NUMBERS, NUMBERS)
def test_numbers_sort_by_value(one: str, two: str) -> None:
    left, right = (number_sort_key(canonical_number(text)) for text in (one, two))
    assert (left < right) is (Decimal(one) < Decimal(two))


@given(NUMBERS)
def test_a_number_counts_the_digits_on_either_side_of_its_point(text: str) -> None:
    found = canonical_number(text)
    whole, _, fraction = found.lstrip("-").partition(".")
    if fraction == "":
        whole = "" if whole == "0" else whole.rstrip("0")
    elif whole == "0":
        whole, fraction = "", fraction.lstrip("0")
    assert number_size(found) == 1 + -(-len(whole) // 2) + -(-len(fraction) // 2) + found.startswith("-")


VALUES = st.recursive(
    st.one_of(
        st.builds(lambda text: {"S": text}, st.text(max_size=4)),
        st.builds(lambda number: {"N": str(number)}, st.integers(-1200, 1200)),
        st.just({"NULL": True}),
    ),
    lambda inner: st.one_of(
        st.builds(lambda members: {"L": members}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3)),
    ),
    max_leaves=5,
)
ITEMS = st.dictionaries(st.sampled_from("abcü"), VALUES)


@given(ITEMS, ITEMS)
def test_the_size_after_a_change_is_the_size_counted_anew(before: dict[str, Any], after: dict[str, Any]) -> None:
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert size_after_change(size_of_item(before), before, after, changed) == size_of_item(after)


def test_sums_are_exact_or_refused() -> None:
    assert number_add("9" * 38, "1") == "1" + "0" * 38
    assert number_add("0.1", "0.2") == "0.3"
    with pytest.raises(Exception, match="38 significant digits"):
        number_add("1" + "0" * 38, "1")


@pytest.mark.parametrize("item", [{"": {"S": "a"}}, {"a": {"M": {"": {"S": "a"}}}}])
def test_an_attribute_has_a_name(item: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="Empty attribute name"):
        checked_item(item)
