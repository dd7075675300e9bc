"""Whether the credentials may do what a run and its clean-up do. Nothing is written to find out.

What only reads is tried: an answer that nothing is there is as good as one that something is. What would take or delete is asked of IAM,
which knows the identity's own policies and boundaries, and not what a bucket's or a queue's policy forbids.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from loadtests.staging.check import Check, failed, ok, warning

__all__ = ["CLEAN_UP_RIGHTS", "RUN_RIGHTS", "check_rights", "principal_of"]

# Each with what it is a right to, by the name of the stack's output.
RUN_RIGHTS: Mapping[str, str] = {"sqs:ReceiveMessage": "SubscriberQueueUrl", "sqs:DeleteMessage": "SubscriberQueueUrl"}
CLEAN_UP_RIGHTS: Mapping[str, str] = {
    "dynamodb:Scan": "MetadataTableName",
    "dynamodb:DeleteItem": "MetadataTableName",
    "s3:ListBucketVersions": "ArchiveBucketName",
    "s3:GetObjectVersion": "ArchiveBucketName/*",
    "s3:DeleteObject": "ArchiveBucketName/*",
    "s3:DeleteObjectVersion": "ArchiveBucketName/*",
    "sqs:ChangeMessageVisibility": "SubscriberQueueUrl",
}
_NOBODY = "windtunnel-doctor"
_ABSENT = ("NoSuchKey", "404", "NotFound")
_ADVICE = "the policy of a tester is in docs/staging.md"


def check_rights(client: Callable[[str], Any], arn: str, region: str, outputs: Mapping[str, str]) -> Iterator[Check]:
    """Yield a check for each right that can be tried, and one each for what a run and a clean-up need besides."""
    for action, attempt in _attempts(client, outputs).items():
        why_not = _denial(attempt)
        subject = f"right: {action}"
        yield ok(subject, "tried") if why_not is None else failed(subject, why_not, _ADVICE)
    yield from _simulated(client("iam"), arn, region, outputs)


def _attempts(client: Callable[[str], Any], outputs: Mapping[str, str]) -> dict[str, Callable[[], Any]]:
    bucket, table = outputs["ArchiveBucketName"], outputs["MetadataTableName"]
    return {
        "s3:ListBucket": lambda: client("s3").list_objects_v2(Bucket=bucket, MaxKeys=1),
        "s3:GetObject": lambda: client("s3").get_object(Bucket=bucket, Key=_NOBODY),
        "dynamodb:Query": lambda: client("dynamodb").query(
            TableName=table,
            KeyConditionExpression="messageID = :id",
            ExpressionAttributeValues={":id": {"S": _NOBODY}},
        ),
    }


def _denial(attempt: Callable[[], Any]) -> str | None:
    from botocore.exceptions import ClientError

    try:
        attempt()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in _ABSENT:
            return f"{error.operation_name} answered {code}, {error.response['Error'].get('Message', '')}"
    return None


def _simulated(iam: Any, arn: str, region: str, outputs: Mapping[str, str]) -> Iterator[Check]:
    from botocore.exceptions import ClientError

    try:
        source = principal_of(iam, arn)
        denied = _denied(iam, source, arn, region, outputs)
    except ClientError as error:
        yield warning(
            "rights to take and to delete",
            f"IAM does not say ({error.operation_name} answered {error.response['Error']['Code']})",
            "grant iam:SimulatePrincipalPolicy and iam:GetRole, or compare with the policy in docs/staging.md",
        )
        return
    missing = [action for action in RUN_RIGHTS if action in denied]
    detail = f"{', '.join(RUN_RIGHTS)}: by IAM's simulation"
    subject = "rights to take notices"
    yield failed(subject, f"IAM would deny {', '.join(missing)}", _ADVICE) if missing else ok(subject, detail)
    missing = [action for action in CLEAN_UP_RIGHTS if action in denied]
    subject, detail = "rights to clean up", f"{len(CLEAN_UP_RIGHTS)} of them: by IAM's simulation"
    advice = f"a run leaves things behind that these credentials cannot delete; {_ADVICE}"
    yield warning(subject, f"IAM would deny {', '.join(missing)}", advice) if missing else ok(subject, detail)


def principal_of(iam: Any, arn: str) -> str:
    """Return the identity whose policies count: a session's role, by its own ARN, since the session's leaves its path out."""
    match = re.fullmatch(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]+)/.+", arn)
    if match is None:
        return arn
    role: str = iam.get_role(RoleName=match[3])["Role"]["Arn"]
    return role


def _denied(iam: Any, source: str, arn: str, region: str, outputs: Mapping[str, str]) -> set[str]:
    """The actions that IAM would deny; asked for once for each thing that they are done to."""
    wanted = {**RUN_RIGHTS, **CLEAN_UP_RIGHTS}
    denied = set()
    for place in dict.fromkeys(wanted.values()):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=source,
            ActionNames=[action for action, where in wanted.items() if where == place],
            ResourceArns=[_resource(place, arn, region, outputs)],
        )
        rows = answer["EvaluationResults"]
        denied |= {row["EvalActionName"] for row in rows if row["EvalDecision"] != "allowed"}
    return denied


def _resource(output: str, arn: str, region: str, outputs: Mapping[str, str]) -> str:
    _, partition, _, _, account, _ = arn.split(":", 5)
    name = outputs[output.removesuffix("/*")]
    if output.startswith("ArchiveBucketName"):
        return f"arn:{partition}:s3:::{name}" + ("/*" if output.endswith("/*") else "")
    if output == "MetadataTableName":
        return f"arn:{partition}:dynamodb:{region}:{account}:table/{name}"
    return f"arn:{partition}:sqs:{region}:{account}:{name.rpartition('/')[2]}"
