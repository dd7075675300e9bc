"""Buckets of a stack: SAM's S3 event source, all kinds of targets, every setting, changes and the end.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-s3.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from botocore.exceptions import ClientError

from emulator.clock import stopwatch
from emulator.targets import Target

CODE = """
import json, os, boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""
TOLD = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: {Type: String}
Resources:
  FromFunction: {Type: AWS::SQS::Queue}
  FromBucket: {Type: AWS::SQS::Queue}
  FromTopic: {Type: AWS::SQS::Queue}
  FromBridge: {Type: AWS::SQS::Queue}
  Letters:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref FromBucket, !Ref FromTopic, !Ref FromBridge]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: [s3.amazonaws.com, sns.amazonaws.com, events.amazonaws.com]}
            Action: "sqs:SendMessage"
            Resource: "*"
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt FromTopic.Arn}]}
  Publishers:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: "sns:Publish", Resource: !Ref Topic,
             Condition: {ArnLike: {"aws:SourceArn": !Sub "arn:aws:s3:::${Name}"}}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.s3], detail-type: [Object Created], detail: {bucket: {name: [!Ref Bucket]}}}
      Targets: [{Id: queue, Arn: !GetAtt FromBridge.Arn}]
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handler
      InlineCode: |
CODE
      Environment: {Variables: {QUEUE: !Ref FromFunction}}
      Policies: [{SQSSendMessagePolicy: {QueueName: !GetAtt FromFunction.QueueName}}]
      Events:
        Images:
          Type: S3
          Properties:
            Bucket: !Ref Bucket
            Events: s3:ObjectCreated:*
            Filter: {S3Key: {Rules: [{Name: suffix, Value: .jpg}]}}
  Bucket:
    Type: AWS::S3::Bucket
    DependsOn: [Letters, Publishers]
    Properties:
      BucketName: !Ref Name
      NotificationConfiguration:
        EventBridgeConfiguration: {EventBridgeEnabled: true}
        QueueConfigurations: [{Event: "s3:ObjectRemoved:*", Queue: !GetAtt FromBucket.Arn}]
        TopicConfigurations:
          - {Event: "s3:ObjectCreated:Put", Topic: !Ref Topic, Filter: {S3Key: {Rules: [{Name: suffix, Value: .txt}]}}}
Outputs:
  FromFunction: {Value: !Ref FromFunction}
  FromBucket: {Value: !Ref FromBucket}
  FromTopic: {Value: !Ref FromTopic}
  FromBridge: {Value: !Ref FromBridge}
