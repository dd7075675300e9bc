"""The resolver against tables, and against a naive evaluator that is written in another way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.account import Account
from emulator.deploy.errors import TemplateError
from emulator.deploy.intrinsics import NO_VALUE, Resolver
from emulator.deploy.scope import Environment, StackScope

ENVIRONMENT = Environment(Account("http://x"), "demo", "arn:demo", {"shared": "imported"})
TEMPLATE: dict[str, Any] = {
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Later": {"Type": "AWS::SQS::Queue"}},
    "Mappings": {"M": {"a": {"b": "mapped", "list": ["x", "y"]}}},
    "Conditions": {
        "Yes": {"Fn::Equals": ["a", "a"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Circle": {"Fn::And": [{"Condition": "Circle"}, {"Condition": "Yes"}]},
        "TextAndBoolean": {"Fn::Equals": [{"Ref": "Flag"}, True]},
    },
}
PARAMETERS = {"P": "value", "L": ["1", "2"], "Flag": "true"}


def resolver(*, language_extensions: bool = True) -> Resolver:
    resources = {"Queue": ("queue-url", {"Arn": "queue-arn"})}
    zones = {"us-east-1": ("us-east-1a", "us-east-1b")}
    return Resolver(
        StackScope(ENVIRONMENT, TEMPLATE, PARAMETERS, resources, zones=zones, language_extensions=language_extensions)
    )


CASES: list[tuple[Any, Any]] = [
    ({"Ref": "P"}, "value"),
    ({"Ref": "L"}, ["1", "2"]),
    ({"Ref": "Queue"}, "queue-url"),
    ({"Ref": "AWS::Region"}, "us-east-1"),
    ({"Ref": "AWS::AccountId"}, "000000000000"),
    ({"Ref": "AWS::StackName"}, "demo"),
    ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
    ({"Ref": "AWS::NoValue"}, NO_VALUE),
    ({"a": 1, "b": {"Ref": "AWS::NoValue"}}, {"a": 1}),
    ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
    ({"Fn::GetAtt": ["Queue", "Arn"]}, "queue-arn"),
    ({"Fn::GetAtt": "Queue.Arn"}, "queue-arn"),
    ({"Fn::Sub": "${P}/${Queue.Arn}/${!P}/${AWS::Region}"}, "value/queue-arn/${P}/us-east-1"),
    ({"Fn::Sub": ["${X}-${P}", {"X": {"Ref": "Queue"}}]}, "queue-url-value"),
    ({"Fn::Sub": ["${P}", {"P": 7}]}, "7"),
    ({"Fn::Join": ["-", ["a", 1, True, {"Ref": "P"}]]}, "a-1-true-value"),
    ({"Fn::Join": [",", {"Ref": "L"}]}, "1,2"),
    ({"Fn::Select": ["1", {"Ref": "L"}]}, "2"),
    ({"Fn::Select": [0, {"Fn::Split": ["/", "x/y"]}]}, "x"),
    ({"Fn::If": ["Yes", "then", {"Ref": "Missing"}]}, "then"),
    ({"Fn::If": ["No", {"Ref": "Missing"}, "else"]}, "else"),
    ({"Fn::If": ["TextAndBoolean", 1, 2]}, 1),
    ({"Fn::FindInMap": ["M", "a", "b"]}, "mapped"),
    ({"Fn::FindInMap": ["M", "a", "none", {"DefaultValue": "d"}]}, "d"),
    ({"Fn::ImportValue": "shared"}, "imported"),
    ({"Fn::Base64": "hi"}, "aGk="),
    ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
    ({"Fn::GetAZs": ""}, ["us-east-1a", "us-east-1b"]),
    ({"Fn::Length": [1, 2, 3]}, 3),
    ({"Fn::ToJsonString": {"a": [1, True, None]}}, '{"a":[1,true,null]}'),
]


@pytest.mark.parametrize(("value", "expected"), CASES)
def test_intrinsic_resolves(value: Any, expected: Any) -> None:
    assert resolver().resolve(value) == expected


REFUSED: list[tuple[Any, str]] = [
    ({"Ref": "Missing"}, r"Unresolved resource dependencies \[Missing\]"),
    ({"Ref": "Later"}, "does not exist in this stack, or not yet"),
    ({"Fn::GetAtt": ["Queue", "Color"]}, "does not support attribute type Color"),
    ({"Fn::Sub": "${L}"}, "must be a string"),
    ({"Fn::Select": [2, {"Ref": "L"}]}, "nonexistent value at index 2"),
    ({"Fn::If": ["Unknown", 1, 2]}, "unresolved condition dependency Unknown"),
    ({"Fn::If": ["Circle", 1, 2]}, "Circular dependencies between conditions"),
    ({"Fn::FindInMap": ["M", "a", "none"]}, "Unable to get mapping for M::a::none"),
    ({"Fn::ImportValue": "absent"}, "No export named absent found"),
    ({"Fn::Cidr": ["10.0.0.0/24", 300, 8]}, "cannot make 300 blocks"),
    ({"Fn::GetAZs": "eu-west-1"}, "plays region us-east-1 alone"),
    ({"Fn::Transform": {"Name": "AWS::Include"}}, "Fn::Transform is not supported"),
    ({"Fn::Join": ["-", "text"]}, "needs a list of values"),
]


@pytest.mark.parametrize(("value", "message"), REFUSED)
def test_intrinsic_is_refused_with_a_reason(value: Any, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        resolver().resolve(value)


@pytest.mark.parametrize("name", ["Fn::Length", "Fn::ToJsonString"])
def test_language_extensions_need_their_transform(name: str) -> None:
    with pytest.raises(TemplateError, match="AWS::LanguageExtensions"):
        resolver(language_extensions=False).resolve({name: [1]})


# -- against a naive evaluator ---------------------------------------------------------------------------------------------------

words = st.text("abc-/", max_size=6)


def texts() -> st.SearchStrategy[Any]:
    """Pairs of an expression whose value is a text, and that value, each computed while the expression is built."""

    def extend(inner: st.SearchStrategy[tuple[Any, str]]) -> st.SearchStrategy[tuple[Any, str]]:
        return st.one_of(
            st.tuples(words, st.lists(inner, min_size=1, max_size=3)).map(
                lambda drawn: (
                    {"Fn::Join": [drawn[0], [expression for expression, _ in drawn[1]]]},
                    drawn[0].join(value for _, value in drawn[1]),
                )
            ),
            st.tuples(st.sampled_from(["Yes", "No"]), inner, inner).map(
                lambda drawn: (
                    {"Fn::If": [drawn[0], drawn[1][0], drawn[2][0]]},
                    drawn[1][1] if drawn[0] == "Yes" else drawn[2][1],
                )
            ),
            st.tuples(inner, inner).map(
                lambda drawn: (
                    {"Fn::Sub": ["${X}:${P}:${Y}", {"X": drawn[0][0], "Y": drawn[1][0]}]},
                    f"{drawn[0][1]}:value:{drawn[1][1]}",
                )
            ),
            st.tuples(st.lists(inner, min_size=1, max_size=4), st.integers(0, 3)).map(
                lambda drawn: (
                    {"Fn::Select": [drawn[1] % len(drawn[0]), [expression for expression, _ in drawn[0]]]},
                    drawn[0][drawn[1] % len(drawn[0])][1],
                )
            ),
            inner.map(lambda drawn: ({"Fn::Select": [0, {"Fn::Split": ["|", drawn[0]]}]}, drawn[1].split("|")[0])),
        )

    leaves = st.one_of(
        words.map(lambda word: (word, word)),
        st.sampled_from([({"Ref": "P"}, "value"), ({"Fn::GetAtt": ["Queue", "Arn"]}, "queue-arn")]),
    )
    return st.recursive(leaves, extend, max_leaves=12)


@given(texts())
def test_nested_intrinsics_resolve_to_what_a_naive_evaluator_says(case: tuple[Any, str]) -> None:
    expression, value = case
    assert resolver().resolve(expression) == value
