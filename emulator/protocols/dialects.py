"""What differs between AWS's services beyond their models: codes, texts and namespaces, as data.

Evidence: texts marked [O] are observed answers quoted in AWS's forums or SDK issues; the rest follows the page
that is linked, or the default of AWS's service framework, which most services share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FRAMEWORK_NAMESPACES", "Dialect", "dialect_of"]

FRAMEWORK_NAMESPACES: Mapping[str, str] = {
    "InternalFailure": "com.amazon.coral.service#",
    "SerializationException": "com.amazon.coral.service#",
    "UnknownOperationException": "com.amazon.coral.service#",
    "ValidationException": "com.amazon.coral.validate#",
}
"""`__type` namespaces of the errors that the service framework itself raises, in the JSON protocols."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one service words what the framework finds."""

    invalid_code: str = "ValidationException"
    """Code of a constraint that a value does not meet."""
    invalid_text: str | None = None
    """Text for the first violation, with {member} and {constraint}; None for the framework's list of all violations."""
    missing_code: str | None = None
    """Code of a missing required member; None for `invalid_code` and the framework's text."""
    missing_text: str = ""
    """Text for the first missing member, with {member}; used with `missing_code`."""
    malformed_code: str = "SerializationException"
    """Code of a body that cannot be parsed."""
    malformed_text: str = "{reason}"
    error_namespace: str = ""
    """Prefix of `__type` for the service's own errors (JSON protocols)."""
    error_fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Members that every error has, by whose fault it is."""
    blob_content_type: str = "application/octet-stream"
    """Content type of a response whose body is a blob member."""
    checks_payload_only: bool = False
    """Whether only the body's document is checked, as against a schema, and the service itself looks at the rest."""
    constraints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By shape: constraints that AWS enforces and the model does not have; None lifts one of the model's. `members_not_null` of a list or
    map of scalars is named among the constraints of its members."""
    missing_alone: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By structure and required member: the text for its absence, where that is told instead of everything else."""
    told_first: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By structure: members whose violations are told before those of the others."""
    byte_sized: frozenset[str] = frozenset()
    """Shapes whose length is counted in bytes of UTF-8."""
    query_codes: Mapping[str, str] = field(default_factory=dict)
    """By error shape: the code of the query protocol that the service spoke before, where it differs from the shape's name."""
    sums_bodies: bool = False
    """Whether responses have the CRC-32 of their body in a header (JSON protocols)."""
    as_is: frozenset[str] = frozenset()
    """Structures that the service keeps as the wire has them, apart from blobs: written without a look into them (JSON protocols)."""


_NO_TABLE_NAME = {"TableName": "The parameter 'TableName' is required but was not present in the request"}  # [O]
_S3_MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"
_QUERY = Dialect(invalid_code="ValidationError")

