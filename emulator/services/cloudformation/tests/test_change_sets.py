from __future__ import annotations

from typing import Any

import pytest
import yaml

from emulator.errors import AwsError
from emulator.services.cloudformation.tests.cloudformation_client import CloudformationClient, queue


@pytest.fixture
def client() -> CloudformationClient:
    return CloudformationClient()


def propose(client: CloudformationClient, template: dict[str, Any], kind: str = "UPDATE", name: str = "c1") -> Any:
    client.call(
        "CreateChangeSet",
        StackName="demo",
        ChangeSetName=name,
        ChangeSetType=kind,
        TemplateBody=yaml.safe_dump(template),
    )
    return client.call("DescribeChangeSet", StackName="demo", ChangeSetName=name)


def test_a_new_stack_is_reviewed_then_made(client: CloudformationClient) -> None:
    described = propose(client, {"Resources": {"Q": queue(QueueName="one")}}, "CREATE")
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [change["ResourceChange"]["Action"] for change in described["Changes"]] == ["Add"]
    assert client.stack()["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert client.aws.calls == []
    client.call("ExecuteChangeSet", StackName="demo", ChangeSetName="c1")
    assert client.stack()["StackStatus"] == "CREATE_COMPLETE"
    assert client.stack()["ChangeSetId"] == described["ChangeSetId"]


def test_changes_are_shown_with_replacements_and_what_follows_from_them(client: CloudformationClient) -> None:
    user = queue(QueueName={"Fn::Sub": "${Q.QueueName}-user"})
    client.create(
        {"Resources": {"Q": queue(QueueName="one"), "User": user, "Old": queue(), "D": queue(DelaySeconds=1)}}
    )
    described = propose(
        client, {"Resources": {"Q": queue(QueueName="two"), "User": user, "New": queue(), "D": queue(DelaySeconds=2)}}
    )
    changes = {
        change["ResourceChange"]["LogicalResourceId"]: (
            change["ResourceChange"]["Action"],
            change["ResourceChange"].get("Replacement"),
        )
        for change in described["Changes"]
    }
    assert changes == {
        "Q": ("Modify", "True"),
        "User": ("Modify", "True"),
        "D": ("Modify", "False"),
        "New": ("Add", None),
        "Old": ("Remove", None),
    }
    client.call("ExecuteChangeSet", StackName="demo", ChangeSetName=described["ChangeSetId"])
    assert client.stack()["StackStatus"] == "UPDATE_COMPLETE"


def test_an_empty_change_set_fails_with_the_words_that_tools_look_for(client: CloudformationClient) -> None:
    template = {"Resources": {"Q": queue(QueueName="one")}}
    client.create(template)
    described = propose(client, template)
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert described["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(AwsError, match="cannot be executed") as refused:
        client.call("ExecuteChangeSet", StackName="demo", ChangeSetName="c1")
    assert refused.value.code == "InvalidChangeSetStatus"


def test_change_sets_are_listed_and_deleted(client: CloudformationClient) -> None:
    propose(client, {"Resources": {"Q": queue()}}, "CREATE")
    summaries = client.call("ListChangeSets", StackName="demo")["Summaries"]
    assert [summary["ChangeSetName"] for summary in summaries] == ["c1"]
    client.call("DeleteChangeSet", StackName="demo", ChangeSetName="c1")
    with pytest.raises(AwsError) as refused:
        client.call("DescribeChangeSet", StackName="demo", ChangeSetName="c1")
    assert refused.value.code == "ChangeSetNotFound"


def test_a_stack_in_review_can_be_deleted(client: CloudformationClient) -> None:
    propose(client, {"Resources": {"Q": queue()}}, "CREATE")
    client.call("DeleteStack", StackName="demo")
    assert client.call("DescribeStacks")["Stacks"] == []


def test_an_update_needs_a_stack(client: CloudformationClient) -> None:
    with pytest.raises(AwsError, match=r"Stack \[demo\] does not exist"):
        propose(client, {"Resources": {"Q": queue()}})
