"""Filter policies, as a table. https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.sns import SnsQuotas
from emulator.services.sns.errors import InvalidParameterException
from emulator.services.sns.filter_policy import FilterPolicy

ATTRIBUTES = {
    "store": {"DataType": "String", "StringValue": "example_corp"},
    "price": {"DataType": "Number", "StringValue": "210.75"},
    "interests": {"DataType": "String.Array", "StringValue": '["rugby", "baseball", 7, true, null]'},
    "ip": {"DataType": "String", "StringValue": "10.0.0.12"},
    "blob": {"DataType": "Binary", "BinaryValue": b"x"},
}

ATTRIBUTE_CASES = (
    ({"store": ["example_corp"]}, True),
    ({"store": ["other", "example_corp"]}, True),
    ({"store": ["Example_Corp"]}, False),
    ({"store": [{"equals-ignore-case": "Example_CORP"}]}, True),
    ({"store": [{"prefix": "exam"}]}, True),
    ({"store": [{"prefix": "corp"}]}, False),
    ({"store": [{"suffix": "corp"}]}, True),
    ({"store": [{"wildcard": "ex*_c*p"}]}, True),
    ({"store": [{"wildcard": "*corp*x"}]}, False),
    ({"store": [{"anything-but": "other"}]}, True),
    ({"store": [{"anything-but": ["other", "example_corp"]}]}, False),
    ({"store": [{"anything-but": {"prefix": "ex"}}]}, False),
    ({"store": [{"anything-but": {"suffix": "x"}}]}, True),
    ({"missing": [{"anything-but": "x"}]}, False),
    ({"store": [{"exists": True}]}, True),
    ({"store": [{"exists": False}]}, False),
    ({"missing": [{"exists": False}]}, True),
    ({"missing": [{"exists": True}]}, False),
    ({"blob": [{"exists": True}]}, False),
    ({"price": [210.75]}, True),
    ({"price": ["210.75"]}, False),
    ({"price": [{"numeric": ["=", 210.75]}]}, True),
    ({"price": [{"numeric": [">", 100, "<=", 210.75]}]}, True),
    ({"price": [{"numeric": ["<", 210.75]}]}, False),
    ({"price": [{"anything-but": [1, 2]}]}, True),
    ({"store": [{"numeric": [">", 0]}]}, False),
    ({"interests": ["rugby"]}, True),
    ({"interests": ["tennis"]}, False),
    ({"interests": [7]}, True),
    ({"interests": [True]}, True),
    ({"interests": [None]}, True),
    ({"interests": [{"anything-but": ["rugby"]}]}, True),
    ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
    ({"ip": [{"cidr": "10.0.1.0/24"}]}, False),
    ({"store": [{"cidr": "10.0.1.0/24"}]}, False),
    ({"store": ["example_corp"], "price": [1]}, False),
    ({"store": ["no"], "price": [210.75]}, False),
    ({"$or": [{"store": ["no"]}, {"price": [210.75]}]}, True),
    ({"$or": [{"store": ["no"]}, {"price": [1]}]}, False),
    ({"ip": ["10.0.0.12"], "$or": [{"store": ["example_corp"]}, {"price": [1]}]}, True),
)

BODY = {
    "store": "example_corp",
    "customer": {"name": "ann", "age": 30, "tags": ["a", "b"]},
    "lines": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}],
    "paid": True,
    "note": None,
}

BODY_CASES = (
    ({"store": ["example_corp"]}, True),
    ({"customer": {"name": ["ann"]}}, True),
    ({"customer": {"name": ["ann"], "age": [{"numeric": [">", 30]}]}}, False),
    ({"customer": {"tags": ["b"]}}, True),
    ({"customer": {"email": [{"exists": False}]}}, True),
    ({"gone": {"email": [{"exists": False}]}}, True),
    ({"gone": {"email": ["x"]}}, False),
    ({"lines": {"sku": ["y"], "n": [2]}}, True),
    ({"lines": {"sku": ["x"], "n": [2]}}, False),
    ({"paid": [True]}, True),
    ({"paid": [1]}, False),
    ({"note": [None]}, True),
    ({"note": [{"exists": True}]}, True),
    ({"customer": {"$or": [{"name": ["bob"]}, {"age": [30]}]}}, True),
)


@pytest.mark.parametrize(("policy", "passes"), ATTRIBUTE_CASES, ids=str)
def test_attributes(policy, passes):
    compiled = FilterPolicy.compile(json.dumps(policy), "MessageAttributes", SnsQuotas())
    assert compiled.accepts(ATTRIBUTES, "body") is passes


@pytest.mark.parametrize(("policy", "passes"), BODY_CASES, ids=str)
def test_body(policy, passes):
    compiled = FilterPolicy.compile(json.dumps(policy), "MessageBody", SnsQuotas())
    assert compiled.accepts({}, json.dumps(BODY)) is passes


@pytest.mark.parametrize("body", ["no json", "[1]", '"text"'])
def test_body_that_is_no_object_passes_no_policy(body):
    compiled = FilterPolicy.compile('{"a":[{"exists":false}]}', "MessageBody", SnsQuotas())
    assert compiled.accepts({}, body) is False


REFUSED = (
    ("no json", "failed to parse"),
    ("[]", "must be an object"),
    ({"a": "x"}, "must be an object or an array"),
    ({"a": []}, "Empty arrays"),
    ({"a": {"b": ["x"]}}, "nested"),
    ({"a": [["x"]]}, "Match value"),
    ({"a": [{"sounds-like": "x"}]}, "Unrecognized match type sounds-like"),
    ({"a": [{"prefix": "x", "suffix": "y"}]}, "Only one key"),
    ({"a": [{"prefix": ""}]}, "prefix"),
    ({"a": [{"exists": "yes"}]}, "exists"),
    ({"a": [{"numeric": ["~", 1]}]}, "operator"),
    ({"a": [{"numeric": [">", 5, "<", 1]}]}, "Bottom"),
    ({"a": [{"numeric": [">", "5"]}]}, "numeric"),
    ({"a": [{"numeric": ["=", 2e9]}]}, "numeric"),
    ({"a": [{"cidr": "10.0.0.0/99"}]}, "CIDR"),
    ({"a": [{"wildcard": "a**b"}]}, "wildcard"),
    ({"a": [{"wildcard": "*a*b*c*"}]}, "wildcards"),
    ({"a": [{"anything-but": {"numeric": ["=", 1]}}]}, "anything-but"),
    ({"a": [{"anything-but": []}]}, "anything-but"),
    ({"$or": [{"a": ["x"]}]}, r"\$or"),
    ({key: ["x"] for key in "abcdef"}, "more than 5 keys"),
    ({"a": [str(n) for n in range(13)], "b": [str(n) for n in range(12)]}, "156 combinations"),
)


@pytest.mark.parametrize(("policy", "reason"), REFUSED, ids=str)
def test_policy_that_is_refused(policy, reason):
    text = policy if isinstance(policy, str) else json.dumps(policy)
    with pytest.raises(InvalidParameterException, match=reason):
        FilterPolicy.compile(text, "MessageAttributes", SnsQuotas())


@given(st.text(alphabet="ab*\\", max_size=8), st.text(alphabet="ab*\\", max_size=8))
def test_wildcard_agrees_with_a_naive_matcher(pattern, text):
    try:
        policy = FilterPolicy.compile(json.dumps({"k": [{"wildcard": pattern}]}), "MessageBody", SnsQuotas())
    except InvalidParameterException:
        return

    def naive(pattern: str, text: str) -> bool:
        if pattern == "":
            return text == ""
        if pattern[0] == "*":
            return any(naive(pattern[1:], text[start:]) for start in range(len(text) + 1))
        literal = pattern[1] if pattern[0] == "\\" else pattern[0]
        rest = pattern[2:] if pattern[0] == "\\" else pattern[1:]
        return text[:1] == literal and naive(rest, text[1:])

    assert policy.accepts({}, json.dumps({"k": text})) is naive(pattern, text)