_DIALECTS: Mapping[str, Dialect] = {
    # https://docs.aws.amazon.com/apigateway/latest/api/CommonErrors.html
    "apigateway": Dialect(invalid_code="BadRequestException"),
    "apigatewayv2": Dialect(invalid_code="BadRequestException"),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
    "cloudformation": _QUERY,
    "dynamodb": Dialect(
        error_namespace="com.amazonaws.dynamodb.v20120810#",  # [O]
        sums_bodies=True,
        as_is=frozenset({"AttributeValue"}),
        constraints={
            # AWS words these itself; the service does.
            "BatchGetRequestMap": {"min": None, "max": None},
            "BatchWriteItemRequestMap": {"min": None, "max": None},
            "KeyList": {"min": None, "max": None},
            "PositiveIntegerObject": {"min": None},
            "WriteRequests": {"min": None, "max": None},
            "ConditionalOperator": {"enum": ()},
            "Select": {"enum": ()},
            # In the order in which AWS lists them. [O]
            "ReturnValue": {"enum": ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")},
            "ScalarAttributeType": {"enum": ("B", "N", "S")},
            "ComparisonOperator": {
                "enum": (
                    *("IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE"),
                    *("BEGINS_WITH", "GE", "CONTAINS"),
                )
            },
        },
        missing_alone={
            "CreateTableInput": _NO_TABLE_NAME,
            "DeleteTableInput": _NO_TABLE_NAME,
            "DescribeTableInput": _NO_TABLE_NAME,
            "UpdateTableInput": _NO_TABLE_NAME,
        },
        told_first={
            "CreateTableInput": (
                "AttributeDefinitions",
                "TableName",
                "KeySchema",
                "GlobalSecondaryIndexes",
                "LocalSecondaryIndexes",
            ),
            "TransactWriteItemsInput": ("ClientRequestToken",),
        },
    ),
    "dynamodbstreams": Dialect(
        error_namespace="com.amazonaws.dynamodb.v20120810#", sums_bodies=True, as_is=frozenset({"AttributeValue"})
    ),
    "elasticache": Dialect(
        invalid_code="InvalidParameterValue",
        missing_code="MissingParameter",
        missing_text="The request must contain the parameter {member}.",
    ),
    "iam": _QUERY,
    # https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html
    "lambda": Dialect(
        malformed_code="InvalidRequestContentException",
        malformed_text="Could not parse request body into json: {reason}",
        error_fields={"client": {"Type": "User"}, "server": {"Type": "Service"}},
        blob_content_type="application/json",
        # The model's bounds are those of Lambda Managed Instances; ordinary functions have these.
        # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        # A runtime that is none is refused by the service itself, with another code than the framework's.
        constraints={
            "Timeout": {"max": 900},
            "MemorySize": {"max": 10_240},
            "Runtime": {"enum": ()},
            "InvokeMode": {"enum": ("RESPONSE_STREAM", "BUFFERED")},  # [O], in this order
            "ArchitecturesList": {"members_not_null": True},  # [O]
            "AdditionalVersionWeights": {"members_not_null": True},  # [O]
        },
    ),
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
    "events": Dialect(
        constraints={
            "ApiDestinationHttpMethod": {"enum": ("HEAD", "POST", "PATCH", "DELETE", "PUT", "GET", "OPTIONS")}  # [O]
        },
    ),
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html
    "logs": Dialect(
        invalid_code="InvalidParameterException",
        # Names that are too long have words of the service's own. A metric's namespace may have any sign [O].
        constraints={
            "LogGroupName": {"max": None},
            "LogStreamName": {"max": None},
            "MetricNamespace": {"pattern": None},
        },
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "s3": Dialect(
        invalid_code="MalformedXML",
        invalid_text=_S3_MALFORMED,
        malformed_code="MalformedXML",
        malformed_text=_S3_MALFORMED,
        checks_payload_only=True,
        # S3 has errors of its own for these: InvalidLocationConstraint, InvalidTag; and InvalidArgument for an event and for the
        # name of a filter's rule, which may be in any case, MalformedACLError for grants, InvalidRequest for a protocol.
        constraints={
            "BucketLocationConstraint": {"enum": ()},
            "Event": {"enum": ()},
            "FilterRuleName": {"enum": ()},
            "ObjectKey": {"min": None},
            "Permission": {"enum": ()},
            "Protocol": {"enum": ()},
            "Type": {"enum": ()},
        },
    ),
    "scheduler": Dialect(),
    # https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
    "sns": Dialect(
        invalid_code="InvalidParameter",
        invalid_text="Invalid parameter: {member} Reason: {constraint}",
        missing_code="InvalidParameter",
        missing_text="Invalid parameter: {member} Reason: no value for required parameter",  # [O]
    ),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
    "sqs": Dialect(
        invalid_code="InvalidParameterValue",
        invalid_text="Value for parameter {member} is invalid. Reason: {constraint}.",
        missing_code="MissingParameter",
        missing_text="The request must contain the parameter {member}.",  # [O]
        error_namespace="com.amazonaws.sqs#",
        # ReceiveMessage shares the shape of its deprecated AttributeNames with GetQueueAttributes, though it takes other names
        # (ApproximateReceiveCount, ...). The service knows which name belongs where.
        constraints={"QueueAttributeName": {"enum": ()}},
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html, under each operation's errors
        query_codes={
            "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
            "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
            "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
            "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
            "PurgeQueueInProgress": "AWS.SimpleQueueService.PurgeQueueInProgress",
            "QueueDeletedRecently": "AWS.SimpleQueueService.QueueDeletedRecently",
            "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
            "QueueNameExists": "QueueAlreadyExists",
            "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
        },
    ),
    # https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
    "stepfunctions": Dialect(
        error_namespace="com.amazonaws.swf.service.v2.model#",  # [O]
        constraints={
            "ExecutionStatus": {
                "enum": ("SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING")
            }  # [O]
        },
        byte_sized=frozenset({"SensitiveData", "SensitiveDataJobInput"}),  # [O]
    ),
    "sts": _QUERY,
}


def dialect_of(service: str, protocol: str) -> Dialect:
    """The dialect of a service; what its protocol implies where the table has no row for it."""
    known = _DIALECTS.get(service)
    if known is not None:
        return known
    return _QUERY if protocol in ("query", "ec2") else Dialect()
