"""Names of services as the Java SDK has them."""

from __future__ import annotations

import pytest

from emulator.protocols.service_names import ServiceNames, class_prefix, service_of_sdk_name


@pytest.mark.parametrize(
    ("sdk_name", "botocore", "prefix"),
    [
        ("s3", "s3", "S3"),
        ("dynamodb", "dynamodb", "DynamoDb"),
        ("cloudwatchlogs", "logs", "CloudWatchLogs"),
        ("eventbridge", "events", "EventBridge"),
        ("sfn", "stepfunctions", "Sfn"),
        ("apigatewayv2", "apigatewayv2", "ApiGatewayV2"),
        ("wafv2", "wafv2", "Wafv2"),
        ("sesv2", "sesv2", "SesV2"),
        ("elasticloadbalancingv2", "elbv2", "ElasticLoadBalancingV2"),
        ("cognitoidentityprovider", "cognito-idp", "CognitoIdentityProvider"),
        ("quicksight", "quicksight", "QuickSight"),
        ("dynamodbstreams", "dynamodbstreams", "DynamoDbStreams"),
    ],
)
def test_a_service_by_its_name_in_an_arn(sdk_name: str, botocore: str, prefix: str) -> None:
    assert service_of_sdk_name(sdk_name) == ServiceNames(botocore, prefix)


@pytest.mark.parametrize("name", ["wonders", "", "logs", "../s3"])
def test_what_is_no_name_of_the_sdk_is_no_service(name: str) -> None:
    assert service_of_sdk_name(name) is None


@pytest.mark.parametrize(
    ("service_id", "expected"), [("ACM PCA", "AcmPca"), ("IoT", "Iot"), ("EC2", "Ec2"), ("XRay", "XRay")]
)
def test_class_prefixes(service_id: str, expected: str) -> None:
    assert class_prefix(service_id) == expected
