"""boto3 against the emulator: request ids, AWS's error codes and statuses, paginators."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.targets import Target
from fixtures.function import deployed_function


def test_another_region_is_refused_with_the_way_out(client: Any, target: Target) -> None:
    with pytest.raises(ClientError, match=f"AWS_REGION={target.region}") as refused:
        client("sqs", region="eu-central-2").list_queues()
    assert refused.value.response["Error"]["Code"] == "NotImplemented"


CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("apigateway", "get_rest_apis", {}),
    ("cloudformation", "list_stacks", {}),
    ("cloudwatch", "list_metrics", {}),
    ("dynamodb", "list_tables", {}),
    ("ec2", "describe_vpcs", {}),
    ("elasticache", "describe_cache_clusters", {}),
    ("iam", "list_roles", {}),
    ("kms", "list_keys", {}),
    ("lambda", "list_functions", {}),
    ("logs", "describe_log_groups", {}),
    ("s3", "list_buckets", {}),
    ("secretsmanager", "list_secrets", {}),
    ("sns", "list_topics", {}),
    ("sqs", "list_queues", {}),
    ("ssm", "describe_parameters", {}),
    ("stepfunctions", "list_state_machines", {}),
    ("sts", "get_caller_identity", {}),
)


@pytest.mark.parametrize(("service", "operation", "params"), CALLS, ids=[call[0] for call in CALLS])
def test_every_answer_has_a_request_id_of_its_own(
    client: Any, service: str, operation: str, params: dict[str, Any]
) -> None:
    call = getattr(client(service), operation)
    ids = [call(**params)["ResponseMetadata"]["RequestId"] for _ in range(2)]
    if service == "s3":
        assert all(re.fullmatch(r"[0-9A-F]{16}", request_id) for request_id in ids)
        assert ids[0] != ids[1]
    else:
        assert len({str(uuid.UUID(request_id)) for request_id in ids}) == 2


NO_ROLE = "arn:aws:iam::000000000000:role/misspelt"
REFUSALS: tuple[tuple[str, str, dict[str, Any], str, int], ...] = (
    ("apigateway", "get_rest_api", {"restApiId": "none"}, "NotFoundException", 404),
    ("cloudformation", "describe_stacks", {"StackName": "none"}, "ValidationError", 400),
    ("dynamodb", "describe_table", {"TableName": "none"}, "ResourceNotFoundException", 400),
    ("ec2", "create_vpc", {"CidrBlock": "10.9.0.0/16", "DryRun": True}, "DryRunOperation", 412),
    ("elasticache", "describe_cache_clusters", {"CacheClusterId": "none"}, "CacheClusterNotFound", 404),
    ("iam", "get_role", {"RoleName": "none"}, "NoSuchEntity", 404),
    ("kms", "describe_key", {"KeyId": "alias/none"}, "NotFoundException", 400),
    ("lambda", "invoke", {"FunctionName": "none"}, "ResourceNotFoundException", 404),
    ("logs", "delete_log_group", {"logGroupName": "none"}, "ResourceNotFoundException", 400),
    ("s3", "create_bucket", {"Bucket": "Not_A_Name"}, "InvalidBucketName", 400),
    ("s3", "get_object", {"Bucket": "no-such-bucket-here", "Key": "k"}, "NoSuchBucket", 404),
    ("s3", "head_bucket", {"Bucket": "no-such-bucket-here"}, "404", 404),
    ("secretsmanager", "get_secret_value", {"SecretId": "none"}, "ResourceNotFoundException", 400),
    ("sns", "publish", {"TopicArn": "arn:aws:sns:{region}:000000000000:none", "Message": "m"}, "NotFound", 404),
    ("sqs", "get_queue_url", {"QueueName": "none"}, "AWS.SimpleQueueService.NonExistentQueue", 400),
    ("ssm", "get_parameter", {"Name": "none"}, "ParameterNotFound", 400),
    ("stepfunctions", "start_execution", {"stateMachineArn": "none"}, "InvalidArn", 400),
    ("sts", "assume_role", {"RoleArn": NO_ROLE, "RoleSessionName": "session"}, "AccessDenied", 403),
    ("sts", "assume_role", {"RoleArn": "no-arn-of-any-role-at-all", "RoleSessionName": "s1"}, "ValidationError", 400),
)


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "status"), REFUSALS, ids=[f"{row[0]}.{row[1]}" for row in REFUSALS]
)
def test_refusals_have_awss_code_and_status(
    client: Any, target: Target, service: str, operation: str, params: dict[str, Any], code: str, status: int
) -> None:
    given = {
        key: value.format(region=target.region) if isinstance(value, str) else value for key, value in params.items()
    }
    with pytest.raises(ClientError) as refused:
        getattr(client(service), operation)(**given)
    response = refused.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    request_id = response["ResponseMetadata"]["RequestId"]
    assert re.fullmatch(r"[0-9A-F]{16}", request_id) if service == "s3" else uuid.UUID(request_id)


def test_a_dry_run_changes_nothing(client: Any) -> None:
    ec2 = client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    with pytest.raises(ClientError):
        ec2.create_vpc(CidrBlock="10.9.0.0/16", DryRun=True)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_a_payload_that_is_too_large_has_the_code_that_lambda_sends(client: Any, function: str) -> None:
    """Not the name that the model has for it."""
    with pytest.raises(ClientError) as refused:
        client("lambda").invoke(FunctionName=function, Payload=b'"' + b"x" * 6_291_456 + b'"')
    response = refused.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (
        "RequestEntityTooLargeException",
        413,
    )


def test_a_function_is_the_session_of_its_role(client: Any) -> None:
    source = "import boto3\ndef handler(event, context): return boto3.client('sts').get_caller_identity()['Arn']"
    functions = client("lambda")
    with deployed_function(functions, source) as name:
        answer = json.loads(functions.invoke(FunctionName=name)["Payload"].read())
    assert answer == f"arn:aws:sts::000000000000:assumed-role/anyone/{name}"


def test_a_message_names_its_sender_by_id(client: Any) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=f"clients-{uuid.uuid4().hex[:12]}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="body")
    # The deprecated name of MessageSystemAttributeNames, for which botocore's model has the wrong values.
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["SenderId"], WaitTimeSeconds=1)["Messages"]
    with pytest.raises(ClientError, match="Unknown Attribute SenderId"):
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["SenderId"])
    sqs.delete_queue(QueueUrl=url)
    assert message["Attributes"]["SenderId"] == client("sts").get_caller_identity()["UserId"]


def test_paginators_walk_to_the_end(client: Any, bucket: str) -> None:
    s3, sqs = client("s3"), client("sqs")
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"page/{number}", Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="page/", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["Contents"]) for page in pages] == [2, 2, 1]
    prefix = f"clients-{uuid.uuid4().hex[:8]}-"
    urls = {sqs.create_queue(QueueName=f"{prefix}{number}")["QueueUrl"] for number in range(5)}
    listed = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix, PaginationConfig={"PageSize": 2})
    assert {url for page in listed for url in page.get("QueueUrls", ())} == urls
    for url in urls:
        sqs.delete_queue(QueueUrl=url)
