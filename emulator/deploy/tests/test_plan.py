from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.deploy import Environment, Plan, Source, TemplateError, UnsupportedTemplate, make_plan
from emulator.deploy.tests.fake_aws import FakeAws


def plan(template: dict[str, Any] | str, given: dict[str, str] | None = None, folder: Path | None = None) -> Plan:
    aws = FakeAws("s3", "ec2", "ssm")
    text = template if isinstance(template, str) else yaml.safe_dump(template)
    environment = Environment(aws.account, "demo", "arn:demo", {})
    result: Plan = aws.run(make_plan(Source(text, folder), given or {}, environment))
    return result


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def test_everything_unsupported_is_listed_at_once_with_logical_ids() -> None:
    template = {
        "Resources": {
            "Broker": {"Type": "AWS::AmazonMQ::Broker"},
            "Queue": queue(Colour="red", QueueName="q"),
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"ReplicationConfiguration": {}, "VersioningConfiguration": {"Mfa": 1}},
            },
            "Instance": {"Type": "AWS::SNS::Topic", "CreationPolicy": {}, "DeletionPolicy": "Snapshot"},
        },
        "Outputs": {"O": {"Value": {"Fn::GetAtt": ["Queue", "Colour"]}}},
    }
    with pytest.raises(UnsupportedTemplate) as refused:
        plan(template)
    assert set(refused.value.findings) == {
        "Resources.Broker (AWS::AmazonMQ::Broker): this resource type is not supported",
        "Resources.Queue (AWS::SQS::Queue): property Colour is not supported",
        "Resources.Bucket (AWS::S3::Bucket): property ReplicationConfiguration is not supported",
        "Resources.Bucket (AWS::S3::Bucket): property VersioningConfiguration.Mfa is not supported",
        "Resources.Instance (AWS::SNS::Topic): CreationPolicy is not supported",
        "Resources.Instance (AWS::SNS::Topic): DeletionPolicy Snapshot is not supported",
        "Outputs.O: attribute Colour of Queue (AWS::SQS::Queue) is not supported",
    }


def test_a_branch_that_is_not_taken_may_name_what_is_not_supported() -> None:
    template = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "Queue": queue(Colour={"Fn::If": ["Never", "red", {"Ref": "AWS::NoValue"}]}),
            "Broker": {"Type": "AWS::AmazonMQ::Broker", "Condition": "Never"},
        },
    }
    assert list(plan(template).resources) == ["Queue"]


def test_a_nested_template_is_checked_before_anything_is_made(tmp_path: Path) -> None:
    nested = "Resources:\n  B: {Type: 'AWS::AmazonMQ::Broker'}\n  Q: {Type: 'AWS::SQS::Queue', Properties: {Colour: !Ref C}}\n"
    (tmp_path / "nested.yaml").write_text("Parameters: {C: {Type: String}}\n" + nested)
    child = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {
            "TemplateURL": "nested.yaml",
            "Parameters": {"C": {"Fn::GetAtt": ["Queue", "Arn"]}},
        },
    }
    with pytest.raises(UnsupportedTemplate) as refused:
        plan({"Resources": {"Queue": queue(), "Child": child}}, folder=tmp_path)
    assert refused.value.findings == (
        "Child.Resources.B (AWS::AmazonMQ::Broker): this resource type is not supported",
        "Child.Resources.Q (AWS::SQS::Queue): property Colour is not supported",
    )


def test_resources_come_after_what_they_depend_on() -> None:
    template = {
        "Resources": {
            "A": queue(QueueName={"Fn::Sub": "${B.QueueName}-a"}),
            "B": queue(QueueName={"Fn::Join": ["-", [{"Ref": "C"}, "b"]]}),
            "C": queue(),
            "D": {**queue(), "DependsOn": ["A"]},
        }
    }
    made = plan(template)
    assert list(made.resources) == ["C", "B", "A", "D"]
    assert made.resources["A"].depends_on == {"B"}


def test_a_circle_is_named() -> None:
    template = {"Resources": {"A": queue(QueueName={"Ref": "B"}), "B": queue(QueueName={"Ref": "A"})}}
    with pytest.raises(TemplateError, match=r"Circular dependency between resources: \[A, B\]"):
        plan(template)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"Resources": {"A": queue(QueueName={"Ref": "Nope"})}}, r"Unresolved resource dependencies \[Nope\]"),
    ({"Resources": {"A": {**queue(), "DependsOn": "Nope"}}}, r"Unresolved resource dependencies \[Nope\]"),
    ({"Resources": {"A": queue()}, "Outputs": {"O": {"Value": {"Ref": "Nope"}}}}, "output O"),
    ({"Resources": {"A": queue()}, "Transform": "My::Macro"}, "Transform My::Macro is not supported"),
    ({"Resources": {"A": queue(X={"Fn::Transform": {}})}}, "Fn::Transform"),
    ({"Resources": {"A": queue()}, "Rules": {"R": {}}}, "the Rules section"),
    (
        {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Code": "src", "Role": "r"}}}},
        "relative path 'src' has no folder",
    ),
]


@pytest.mark.parametrize(("template", "message"), REFUSED)
def test_a_wrong_template_is_refused_with_a_reason(template: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        plan(template)


def test_local_code_becomes_the_address_of_a_live_folder(tmp_path: Path) -> None:
    (tmp_path / "src%20").mkdir()
    properties = {"Code": "./src%20", "Role": "r", "Runtime": "python3.13"}
    made = plan({"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": properties}}}, folder=tmp_path)
    code = made.resources["F"].properties["Code"]
    assert code == {"S3Bucket": "hot-reload", "S3Key": str(tmp_path / "src%20")}


def test_a_changed_layer_source_is_another_layer(tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer" / "shared.py").write_text("a = 1")
    layer = {
        "Type": "AWS::Lambda::LayerVersion",
        "Metadata": {"BuildMethod": "python3.13"},
        "Properties": {"Content": "layer"},
    }

    def version() -> str:
        made = plan({"Resources": {"L": layer}}, folder=tmp_path)
        content: str = made.resources["L"].properties["Content"]["S3ObjectVersion"]
        return content

    first = version()
    assert first.startswith("python.")
    assert version() == first
    (tmp_path / "layer" / "shared.py").write_text("a = 2")
    assert version() != first
