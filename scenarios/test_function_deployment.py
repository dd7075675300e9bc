"""Everything that SAM knows of a function, deployed, looked at, used, and deleted again.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from emulator.errors import EmulatorError
from emulator.targets import EmbeddedTarget, Target

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Network: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {CidrBlock: 10.0.0.0/24, VpcId: !Ref Network}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: files, VpcId: !Ref Network}}
  Files: {Type: AWS::EFS::FileSystem, Properties: {Encrypted: true}}
  Mount:
    Type: AWS::EFS::MountTarget
    Properties: {FileSystemId: !Ref Files, SubnetId: !Ref Subnet, SecurityGroups: [!GetAtt Group.GroupId]}
  Access:
    Type: AWS::EFS::AccessPoint
    Properties: {FileSystemId: !Ref Files, PosixUser: {Uid: "1000", Gid: "1000"}, RootDirectory: {Path: /x}}
  Failures: {Type: AWS::SQS::Queue}
  Lines: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer, CompatibleRuntimes: [RUNTIME]}
  SharedWithAll:
    Type: AWS::Lambda::LayerVersionPermission
    Properties: {Action: "lambda:GetLayerVersion", LayerVersionArn: !Ref Shared, Principal: "*"}
  Function:
    Type: AWS::Serverless::Function
    DependsOn: Mount
    Properties:
      Runtime: RUNTIME
      Handler: app.handler
      CodeUri: code
      Policies: [{SSMParameterReadPolicy: {ParameterName: p}}, {SQSSendMessagePolicy: {QueueName: !GetAtt Failures.QueueName}}]
      EphemeralStorage: {Size: 1024}
      LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: DEBUG, LogGroup: !Ref Lines}
      FileSystemConfigs: [{Arn: !GetAtt Access.Arn, LocalMountPath: /mnt/files}]
      VpcConfig: {SubnetIds: [!Ref Subnet], SecurityGroupIds: [!GetAtt Group.GroupId]}
      Layers: [!Ref Shared]
      FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ["*"]}}
      AutoPublishAlias: live
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}
      EventInvokeConfig: {MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failures.Arn}}}
Outputs:
  FunctionName: {Value: !Ref Function}
  FunctionUrl: {Value: !GetAtt FunctionUrl.FunctionUrl}
"""
CODE = """
import os
def handler(event, context):
    kind, layer = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], open("/opt/shared.txt").read()
    return {"kind": kind, "layer": layer, "files": os.path.isdir("/mnt/files")}
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    from fixtures.function import RUNTIME

    folder = tmp_path_factory.mktemp("template")
    (folder / "code").mkdir()
    (folder / "code" / "app.py").write_text(CODE)
    (folder / "layer").mkdir()
    (folder / "layer" / "shared.txt").write_text("shared")
    template = folder / "template.yaml"
    template.write_text(TEMPLATE.replace("RUNTIME", RUNTIME))
    with EmbeddedTarget.start(template=template) as running:
        yield running


def test_function_runs_with_all_of_it(deployed: Target) -> None:
    functions, name = deployed.client("lambda"), deployed.output("FunctionName")
    answer = functions.invoke(FunctionName=name, Qualifier="live")
    assert json.loads(answer["Payload"].read()) == {"kind": "provisioned-concurrency", "layer": "shared", "files": True}
    assert answer["ExecutedVersion"] == "1"


def test_settings_are_those_of_the_template(deployed: Target) -> None:
    functions, name = deployed.client("lambda"), deployed.output("FunctionName")
    configuration = functions.get_function_configuration(FunctionName=name, Qualifier="live")
    assert configuration["EphemeralStorage"] == {"Size": 1024}
    assert configuration["LoggingConfig"]["LogFormat"] == "JSON"
    assert configuration["VpcConfig"]["VpcId"].startswith("vpc-")
    asynchronous = functions.get_function_event_invoke_config(FunctionName=name, Qualifier="live")
    assert asynchronous["MaximumRetryAttempts"] == 1
    assert ":sqs:" in asynchronous["DestinationConfig"]["OnFailure"]["Destination"]
    provisioned = functions.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    assert provisioned["Status"] == "READY"
    url = functions.get_function_url_config(FunctionName=name, Qualifier="live")
    assert url["FunctionUrl"] == deployed.output("FunctionUrl")
    statements = json.loads(functions.get_policy(FunctionName=name, Qualifier="live")["Policy"])["Statement"]
    assert {statement["Action"] for statement in statements} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}


def test_code_can_be_fetched_where_its_location_says(deployed: Target, fetched: Callable[[str], bytes]) -> None:
    functions, name = deployed.client("lambda"), deployed.output("FunctionName")
    location = functions.get_function(FunctionName=name, Qualifier="live")["Code"]["Location"]
    with zipfile.ZipFile(io.BytesIO(fetched(location))) as archive:
        assert archive.read("app.py").decode() == CODE
    layer = functions.get_function_configuration(FunctionName=name)["Layers"][0]["Arn"]
    location = functions.get_layer_version_by_arn(Arn=layer)["Content"]["Location"]
    with zipfile.ZipFile(io.BytesIO(fetched(location))) as archive:
        assert archive.namelist() == ["shared.txt"]


@pytest.fixture(scope="module")
def fetched() -> Callable[[str], bytes]:
    import urllib.request

    def get(url: str) -> bytes:
        with urllib.request.urlopen(url, timeout=10.0) as answer:
            body: bytes = answer.read()
            return body

    return get


def test_waiters_end(deployed: Target) -> None:
    functions, name = deployed.client("lambda"), deployed.output("FunctionName")
    functions.update_function_configuration(FunctionName=name, MemorySize=256)
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    functions.get_waiter("function_exists").wait(FunctionName=name)


def test_all_of_it_is_deleted_with_the_stack(deployed: Target) -> None:
    stacks, functions = deployed.client("cloudformation"), deployed.client("lambda")
    name = deployed.output("FunctionName")
    (stack,) = stacks.describe_stacks()["Stacks"]
    stacks.delete_stack(StackName=stack["StackName"])
    stacks.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"], WaiterConfig={"Delay": 1})
    with pytest.raises(botocore.exceptions.ClientError, match="Function not found"):
        functions.get_function(FunctionName=name)
    assert deployed.client("efs").describe_file_systems()["FileSystems"] == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"AutoPublishAlias": "live", "DeploymentPreference": {"Type": "AllAtOnce"}}, "AWS::CodeDeploy::DeploymentGroup"),
    ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart is not supported"),
    (
        {"CodeSigningConfigArn": "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-1"},
        "CodeSigningConfigArn",
    ),
]


@pytest.mark.parametrize(("members", "words"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, members: dict[str, Any], words: str) -> None:
    settings = {"Runtime": "python3.12", "Handler": "index.handler", "InlineCode": "def handler(e, c): pass", **members}
    function = {"Type": "AWS::Serverless::Function", "Properties": settings}
    template = tmp_path / "template.json"
    template.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": function}}))
    with pytest.raises(EmulatorError, match=words), EmbeddedTarget.start(template=template):
        raise AssertionError("it was deployed")
