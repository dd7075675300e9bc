"""The AWS CLI against the emulator, as people first try it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.targets import Target
from fixtures.http import http

CLI = Path(sys.executable).with_name("aws")
TEMPLATE = """
Parameters:
  Seconds: {Type: Number, Default: 1}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !Ref Seconds}}
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  QueueUrl: {Value: !Ref Queue}
"""


@pytest.fixture(scope="module")
def aws(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The AWS CLI, in a folder of this module's."""
    if not CLI.exists():
        pytest.skip("the AWS CLI is not installed beside this Python: pip install awscli")
    folder = tmp_path_factory.mktemp("cli")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ENDPOINT_URL": str(target.endpoint_url),
        "AWS_ACCESS_KEY_ID": target.access_key_id,
        "AWS_SECRET_ACCESS_KEY": target.secret_access_key,
        "AWS_DEFAULT_REGION": target.region,
        "AWS_PAGER": "",
    }

    def run(*arguments: str, succeeds: bool = True) -> subprocess.CompletedProcess[str]:
        command = [str(CLI), *arguments]
        result = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (result.returncode == 0) is succeeds, result.stderr + result.stdout
        return result

    run.folder = folder  # type: ignore[attr-defined]
    return run


def test_it_says_who_calls(aws: Any) -> None:
    identity = json.loads(aws("sts", "get-caller-identity").stdout)
    account = identity["Account"]
    assert identity == {"UserId": account, "Account": account, "Arn": f"arn:aws:iam::{account}:root"}


def test_it_copies_large_files_and_synchronises_folders(aws: Any, bucket: str) -> None:
    content = os.urandom(9 << 20)  # above 8 MB the CLI uploads in parts
    folder = aws.folder / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "large").write_bytes(content)
    (folder / "deep" / "ü +.txt").write_text("small")
    for file in folder.rglob("*"):
        os.utime(file, (0, 0))  # S3 keeps whole seconds: a file of this second would count as newer than its upload
    assert aws("s3", "sync", "folder", f"s3://{bucket}/folder", "--no-progress").stdout.count("upload:") == 2
    assert aws("s3", "sync", "folder", f"s3://{bucket}/folder", "--no-progress").stdout == ""
    aws("s3", "cp", f"s3://{bucket}/folder/large", "back", "--no-progress")
    assert (aws.folder / "back").read_bytes() == content


def test_it_presigns_a_url_that_works_without_credentials(aws: Any, client: Any, bucket: str) -> None:
    client("s3").put_object(Bucket=bucket, Key="shared", Body=b"for all")
    url = aws("s3", "presign", f"s3://{bucket}/shared").stdout.strip()
    assert http(url)[2] == b"for all"


def test_it_invokes_a_function_and_shows_its_log(aws: Any, function: str) -> None:
    answer = aws("lambda", "invoke", "--function-name", function, "--payload", '"hi"', "--log-type", "Tail", "out.json")
    result = json.loads(answer.stdout)
    log = base64.b64decode(result["LogResult"]).decode().splitlines()
    assert (result["StatusCode"], result["ExecutedVersion"]) == (200, "$LATEST")
    assert (aws.folder / "out.json").read_text() == '"hi"'
    assert [line.split()[0] for line in log] == ["START", "printed", "[WARNING]", "END", "REPORT"]


def test_it_deploys_a_stack_that_a_change_set_then_changes(aws: Any, client: Any) -> None:
    name = f"clients-{uuid.uuid4().hex[:12]}"
    (aws.folder / "template.yaml").write_text(TEMPLATE)
    deploy = ("cloudformation", "deploy", "--template-file", "template.yaml", "--stack-name", name)
    assert f"Successfully created/updated stack - {name}" in aws(*deploy).stdout
    stacks = client("cloudformation")
    outputs = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    url = outputs[0]["OutputValue"]
    assert client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["DelaySeconds"] == "1"
    change = {"StackName": name, "ChangeSetName": "slower"}
    slower = [{"ParameterKey": "Seconds", "ParameterValue": "2"}]
    stacks.create_change_set(**change, UsePreviousTemplate=True, Parameters=slower)
    stacks.get_waiter("change_set_create_complete").wait(**change, WaiterConfig={"Delay": 1})
    (planned,) = stacks.describe_change_set(**change)["Changes"]
    assert (planned["ResourceChange"]["LogicalResourceId"], planned["ResourceChange"]["Action"]) == ("Queue", "Modify")
    stacks.execute_change_set(**change)
    stacks.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["DelaySeconds"] == "2"
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def test_it_shows_what_is_not_supported(aws: Any) -> None:
    said = aws("kinesis", "list-streams", succeeds=False).stderr
    assert "An error occurred (NotImplemented) when calling the ListStreams operation: service 'kinesis'" in said
