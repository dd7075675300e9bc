from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.cloudformation.tests.cloudformation_client import CloudformationClient, output, queue


@pytest.fixture
def client() -> CloudformationClient:
    return CloudformationClient()


def topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def test_an_update_changes_adds_and_removes_only_what_differs(client: CloudformationClient) -> None:
    client.create(
        {"Resources": {"Same": queue(QueueName="s"), "Old": queue(QueueName="o"), "Changed": queue(DelaySeconds=1)}}
    )
    client.aws.calls.clear()
    client.update(
        {
            "Resources": {
                "Same": queue(QueueName="s"),
                "New": queue(QueueName="n"),
                "Changed": queue(VisibilityTimeout=9),
            }
        }
    )
    assert client.stack()["StackStatus"] == "UPDATE_COMPLETE"
    assert sorted(client.aws.operations()) == ["CreateQueue", "DeleteQueue", "SetQueueAttributes"]
    changed = next(params for _, operation, params in client.aws.calls if operation == "SetQueueAttributes")
    assert changed["Attributes"] == {"DelaySeconds": "0", "VisibilityTimeout": "9"}
    assert client.statuses("Same") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert client.statuses("demo")[-3:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]


def test_a_replacement_is_made_first_and_the_old_one_goes_last(client: CloudformationClient) -> None:
    client.create(
        {"Resources": {"Q": queue(QueueName="one"), "User": queue(QueueName={"Fn::Sub": "${Q.QueueName}-user"})}}
    )
    client.aws.calls.clear()
    client.update(
        {"Resources": {"Q": queue(QueueName="two"), "User": queue(QueueName={"Fn::Sub": "${Q.QueueName}-user"})}}
    )
    assert [next(iter(params.values())) for _, _, params in client.aws.calls] == [
        "two",
        "two-user",
        "http://127.0.0.1:4566/0/one-user",
        "http://127.0.0.1:4566/0/one",
    ]


def test_no_change_is_refused_with_the_words_that_tools_look_for(client: CloudformationClient) -> None:
    template = {"Resources": {"Q": queue(QueueName="one")}}
    client.create(template)
    with pytest.raises(AwsError, match=r"No updates are to be performed\."):
        client.update(template)


def test_a_change_that_cannot_be_made_is_refused_by_name_before_anything_is_touched(
    client: CloudformationClient,
) -> None:
    client.create({"Resources": {"Q": queue(Tags=[{"Key": "a", "Value": "1"}])}})
    client.aws.calls.clear()
    with pytest.raises(AwsError, match=r"Resources\.Q \(AWS::SQS::Queue\): a change of property Tags is not supported"):
        client.update({"Resources": {"Q": queue(Tags=[{"Key": "a", "Value": "2"}]), "New": queue()}})
    assert client.aws.calls == []
    assert client.stack()["StackStatus"] == "CREATE_COMPLETE"


def test_a_failed_update_goes_back_to_what_it_was(client: CloudformationClient) -> None:
    client.create(
        {"Resources": {"Q": queue(DelaySeconds=1), "R": queue(QueueName="r1")}, "Outputs": {"O": output("before")}}
    )
    client.aws.answers["sns", "CreateTopic"] = lambda params: AwsError.named("InvalidParameter", "no")
    client.aws.calls.clear()
    broken = {"Type": "AWS::SNS::Topic", "DependsOn": ["Q", "R"]}
    client.update(
        {
            "Resources": {"Q": queue(DelaySeconds=2), "R": queue(QueueName="r2"), "T": broken},
            "Outputs": {"O": output("after")},
        }
    )
    stack = client.stack()
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "[T]" in stack["StackStatusReason"]
    assert client.outputs() == {"O": "before"}
    delays = [
        params["Attributes"]["DelaySeconds"] for _, name, params in client.aws.calls if name == "SetQueueAttributes"
    ]
    assert delays == ["2", "1"]
    deleted = [params["QueueUrl"] for _, name, params in client.aws.calls if name == "DeleteQueue"]
    assert deleted == ["http://127.0.0.1:4566/0/r2"]
    ids = {
        item["LogicalResourceId"]: item["PhysicalResourceId"]
        for item in client.call("ListStackResources", StackName="demo")["StackResourceSummaries"]
    }
    assert ids["R"] == "http://127.0.0.1:4566/0/r1"
    assert "T" not in ids