"""
SETTINGS: dict[str, Any] = {
    "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
    "AccessControl": "PublicRead",
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    },
    "CorsConfiguration": {
        "CorsRules": [
            {"Id": "all", "AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposedHeaders": ["ETag"], "MaxAge": 9}
        ]
    },
    "IntelligentTieringConfigurations": [
        {"Id": "cold", "Status": "Enabled", "Prefix": "a/", "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}]}
    ],
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "old",
                "Status": "Enabled",
                "Prefix": "logs/",
                "TagFilters": [{"Key": "a", "Value": "b"}],
                "ExpirationInDays": 90,
                "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": "30"}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2},
            },
            {"Id": "parts", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
        ]
    },
    "LoggingConfiguration": {"LogFilePrefix": "access/"},
    "MetricsConfigurations": [{"Id": "all"}],
    "ObjectLockEnabled": True,
    "ObjectLockConfiguration": {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
    },
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": False, "IgnorePublicAcls": False},
    "Tags": [{"Key": "team", "Value": "blue"}],
    "VersioningConfiguration": {"Status": "Enabled"},
    "WebsiteConfiguration": {
        "IndexDocument": "index.html",
        "ErrorDocument": "error.html",
        "RoutingRules": [
            {"RoutingRuleCondition": {"KeyPrefixEquals": "old/"}, "RedirectRule": {"ReplaceKeyPrefixWith": "new/"}}
        ],
    },
}


@pytest.fixture
def stack(client: Callable[..., Any]) -> Iterator[Callable[..., dict[str, str]]]:
    """Makes a stack, or changes the one that was made: its outputs."""
    formation, name = client("cloudformation"), f"buckets-{uuid.uuid4().hex[:8]}"
    made: list[str] = []

    def deploy(template: str, **parameters: str) -> dict[str, str]:
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        act, waiter = (
            (formation.update_stack, "stack_update_complete")
            if made
            else (formation.create_stack, "stack_create_complete")
        )
        made.append(name)
        act(
            StackName=name,
            TemplateBody=template,
            Parameters=given,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        formation.get_waiter(waiter).wait(StackName=name, WaiterConfig={"Delay": 0.2})
        [described] = formation.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}

    yield deploy
    if made:
        formation.delete_stack(StackName=name)
        formation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.2})


def messages(sqs: Any, url: str, wanted: int) -> list[dict[str, Any]]:
    """That many messages of a queue; test events do not count."""
    found: list[dict[str, Any]] = []
    deadline = stopwatch() + 30
    while len(found) < wanted and stopwatch() < deadline:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", ()):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            inner = json.loads(body["Message"]) if "TopicArn" in body else body
            if inner.get("Event") != "s3:TestEvent":
                found.append(inner)
    return found


def test_a_bucket_tells_functions_queues_topics_and_eventbridge(
    client: Callable[..., Any], stack: Callable[..., dict[str, str]]
) -> None:
    from fixtures.function import RUNTIME

    name = f"told-{uuid.uuid4().hex[:8]}"
    code = "\n".join(f"        {line}" for line in CODE.strip().splitlines())
    queues = stack(TOLD.replace("RUNTIME", RUNTIME).replace("CODE", code), Name=name)
    s3, sqs = client("s3"), client("sqs")
    for key in ("a b.jpg", "c.txt"):
        s3.put_object(Bucket=name, Key=key, Body=b"body")
    s3.delete_object(Bucket=name, Key="a b.jpg")
    s3.delete_object(Bucket=name, Key="c.txt")
    [told] = messages(sqs, queues["FromFunction"], 1)
    assert told["Records"][0]["s3"]["object"]["key"] == "a+b.jpg"
    removed = messages(sqs, queues["FromBucket"], 2)
    assert sorted(event["Records"][0]["s3"]["object"]["key"] for event in removed) == ["a+b.jpg", "c.txt"]
    [published] = messages(sqs, queues["FromTopic"], 1)
    assert published["Records"][0]["s3"]["object"]["key"] == "c.txt"
    bridged = messages(sqs, queues["FromBridge"], 2)
    assert sorted(event["detail"]["object"]["key"] for event in bridged) == ["a b.jpg", "c.txt"]
    assert {(event["detail-type"], event["detail"]["reason"]) for event in bridged} == {("Object Created", "PutObject")}


def test_a_target_that_does_not_let_the_bucket_in_fails_the_stack(client: Callable[..., Any]) -> None:
    formation, name = client("cloudformation"), f"buckets-{uuid.uuid4().hex[:8]}"
    target = {"Event": "s3:ObjectCreated:*", "Function": "arn:aws:lambda:us-east-1:000000000000:function:none"}
    properties = {"NotificationConfiguration": {"LambdaConfigurations": [target]}}
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}}
    formation.create_stack(StackName=name, TemplateBody=yaml.safe_dump(template), OnFailure="ROLLBACK")
    with pytest.raises(Exception, match="ROLLBACK_COMPLETE"):
        formation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.2})
    events = formation.describe_stack_events(StackName=name)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert any("Unable to validate the following destination configurations" in reason for reason in reasons)
    assert not [row for row in client("s3").list_buckets()["Buckets"] if row["Name"].startswith(name)]
    formation.delete_stack(StackName=name)


def test_every_setting_is_made_changed_and_taken_away(
    client: Callable[..., Any], stack: Callable[..., dict[str, str]], target: Target
) -> None:
    s3, name = client("s3"), f"settings-{uuid.uuid4().hex[:8]}"

    def template(**settings: Any) -> str:
        names = ("Arn", "DomainName", "RegionalDomainName", "DualStackDomainName", "WebsiteURL")
        bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **settings}}
        outputs = {attribute: {"Value": {"Fn::GetAtt": ["Bucket", attribute]}} for attribute in names}
        return yaml.safe_dump({"Resources": {"Bucket": bucket}, "Outputs": outputs})

    outputs = stack(template(**SETTINGS))
    assert outputs["Arn"] == f"arn:aws:s3:::{name}"
    assert outputs["RegionalDomainName"] == f"{name}.s3.{target.region}.amazonaws.com"
    assert outputs["WebsiteURL"] == f"http://{name}.s3-website-{target.region}.amazonaws.com"
    assert s3.get_bucket_accelerate_configuration(Bucket=name)["Status"] == "Enabled"
    assert len(s3.get_bucket_acl(Bucket=name)["Grants"]) == 2
    [cors] = s3.get_bucket_cors(Bucket=name)["CORSRules"]
    assert (cors["ID"], cors["ExposeHeaders"], cors["MaxAgeSeconds"]) == ("all", ["ETag"], 9)
    [tiering] = s3.list_bucket_intelligent_tiering_configurations(Bucket=name)["IntelligentTieringConfigurationList"]
    assert (tiering["Id"], tiering["Filter"]) == ("cold", {"Prefix": "a/"})
    first, second = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert first["Filter"] == {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}}
    assert first["Transitions"] == [{"Days": 30, "StorageClass": "GLACIER"}]
    assert first["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2}
    assert second["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]["TargetBucket"] == name
    lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 1}
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "blue"}]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    website = s3.get_bucket_website(Bucket=name)
    assert website["RoutingRules"] == [
        {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}}
    ]
    kept = {"ObjectLockEnabled": True, "VersioningConfiguration": {"Status": "Enabled"}}
    stack(template(**kept, CorsConfiguration={"CorsRules": [{"AllowedMethods": ["PUT"], "AllowedOrigins": ["*"]}]}))
    assert s3.get_bucket_cors(Bucket=name)["CORSRules"][0]["AllowedMethods"] == ["PUT"]
    assert s3.get_bucket_accelerate_configuration(Bucket=name)["Status"] == "Suspended"
    assert "IntelligentTieringConfigurationList" not in s3.list_bucket_intelligent_tiering_configurations(Bucket=name)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=name)
    assert "Rule" not in s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    for ask in (s3.get_bucket_lifecycle_configuration, s3.get_bucket_website, s3.get_bucket_tagging):
        with pytest.raises(ClientError) as refused:
            ask(Bucket=name)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_site_is_served_under_its_policy(
    client: Callable[..., Any], stack: Callable[..., dict[str, str]], target: Target
) -> None:
    s3, name = client("s3"), f"site-{uuid.uuid4().hex[:8]}"
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    open_to_all = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), "false"
    )
    properties = {
        "BucketName": name,
        "PublicAccessBlockConfiguration": open_to_all,
        "WebsiteConfiguration": {"IndexDocument": "index.html"},
    }
    policy = {"Bucket": {"Ref": "Site"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]}}
    resources = {
        "Site": {"Type": "AWS::S3::Bucket", "Properties": properties},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
    }
    stack(yaml.safe_dump({"Resources": resources}))
    s3.put_object(Bucket=name, Key="index.html", Body=b"hello")
    with urlopen(f"{target.endpoint_url}/_aws/s3-website/{name}/") as page:
        assert page.read() == b"hello"
    s3.delete_object(Bucket=name, Key="index.html")
