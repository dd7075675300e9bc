from __future__ import annotations

import pytest

from emulator.deploy.errors import TemplateError
from emulator.deploy.template import read_template

SHORT_FORMS = [
    ("!Ref A", {"Ref": "A"}),
    ("!GetAtt A.Arn", {"Fn::GetAtt": ["A", "Arn"]}),
    ("!GetAtt A.Outputs.Url", {"Fn::GetAtt": ["A", "Outputs.Url"]}),
    ("!GetAtt [A, Arn]", {"Fn::GetAtt": ["A", "Arn"]}),
    ("!Sub '${A}-x'", {"Fn::Sub": "${A}-x"}),
    ("!Sub ['${B}', {B: !Ref A}]", {"Fn::Sub": ["${B}", {"B": {"Ref": "A"}}]}),
    ("!Join [',', [a, !Ref A]]", {"Fn::Join": [",", ["a", {"Ref": "A"}]]}),
    ("!If [C, 1, !Ref 'AWS::NoValue']", {"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}),
    ("!Not [!Condition C]", {"Fn::Not": [{"Condition": "C"}]}),
    ("!Base64 {'Fn::Sub': x}", {"Fn::Base64": {"Fn::Sub": "x"}}),
    ("2012-10-17", "2012-10-17"),
    ("'2012-10-17'", "2012-10-17"),
]


def template(value: str) -> str:
    return f"Resources:\n  A:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: {value}\n"


@pytest.mark.parametrize(("text", "expected"), SHORT_FORMS)
def test_short_forms_and_dates_are_read_as_cloudformation_reads_them(text: str, expected: object) -> None:
    assert read_template(template(text))["Resources"]["A"]["Properties"]["QueueName"] == expected


def test_json_is_read_too() -> None:
    assert read_template('{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}') == {
        "Resources": {"A": {"Type": "AWS::SNS::Topic"}}
    }


REFUSED = [
    ("[1, 2]", "unsupported structure"),
    ("Resources: {}", "At least one Resources member"),
    ("Resources:\n  A: {Properties: {}}", "must contain a Type"),
    ("Resources:\n  A: {Type: x}\n  A: {Type: y}", "duplicate key 'A'"),
    ("Resources: {A: {Type: x}}\nRessources: {}", r"\[Ressources\]"),
    ("Resources: {A: {Type: x}", "not well-formed"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_no_template_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        read_template(text)
