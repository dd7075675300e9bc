"""The pattern language: AWS's recorded answers, its errors and their places, and a naive model for arrays of objects.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.events.patterns import EventFields, EventPattern, PatternError

RECORDED = Path(__file__).parents[5] / "shared" / "conformance" / "event-patterns.json"


def recorded() -> list[dict[str, Any]]:
    if not RECORDED.exists():
        return []
    cases: list[dict[str, Any]] = json.loads(RECORDED.read_text())
    return cases


def matches(pattern: Any, event: Any) -> bool:
    return EventPattern.parse(json.dumps(pattern)).matches(EventFields(event))


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not beside the checkout")
def test_there_are_recorded_answers() -> None:
    assert len(recorded()) == 76


@pytest.mark.parametrize("case", recorded(), ids=lambda case: case["name"])
def test_a_recorded_pattern_is_answered_as_aws_did(case: dict[str, Any]) -> None:
    if case["aws"] == "ERROR":
        with pytest.raises(PatternError):
            EventPattern.parse(json.dumps(case["rule"]))
    else:
        assert matches(case["rule"], case["event"]) is (case["aws"] == "MATCH")


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ({"a": ["x"]}, {"a": ["w", "x"]}, True),
        ({"a": [1]}, {"a": 1.0}, True),
        ({"a": [1]}, {"a": True}, False),
        ({"a": [True]}, {"a": 1}, False),
        ({"a": ["1"]}, {"a": 1}, False),
        ({"a": [0]}, {"a": 0}, True),
        ({"a": [False]}, {"a": False}, True),
        ({"a": [""]}, {"a": ""}, True),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [None]}, {}, False),
        ({"a": [{"exists": False}]}, {"a": []}, True),
        ({"a": [{"exists": True}]}, {"a": []}, False),
        ({"a": [{"exists": True}]}, {"a": None}, True),
        ({"a": [{"exists": False}]}, {"a": {"b": 1}}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": ["x", "y"]}, True),
        ({"a": [{"anything-but": ["x"]}]}, {}, False),
        ({"a": [{"anything-but": [1, 2]}]}, {"a": "1"}, True),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.0.255"}, True),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.1.0"}, False),
        ({"a": [{"wildcard": "a*b*c"}]}, {"a": "a-bb-c"}, True),
        ({"a": [{"wildcard": "ab*ba"}]}, {"a": "aba"}, False),
        ({"a": [{"wildcard": "a\\*"}]}, {"a": "a*"}, True),
        ({"a": [{"wildcard": "a\\*"}]}, {"a": "ab"}, False),
        ({"a": [{"prefix": {"equals-ignore-case": "AB"}}]}, {"a": "abc"}, True),
        ({"a": [{"suffix": {"equals-ignore-case": ".PNG"}}]}, {"a": "x.png"}, True),
        ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}, True),
        ({"a": [{"numeric": ["=", 5]}]}, {"a": 5.0}, True),
        ({"a": [{"numeric": ["<", 5]}]}, {"a": True}, False),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}], "c": [3]}, {"b": 2}, False),
        ({"a": {"x": [1], "y": [2]}}, {"a": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]}, False),
        ({"a": {"x": [1], "y": [2]}}, {"a": [{"x": 1, "y": 2}, {"x": 0}]}, True),
        ({"a": {"x": [1]}, "b": {"y": [2]}}, {"a": [{"x": 1}], "b": [{"y": 0}, {"y": 2}]}, True),
    ],
)
def test_operators(pattern: Any, event: Any, expected: bool) -> None:
    assert matches(pattern, event) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"int": 42}',
            '"int" must be an object or an array\n at [Source: (String)"{"int": 42}"; line: 1, column: 11]',
        ),
        (
            '{"string": "my-value"}',
            '"string" must be an object or an array\n at [Source: (String)"{"string": "my-value"}"; line: 1, column: 13]',
        ),
        (
            '{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}',
            (
                'Bad numeric range operator: >\n at [Source: (String)"{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}"; '
                "line: 1, column: 49]"
            ),
        ),
        (
            '{"resources": []}',
            'Empty arrays are not allowed\n at [Source: (String)"{"resources": []}"; line: 1, column: 17]',
        ),
        (
            "this is no JSON",
            (
                "Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
                '\n at [Source: (String)"this is no JSON"; line: 1, column: 5]'
            ),
        ),
        (
            "{'bad': 'quotation'}",
            (
                "Unexpected character (''' (code 39)): was expecting double-quote to start field name\n at "
                "[Source: (String)\"{'bad': 'quotation'}\"; line: 1, column: 2]"
            ),
        ),
        ('["a"]', 'Filter is not an object\n at [Source: (String)"["a"]"; line: 1, column: 2]'),
        ('{"a": [{"cidr": "xx.11.xx/8"}]}', "Nonstandard IP address: xx.11.xx"),
        ('{"a": [{"cidr": "10.0.0.0/33"}]}', "IPv4 mask bits must be < 32"),
        (
            '{"EventBusArn": [ { "wildcard": "*:*:*:*:*:event-bus/*" } ]}',
            (
                "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard "
                "character"
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_in_awss_words_and_where(text: str, message: str) -> None:
    """Recorded from TestEventPattern."""
    with pytest.raises(PatternError) as caught:
        EventPattern.parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"a"',
        '{"a":',
        '{"a": [',
        '{"a": [1',
        '{"a": [1}',
        '{"a": [1]]',
        "{}",
        '{"a": {}}',
        '{"a": [[1]]}',
        '{"a": [01]}',
    ],
)
def test_text_that_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(PatternError):
        EventPattern.parse(text)


NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.sampled_from([0, 1, "", "x", None, True, False, 1.0])
ELEMENTS = st.lists(st.dictionaries(NAMES, SCALARS, max_size=3), max_size=4)
WANTED = st.dictionaries(NAMES, st.lists(SCALARS, min_size=1, max_size=2), min_size=1, max_size=3)


def equal(wanted: Any, value: Any) -> bool:
    return (
        isinstance(wanted, bool) == isinstance(value, bool) and wanted == value and (wanted is None) == (value is None)
    )


@given(ELEMENTS, ELEMENTS, WANTED, WANTED)
def test_fields_of_one_array_match_inside_one_element_only(
    left: list[dict[str, Any]],
    right: list[dict[str, Any]],
    in_left: dict[str, list[Any]],
    in_right: dict[str, list[Any]],
) -> None:
    """Against the naive reading: some element of each array has all that is asked of that array."""
    event = {"l": left, "r": right}
    expected = any(
        all(name in one and any(equal(wanted, one[name]) for wanted in in_left[name]) for name in in_left)
        and all(name in two and any(equal(wanted, two[name]) for wanted in in_right[name]) for name in in_right)
        for one, two in product(left, right)
    )
    assert matches({"l": in_left, "r": in_right}, event) is expected


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=8))
def test_wildcards_match_as_a_regular_expression_does(pattern: str, text: str) -> None:
    import re

    try:
        parsed = EventPattern.parse(json.dumps({"a": [{"wildcard": pattern}]}))
    except PatternError:
        assert "**" in pattern or pattern.count("*") > 3
        return
    expected = re.fullmatch(".*".join(re.escape(piece) for piece in pattern.split("*")), text) is not None
    assert parsed.matches(EventFields({"a": text})) is expected