def test_previous_values_and_the_previous_template_can_be_kept(client: CloudformationClient) -> None:
    template = {
        "Parameters": {"D": {"Type": "Number"}, "N": {"Type": "String"}},
        "Resources": {"Q": queue(DelaySeconds={"Ref": "D"}, QueueName={"Ref": "N"})},
    }
    client.create(
        template,
        Parameters=[{"ParameterKey": "D", "ParameterValue": "1"}, {"ParameterKey": "N", "ParameterValue": "n"}],
    )
    client.aws.calls.clear()
    client.call(
        "UpdateStack",
        StackName="demo",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "D", "ParameterValue": "2"}, {"ParameterKey": "N", "UsePreviousValue": True}],
    )
    assert client.aws.operations() == ["SetQueueAttributes"]


def test_delete_takes_dependents_first(client: CloudformationClient) -> None:
    client.create({"Resources": {"A": queue(QueueName="a"), "B": queue(QueueName={"Fn::Sub": "${A.QueueName}b"})}})
    stack_id = client.stack()["StackId"]
    client.aws.calls.clear()
    client.call("DeleteStack", StackName="demo")
    assert [params["QueueUrl"][-2:] for _, _, params in client.aws.calls] == ["ab", "/a"]
    assert client.stack(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(AwsError, match="does not exist"):
        client.stack()


def test_a_deletion_that_fails_keeps_what_it_needs_and_can_be_repeated(client: CloudformationClient) -> None:
    client.create({"Resources": {"A": queue(QueueName="a"), "B": queue(QueueName={"Fn::Sub": "${A.QueueName}b"})}})
    client.aws.answers["sqs", "DeleteQueue"] = lambda params: AwsError.named("InUse", "busy")
    client.call("DeleteStack", StackName="demo")
    assert client.stack()["StackStatus"] == "DELETE_FAILED"
    assert "busy (InUse, status 400)" in client.stack()["StackStatusReason"]
    assert client.statuses("A")[-1] == "CREATE_COMPLETE"
    del client.aws.answers["sqs", "DeleteQueue"]
    client.call("DeleteStack", StackName="demo", RetainResources=["B"])
    assert client.call("DescribeStacks")["Stacks"] == []


def test_a_resource_that_is_gone_already_is_no_failure(client: CloudformationClient) -> None:
    client.create({"Resources": {"A": queue()}})
    client.aws.answers["sqs", "DeleteQueue"] = lambda params: AwsError.named(
        "AWS.SimpleQueueService.NonExistentQueue", ""
    )
    client.call("DeleteStack", StackName="demo")
    assert client.call("DescribeStacks")["Stacks"] == []


def test_a_protected_stack_is_not_deleted(client: CloudformationClient) -> None:
    client.create({"Resources": {"A": queue()}}, EnableTerminationProtection=True)
    with pytest.raises(AwsError, match="TerminationProtection"):
        client.call("DeleteStack", StackName="demo")


def test_independent_resources_are_made_side_by_side(client: CloudformationClient) -> None:
    """Three functions that each take 1 s to become active take 1 s together."""
    started = client.aws.engine.clock.now()
    client.aws.answers["lambda", "CreateFunction"] = lambda params: {"FunctionArn": "arn", "State": "Pending"}
    client.aws.answers["lambda", "GetFunctionConfiguration"] = lambda params: {
        "State": "Active" if client.aws.engine.clock.now() - started >= 1.0 else "Pending"
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}, "Role": "r"}}
    client.create({"Resources": {"A": function, "B": function, "C": function}})
    assert client.stack()["StackStatus"] == "CREATE_COMPLETE"
    assert client.aws.engine.clock.now() - started < 1.2


def test_an_export_that_another_stack_uses_is_neither_deleted_nor_renamed(client: CloudformationClient) -> None:
    exporter = {"Resources": {"A": queue(QueueName="a")}, "Outputs": {"O": output("shared-name", "shared")}}
    client.create(exporter, "exporter")
    client.create({"Resources": {"B": queue(QueueName={"Fn::ImportValue": "shared"})}}, "importer")
    assert client.call("ListImports", ExportName="shared")["Imports"] == ["importer"]
    client.call("DeleteStack", StackName="exporter")
    assert client.stack("exporter")["StackStatus"] == "DELETE_FAILED"
    assert (
        client.stack("exporter")["StackStatusReason"] == "Export shared cannot be deleted as it is in use by importer"
    )
    client.call("DeleteStack", StackName="importer")
    client.call("DeleteStack", StackName="exporter")
    assert client.call("DescribeStacks")["Stacks"] == []


def test_an_update_that_drops_a_used_export_is_rolled_back(client: CloudformationClient) -> None:
    client.create({"Resources": {"A": queue()}, "Outputs": {"O": output("value", "shared")}}, "exporter")
    client.create({"Resources": {"B": queue(QueueName={"Fn::ImportValue": "shared"})}}, "importer")
    client.update({"Resources": {"A": queue()}}, "exporter")
    assert client.stack("exporter")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert client.outputs("exporter") == {"O": "value"}
