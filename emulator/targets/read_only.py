"""What may be called on a deployed stack that is only watched: reads, and the taking of notices from the test subscriber's queue.

Messages go in through the pipeline's own API and nowhere else, so a probe that would write is refused here, before AWS is asked.
"""

from __future__ import annotations

from typing import Any

from emulator.errors import EmulatorError

__all__ = ["READ_ONLY", "refuse_writes"]

READ_ONLY = frozenset(
    {
        "apigateway:GetApiKey",
        "apigateway:GetUsagePlans",
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "iam:GetRole",
        "iam:ListAccountAliases",
        "iam:SimulatePrincipalPolicy",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "organizations:ListTagsForResource",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:HeadBucket",
        "s3:HeadObject",
        "s3:ListObjectVersions",
        "s3:ListObjectsV2",
        "service-quotas:GetServiceQuota",
        "sns:ListSubscriptionsByTopic",
        "sqs:DeleteMessage",
        "sqs:DeleteMessageBatch",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "stepfunctions:DescribeExecution",
        "stepfunctions:GetExecutionHistory",
        "stepfunctions:ListExecutions",
        "sts:GetCallerIdentity",
    }
)


def refuse_writes(client: Any) -> None:
    """Have a boto3 client raise EmulatorError for every operation that is not on the list."""
    service = client.meta.service_model.service_name

    def check(model: Any, **_: Any) -> None:
        name = f"{service}:{model.name}"
        if name not in READ_ONLY:
            raise EmulatorError(
                f"{name} is not for a deployed stack: there, messages go in through its API, and everything else only reads"
            )

    client.meta.events.register("before-parameter-build", check)
