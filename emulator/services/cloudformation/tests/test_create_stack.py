from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.errors import AwsError, UnsupportedOperation
from emulator.services.cloudformation import CloudformationQuotas
from emulator.services.cloudformation.tests.cloudformation_client import CloudformationClient, output, queue

PAIR: dict[str, Any] = {
    "Parameters": {
        "Delay": {"Type": "Number", "Default": 5},
        "Secret": {"Type": "String", "Default": "x", "NoEcho": True},
    },
    "Resources": {
        "Main": queue(DelaySeconds={"Ref": "Delay"}, RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": "Dead.Arn"}}),
        "Dead": queue(QueueName="dead"),
    },
    "Outputs": {"Url": output({"Ref": "Main"}), "Arn": output({"Fn::GetAtt": ["Dead", "Arn"]}, "dead-arn")},
}


@pytest.fixture
def client() -> CloudformationClient:
    return CloudformationClient()


def test_stack_is_made_in_order_with_outputs_exports_and_events(client: CloudformationClient) -> None:
    stack_id = client.create(PAIR, Parameters=[{"ParameterKey": "Delay", "ParameterValue": "7"}])
    assert client.stack()["StackStatus"] == "CREATE_COMPLETE"
    assert client.aws.calls[0][2]["QueueName"] == "dead"
    attributes = client.aws.calls[1][2]["Attributes"]
    assert attributes["DelaySeconds"] == "7"
    assert json.loads(attributes["RedrivePolicy"]) == {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"}
    assert client.outputs()["Arn"] == "arn:aws:sqs:us-east-1:000000000000:dead"
    exports = client.call("ListExports")["Exports"]
    assert [(export["Name"], export["ExportingStackId"]) for export in exports] == [("dead-arn", stack_id)]
    assert client.statuses("Main") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert client.statuses("demo") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    shown = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in client.stack()["Parameters"]}
    assert shown == {"Delay": "7", "Secret": "****"}


def test_a_failure_undoes_everything_and_says_why(client: CloudformationClient) -> None:
    client.aws.answers["sns", "CreateTopic"] = lambda params: AwsError.named("InvalidParameter", "no such thing")
    template = {
        "Resources": {
            "Queue": queue(QueueName="q"),
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::GetAtt": "Queue.QueueName"}}},
            "After": queue(QueueName={"Ref": "Topic"}),
        }
    }
    client.create(template)
    stack = client.stack()
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "[Topic]" in stack["StackStatusReason"]
    assert "no such thing (InvalidParameter, status 400)" in stack["StackStatusReason"]
    assert client.aws.operations("sqs") == ["CreateQueue", "DeleteQueue"]
    assert client.statuses("Topic") == ["CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert client.statuses("After") == []
    assert client.call("ListStackResources", StackName="demo")["StackResourceSummaries"] == []


def test_what_is_half_made_is_deleted_too(client: CloudformationClient) -> None:
    client.aws.answers["iam", "AttachRolePolicy"] = lambda params: AwsError.named("NoSuchEntity", "no such policy")
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "r",
            "AssumeRolePolicyDocument": {},
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/X"],
        },
    }
    client.create({"Resources": {"Role": role}}, Capabilities=["CAPABILITY_NAMED_IAM"])
    assert client.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "no such policy" in client.stack()["StackStatusReason"]
    assert client.aws.operations("iam")[-1] == "DeleteRole"


def test_a_defect_of_a_provider_ends_in_a_rollback_too(client: CloudformationClient) -> None:
    client.aws.answers["sqs", "CreateQueue"] = lambda params: {}
    client.create({"Resources": {"Queue": queue()}})
    assert client.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "InternalFailure: KeyError" in client.stack()["StackStatusReason"]


@pytest.mark.parametrize(
    ("params", "status"),
    [({"DisableRollback": True}, "CREATE_FAILED"), ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED")],
)
def test_without_rollback_everything_is_left_to_look_at(
    client: CloudformationClient, params: dict[str, Any], status: str
) -> None:
    client.aws.answers["sns", "CreateTopic"] = lambda params: AwsError.named("InvalidParameter", "no")
    client.create(
        {"Resources": {"Queue": queue(), "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": "Queue"}}}, **params
    )
    assert client.stack()["StackStatus"] == status
    assert client.aws.operations("sqs") == ["CreateQueue"]


