"""The templates: that AWS would take them, and that they grant and configure exactly what the code needs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from system.audit_ingest.tests.conftest import ENVIRONMENT

PIPELINE = Path(__file__).parents[1]
TEMPLATES = [PIPELINE / "template.yaml", *sorted((PIPELINE / "infra").glob("*.yaml"))]
TEMPLATE = yaml_parse((PIPELINE / "template.yaml").read_text())
RESOURCES = TEMPLATE["Resources"]
VPC = yaml_parse((PIPELINE / "infra" / "vpc.template.yaml").read_text())["Resources"]
REDIS = yaml_parse((PIPELINE / "infra" / "redis.template.yaml").read_text())["Resources"]
ALARMS = yaml_parse((PIPELINE / "infra" / "alarms.template.yaml").read_text())["Resources"]

FUNCTIONS = {name: item for name, item in RESOURCES.items() if item["Type"] == "AWS::Serverless::Function"}


def of_type(resources: dict[str, Any], resource_type: str) -> dict[str, Any]:
    return {name: item for name, item in resources.items() if item["Type"] == resource_type}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_cfn_lint_has_nothing_to_say(path: Path) -> None:
    assert [str(match) for match in lint_file(path)] == []


def test_the_sam_translator_takes_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoManagedPolicies:
        def load(self) -> dict[str, str]:
            return {}

    template = yaml_parse((PIPELINE / "template.yaml").read_text())
    for resource in template["Resources"].values():
        for name in ("CodeUri", "ContentUri", "DefinitionUri"):
            if name in resource.get("Properties", {}):
                assert (PIPELINE / resource["Properties"][name]).exists()
                resource["Properties"][name] = "s3://artifacts/key"
    translated = transform(template, {}, NoManagedPolicies())
    types = {resource["Type"] for resource in translated["Resources"].values()}
    assert not [name for name in types if name.startswith("AWS::Serverless::")]
    stages = of_type(translated["Resources"], "AWS::ApiGateway::Stage")
    assert [stage["Properties"]["StageName"] for stage in stages.values()] == ["Prod"]


def test_parameters_are_those_of_the_contract() -> None:
    assert {name: parameter["Default"] for name, parameter in TEMPLATE["Parameters"].items()} == {
        "ElasticacheInstanceClass": "cache.t3.small",
        "ElasticReplicaCount": 2,
        "ProjectName": "serverless-streaming-pipeline",
        "MultiAZ": "true",
    }


def test_outputs_are_those_of_the_contract() -> None:
    assert set(TEMPLATE["Outputs"]) == {
        "IngestUrl",
        "ApiKeyId",
        "ArchiveBucketName",
        "FailedMessagesBucketName",
        "MetadataTableName",
        "NotificationTopicArn",
        "SubscriberQueueUrl",
        "StateMachineArn",
        "IngestDeadLetterQueueUrl",
        "ArchiveDeadLetterQueueUrl",
        "MetadataDeadLetterQueueUrl",
        "FinalStateDeadLetterQueueUrl",
        "RedisEndpointAddress",
        "RedisEndpointPort",
        "IngestFunctionName",
    }


# Each function's own policy, whole: an action that the code gains must be added here, and one that it loses must go.
OBJECTS = "${%s.Arn}/*"
POLICIES: dict[str, dict[str, Any]] = {
    "IngestMessageFunction": {
        "secretsmanager:GetSecretValue": "RedisStack.Outputs.AuthTokenSecretArn",
        "states:StartExecution": "IngestStateMachine",
        "states:DescribeExecution": (
            "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${IngestStateMachine.Name}:*"
        ),
        "lambda:InvokeFunction": "IngestFailureFunction.Arn",
        "s3:PutObject": OBJECTS % "FailedMessagesBucket",
        "sqs:SendMessage": "IngestDeadLetterQueue.Arn",
    },
    "IngestFailureFunction": {
        "s3:PutObject": OBJECTS % "FailedMessagesBucket",
        "sqs:SendMessage": "IngestDeadLetterQueue.Arn",
    },
    "MessageArchiveFunction": {
        "secretsmanager:GetSecretValue": "RedisStack.Outputs.AuthTokenSecretArn",
        "s3:PutObject": OBJECTS % "ArchiveBucket",
        "dynamodb:GetItem": "MetadataTable.Arn",
    },
    "MessageMetadataFunction": {
        "dynamodb:PutItem": "MetadataTable.Arn",
        "s3:GetObject": OBJECTS % "ArchiveBucket",
        "s3:ListBucket": "ArchiveBucket.Arn",
    },
    "FinalStateFunction": {
        "dynamodb:UpdateItem": "MetadataTable.Arn",
        "s3:GetObject": OBJECTS % "ArchiveBucket",
        "s3:ListBucket": "ArchiveBucket.Arn",
    },
    "PayloadExpiryFunction": {"secretsmanager:GetSecretValue": "RedisStack.Outputs.AuthTokenSecretArn"},
    "IngestStateMachine": {
        "lambda:InvokeFunction": [
            "MessageArchiveFunction.Arn",
            "MessageMetadataFunction.Arn",
            "FinalStateFunction.Arn",
            "PayloadExpiryFunction.Arn",
        ],
        "sns:Publish": "NotificationTopic",
        "sqs:SendMessage": [
            "ArchiveDeadLetterQueue.Arn",
            "MetadataDeadLetterQueue.Arn",
            "FinalStateDeadLetterQueue.Arn",
        ],
    },
}


def named(resource: Any) -> Any:
    """Return what an intrinsic function names."""
    if isinstance(resource, list):
        return [named(item) for item in resource]
    (value,) = resource.values()
    return ".".join(value) if isinstance(value, list) else value


@pytest.mark.parametrize("name", [*FUNCTIONS, "IngestStateMachine"])
def test_policies_name_what_the_code_needs_and_no_more(name: str) -> None:
    (policy,) = RESOURCES[name]["Properties"]["Policies"]
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])
    assert {statement["Action"]: named(statement["Resource"]) for statement in policy["Statement"]} == POLICIES[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gets_the_variables_that_it_reads(name: str) -> None:
    folder = PIPELINE / FUNCTIONS[name]["Properties"]["CodeUri"]
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    if "PayloadStore.from_env" in source:
        source += (PIPELINE / "layers/audit_message/audit_message/payload_store.py").read_text()
    read = set(re.findall(r'environ\["(\w+)"\]', source))
    assert set(FUNCTIONS[name]["Properties"]["Environment"]["Variables"]) == read
    assert read <= set(ENVIRONMENT)


def in_vpc(function: dict[str, Any]) -> bool:
    return "VpcConfig" in function["Properties"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_exactly_the_functions_that_talk_to_redis_are_in_the_vpc(name: str) -> None:
    talks = "REDIS_HOST" in FUNCTIONS[name]["Properties"]["Environment"]["Variables"]
    assert in_vpc(FUNCTIONS[name]) is talks


def test_the_vpc_has_an_endpoint_for_every_service_that_its_functions_call() -> None:
    called = {action.split(":")[0] for name in FUNCTIONS if in_vpc(FUNCTIONS[name]) for action in POLICIES[name]}
    endpoints = of_type(VPC, "AWS::EC2::VPCEndpoint").values()
    assert {named(endpoint["Properties"]["ServiceName"]).rpartition(".")[2] for endpoint in endpoints} == called
    for endpoint in endpoints:
        properties = endpoint["Properties"]
        assert properties["VpcEndpointType"] == "Gateway" or properties["PrivateDnsEnabled"] is True


@pytest.mark.parametrize("name", of_type(RESOURCES, "AWS::S3::Bucket"))
def test_buckets_are_encrypted_private_tls_only_and_outlive_the_stack(name: str) -> None:
    bucket = RESOURCES[name]
    properties = bucket["Properties"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert "BucketEncryption" in properties
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = RESOURCES[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert named(statement["Resource"]) == [f"{name}.Arn", OBJECTS % name]


def test_redis_is_encrypted_asks_for_a_token_and_never_evicts_a_payload() -> None:
    properties = REDIS["Redis"]["Properties"]
    assert properties["Engine"] == "valkey"
    assert properties["TransitEncryptionEnabled"] is True
    assert properties["AtRestEncryptionEnabled"] is True
    assert named(properties["AuthToken"]) == "{{resolve:secretsmanager:${AuthToken}:SecretString:authToken}}"
    assert REDIS["ParameterGroup"]["Properties"]["Properties"] == {"maxmemory-policy": "noeviction"}


def test_every_dead_letter_queue_and_failed_executions_have_an_alarm() -> None:
    queues = {name for name in of_type(RESOURCES, "AWS::SQS::Queue") if name.endswith("DeadLetterQueue")}
    watched = {alarm["Properties"]["Dimensions"][0]["Value"]["Ref"] for alarm in ALARMS.values()}
    assert {f"{name}Name" for name in queues} | {"StateMachineArn", "IngestFunctionName"} == watched
    given = RESOURCES["AlarmStack"]["Properties"]["Parameters"]
    assert all(named(given[f"{name}Name"]) == f"{name}.QueueName" for name in queues)


def test_traces_go_all_the_way() -> None:
    assert TEMPLATE["Globals"]["Function"]["Tracing"] == "Active"
    assert RESOURCES["IngestApi"]["Properties"]["TracingEnabled"] is True
    assert RESOURCES["IngestStateMachine"]["Properties"]["Tracing"] == {"Enabled": True}


def test_templates_use_nothing_that_cloudformation_cannot_read() -> None:
    """No YAML aliases or merges: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html"""
    for path in TEMPLATES:
        assert not re.search(r"(^|\s)[&*]\w|<<:", re.sub(r'"[^"]*"', "", path.read_text()), re.MULTILINE), path.name


def test_the_workflows_definition_fits_step_functions() -> None:
    """1 MB: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    definition = json.loads((PIPELINE / "statemachine" / "audit_ingest.asl.json").read_text())
    assert len(json.dumps(definition)) < 1_048_576