def test_a_retained_resource_survives_and_one_retained_except_on_create_does_not(client: CloudformationClient) -> None:
    resources = {
        "Kept": {**queue(), "DeletionPolicy": "Retain"},
        "Gone": {**queue(), "DeletionPolicy": "RetainExceptOnCreate"},
        "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": ["Kept", "Gone"]},
    }
    client.aws.answers["sns", "CreateTopic"] = lambda params: AwsError.named("InvalidParameter", "no")
    client.create({"Resources": resources})
    assert client.statuses("Kept")[-1] == "DELETE_SKIPPED"
    assert client.statuses("Gone")[-1] == "DELETE_COMPLETE"


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"Resources": {"B": {"Type": "AWS::AmazonMQ::Broker"}}}, {}, "ValidationError", "AWS::AmazonMQ::Broker"),
    (PAIR, {"Parameters": [{"ParameterKey": "Nope", "ParameterValue": "1"}]}, "ValidationError", "do not exist"),
    (
        {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}}},
        {},
        "InsufficientCapabilitiesException",
        r"Requires capabilities : \[CAPABILITY_IAM\]",
    ),
    (PAIR, {"StackPolicyBody": "{}"}, "NotImplemented", "StackPolicyBody"),
]


@pytest.mark.parametrize(("template", "params", "code", "message"), REFUSED)
def test_create_stack_refuses_before_anything_exists(
    client: CloudformationClient, template: dict[str, Any], params: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(AwsError, match=message) as refused:
        client.create(template, **params)
    assert refused.value.code == code
    assert client.aws.calls == []
    assert client.call("DescribeStacks")["Stacks"] == []


def test_a_second_stack_of_the_same_name_is_refused(client: CloudformationClient) -> None:
    client.create(PAIR)
    with pytest.raises(AwsError, match=r"Stack \[demo\] already exists") as refused:
        client.create(PAIR)
    assert refused.value.code == "AlreadyExistsException"


def test_the_template_body_has_a_quota() -> None:
    client = CloudformationClient(CloudformationQuotas(template_body_bytes=100))
    with pytest.raises(AwsError, match="less than or equal to 100"):
        client.create(PAIR)


def test_dynamic_references_are_read_when_the_resource_is_made_and_never_kept(client: CloudformationClient) -> None:
    client.aws.answers["secretsmanager", "GetSecretValue"] = lambda params: {"SecretString": '{"token": "s3cret"}'}
    client.create(
        {
            "Resources": {
                "Queue": queue(
                    QueueName="{{resolve:secretsmanager:arn:aws:secretsmanager:r:a:secret:n:SecretString:token}}"
                )
            }
        }
    )
    assert client.aws.calls[0][2] == {"SecretId": "arn:aws:secretsmanager:r:a:secret:n"}
    assert client.aws.calls[1][2]["QueueName"] == "s3cret"
    assert "s3cret" not in json.dumps(
        client.call("DescribeStackEvents", StackName="demo")["StackEvents"][1]["ResourceProperties"]
    )


def test_a_timeout_rolls_back(client: CloudformationClient) -> None:
    client.aws.answers["lambda", "CreateFunction"] = lambda params: {"FunctionArn": "arn", "State": "Pending"}
    client.aws.answers["lambda", "GetFunctionConfiguration"] = lambda params: {"State": "Pending"}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}, "Role": "r"}}
    client.create({"Resources": {"F": function}}, TimeoutInMinutes=1)
    assert client.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "exceeded its timeout of 1 minutes" in client.stack()["StackStatusReason"]


SAM = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, Handler: app.handler}}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Policies: [AWSLambdaBasicExecutionRole, {SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}}]
      Environment: {Variables: {QUEUE: !Ref Queue}}
  Queue: {Type: AWS::SQS::Queue}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Role: arn:aws:iam::0:role/r
      DefinitionUri: machine.asl.json
      DefinitionSubstitutions: {Target: !GetAtt Hello.Arn}
Outputs: {Arn: {Value: !GetAtt Hello.Arn}}
"""


def test_a_sam_template_is_expanded_and_keeps_its_local_paths(client: CloudformationClient, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(SAM)
    (tmp_path / "src").mkdir()
    (tmp_path / "machine.asl.json").write_text('{"Resource": "${Target}", "Kept": "${Unknown}"}')
    client.aws.answers["stepfunctions", "CreateStateMachine"] = lambda params: {"stateMachineArn": "arn:machine"}
    url = (tmp_path / "template.yaml").as_uri()
    with pytest.raises(AwsError, match=r"\[CAPABILITY_IAM, CAPABILITY_AUTO_EXPAND\]"):
        client.call("CreateStack", StackName="demo", TemplateURL=url)
    client.call(
        "CreateStack", StackName="demo", TemplateURL=url, Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    )
    assert client.stack()["StackStatus"] == "CREATE_COMPLETE", client.stack()["StackStatusReason"]
    calls = {operation: params for _, operation, params in client.aws.calls}
    assert calls["CreateFunction"]["Code"] == {"S3Bucket": "hot-reload", "S3Key": str(tmp_path / "src")}
    assert calls["AttachRolePolicy"]["PolicyArn"].endswith("service-role/AWSLambdaBasicExecutionRole")
    definition = json.loads(calls["CreateStateMachine"]["definition"])
    assert definition == {"Resource": client.outputs()["Arn"], "Kept": "${Unknown}"}
    processed = client.call("GetTemplate", StackName="demo", TemplateStage="Processed")["TemplateBody"]
    assert "AWS::Lambda::Function" in processed
    assert "Serverless" not in json.loads(processed)["Resources"]["Hello"]["Type"]


def test_sams_own_complaints_are_handed_on(client: CloudformationClient) -> None:
    with pytest.raises(AwsError, match=r"\[Hello\] is invalid"):
        client.create("Transform: AWS::Serverless-2016-10-31\nResources: {Hello: {Type: AWS::Serverless::Function}}")


def test_a_nested_stack_gives_its_outputs_and_goes_with_its_parent(
    client: CloudformationClient, tmp_path: Path
) -> None:
    (tmp_path / "child.yaml").write_text(
        "Parameters: {Name: {Type: String}}\n"
        "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref Name}}}\n"
        "Outputs: {Url: {Value: !Ref Q}}\n"
    )
    (tmp_path / "parent.yaml").write_text(
        "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n"
        "    Properties: {TemplateURL: child.yaml, Parameters: {Name: inner}}\n"
        "Outputs: {Url: {Value: !GetAtt Child.Outputs.Url}}\n"
    )
    client.call("CreateStack", StackName="demo", TemplateURL=(tmp_path / "parent.yaml").as_uri())
    assert client.outputs() == {"Url": "http://127.0.0.1:4566/0/inner"}
    child = next(stack for stack in client.call("DescribeStacks")["Stacks"] if stack["StackName"] != "demo")
    assert child["ParentId"] == child["RootId"] == client.stack()["StackId"]
    client.call("DeleteStack", StackName="demo")
    assert client.call("DescribeStacks")["Stacks"] == []
    assert client.aws.operations("sqs") == ["CreateQueue", "DeleteQueue"]


def test_a_failed_nested_stack_leaves_nothing_and_tells_its_parent_why(
    client: CloudformationClient, tmp_path: Path
) -> None:
    client.aws.answers["sns", "CreateTopic"] = lambda params: AwsError.named("InvalidParameter", "deep reason")
    (tmp_path / "child.yaml").write_text("Resources: {T: {Type: 'AWS::SNS::Topic'}}")
    (tmp_path / "parent.yaml").write_text(
        "Resources: {Child: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yaml}}}"
    )
    client.call("CreateStack", StackName="demo", TemplateURL=(tmp_path / "parent.yaml").as_uri())
    assert client.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "deep reason" in client.stack()["StackStatusReason"]
    assert [stack["StackName"] for stack in client.call("DescribeStacks")["Stacks"]] == ["demo"]


def test_an_unknown_stack_is_worded_as_the_tools_expect(client: CloudformationClient) -> None:
    with pytest.raises(AwsError, match="Stack with id demo does not exist"):
        client.stack()


def test_an_unknown_operation_is_named(client: CloudformationClient) -> None:
    with pytest.raises(UnsupportedOperation, match="CreateStackSet"):
        client.call("CreateStackSet")
