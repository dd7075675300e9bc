"""Constraints of the model, in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.protocols import Wires
from emulator.protocols.patterns import compile_pattern

wires = Wires(strict=True)

ROLE = "arn:aws:iam::000000000000:role/r"
FUNCTION: dict[str, Any] = {"FunctionName": "f", "Role": ROLE, "Code": {"ZipFile": b"z"}}
MACHINE: dict[str, Any] = {"name": "m", "definition": "{}", "roleArn": ROLE}
EXECUTION: dict[str, Any] = {"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m"}

VALID = [
    ("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": ""}),
    ("sns", "Publish", {"TopicArn": "t", "Message": "m"}),
    ("lambda", "CreateFunction", {**FUNCTION, "Timeout": 900, "MemorySize": 10_240, "Runtime": "python3.12"}),
    (
        "lambda",
        "TagResource",
        {"Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "Tags": {"Größe": "ü 1"}},
    ),
    ("stepfunctions", "CreateStateMachine", MACHINE),
    ("stepfunctions", "StartExecution", {**EXECUTION, "input": "{}", "traceHeader": "Root=1-a-b"}),
    ("stepfunctions", "StartExecution", {**EXECUTION, "input": "x" * 262_144}),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "/a", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]},
    ),
    ("logs", "DescribeMetricFilters", {"metricName": "m", "metricNamespace": "A.B-c_d/1#2:space"}),
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {"k": {"M": {"a": {"L": [{"NULL": True}]}}}}}),
]


@pytest.mark.parametrize(("service", "operation", "params"), VALID)
def test_valid_parameters_pass(service: str, operation: str, params: dict[str, Any]) -> None:
    wires.get(service).validate(operation, params)


LONG = "n" * 81
INVALID = [
    (
        "lambda",
        "CreateFunction",
        {**FUNCTION, "Architectures": ["X86_64"]},
        "ValidationException",
        (
            "1 validation error detected: Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
        ),
    ),
    (
        "lambda",
        "CreateAlias",
        {
            "FunctionName": "f",
            "Name": "a",
            "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"2": 2.0}},
        },
        "ValidationException",
        (
            "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
            "constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
            "Member must have value greater than or equal to 0.0, Member must not be null]"
        ),
    ),
    (
        "lambda",
        "CreateFunctionUrlConfig",
        {"FunctionName": "f", "AuthType": "NONE", "InvokeMode": "UNKNOWN"},
        "ValidationException",
        (
            "1 validation error detected: Value 'UNKNOWN' at 'invokeMode' failed to satisfy constraint: "
            "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]"
        ),
    ),
    (
        "stepfunctions",
        "CreateStateMachine",
        {**MACHINE, "name": LONG},
        "ValidationException",
        (
            f"1 validation error detected: Value '{LONG}' at 'name' failed to satisfy constraint: "
            "Member must have length less than or equal to 80"
        ),
    ),
    (
        "stepfunctions",
        "CreateStateMachine",
        {"name": "m", "definition": "{}"},
        "ValidationException",
        "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
    ),
    (  # sensitive members are not quoted, and their size is counted in bytes
        "stepfunctions",
        "StartExecution",
        {**EXECUTION, "input": "ü" * 131_073},
        "ValidationException",
        (
            "1 validation error detected: Value at 'input' failed to satisfy constraint: "
            "Member must have size less than or equal to 262144 bytes in UTF-8 encoding"
        ),
    ),
    (
        "stepfunctions",
        "CreateStateMachine",
        {**MACHINE, "type": "FAST", "name": ""},
        "ValidationException",
        (
            "2 validation errors detected: Value '' at 'name' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1; Value 'FAST' at 'type' failed to satisfy constraint: "
            "Member must satisfy enum value set: [STANDARD, EXPRESS]"
        ),
    ),
    (
        "lambda",
        "CreateFunction",
        {**FUNCTION, "Timeout": 901},
        "ValidationException",
        (
            "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: "
            "Member must have value less than or equal to 900"
        ),
    ),
    (
        "lambda",
        "CreateFunction",
        {**FUNCTION, "Role": "nobody"},
        "ValidationException",
        (
            "1 validation error detected: Value 'nobody' at 'role' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: "
        ),
    ),
    (
        "dynamodb",
        "CreateTable",
        {
            "TableName": "table",
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "X"}],
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        },
        "ValidationException",
        (
            "1 validation error detected: Value 'X' at 'attributeDefinitions.1.member.attributeType' failed to satisfy "
            "constraint: Member must satisfy enum value set: [B, N, S]"
        ),
    ),
    (
        "events",
        "PutEvents",
        {"Entries": []},
        "ValidationException",
        (
            "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        ),
    ),
    (
        "kinesis",
        "AddTagsToStream",
        {"StreamName": "s", "Tags": {"k": "v" * 257}},
        "ValidationException",
        (
            f"1 validation error detected: Value '{{k={'v' * 257}}}' at 'tags' failed to satisfy constraint: Map value must satisfy "
            "constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]"
        ),
    ),
    (
        "kinesis",
        "RemoveTagsFromStream",
        {"StreamName": "s", "TagKeys": ["ok", ""]},
        "ValidationException",
        (
            "1 validation error detected: Value '[ok, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"
        ),
    ),
    (
        "logs",
        "CreateLogGroup",
        {},
        "InvalidParameterException",
        "1 validation error detected: Value null at 'logGroupName'",
    ),
    (
        "cloudformation",
        "DescribeStackEvents",
        {},
        "ValidationError",
        "1 validation error detected: Value null at 'stackName'",
    ),
    ("apigateway", "CreateRestApi", {}, "BadRequestException", "1 validation error detected: Value null at 'name'"),
    (
        "dynamodb",
        "CreateTable",
        {},
        "ValidationException",
        "The parameter 'TableName' is required but was not present in the request",
    ),
    (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{}], "ClientRequestToken": "x" * 37, "ReturnConsumedCapacity": "X"},
        "ValidationException",
        (
            f"2 validation errors detected: Value '{'x' * 37}' at 'clientRequestToken' failed to satisfy constraint: "
            "Member must have length less than or equal to 36; Value 'X' at 'returnConsumedCapacity' failed to satisfy "
            "constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
        ),
    ),
    (
        "sqs",
        "SendMessage",
        {"QueueUrl": "q"},
        "MissingParameter",
        "The request must contain the parameter MessageBody.",
    ),
    (
        "sns",
        "Subscribe",
        {"TopicArn": "t"},
        "InvalidParameter",
        "Invalid parameter: Protocol Reason: no value for required parameter",
    ),
]


@pytest.mark.parametrize(("service", "operation", "params", "code", "text"), INVALID)
def test_violation_is_worded_as_the_service_words_it(
    service: str, operation: str, params: dict[str, Any], code: str, text: str
) -> None:
    with pytest.raises(AwsError) as refused:
        wires.get(service).validate(operation, params)
    assert refused.value.code == code
    assert refused.value.status == 400
    assert refused.value.message.startswith(text)
    assert text.endswith(": ") or "null" in text or refused.value.message == text


def test_length_counts_utf16_units() -> None:
    """Java's strings do; an emoji is two."""
    params = {**MACHINE, "name": "😀" * 41}
    with pytest.raises(AwsError, match="less than or equal to 80"):
        wires.get("stepfunctions").validate("CreateStateMachine", params)


def test_what_is_wrong_inside_a_map_is_found_though_most_of_its_members_cannot_be_wrong() -> None:
    wire = wires.get("dynamodb")
    item: dict[str, Any] = {"pk": {"S": "k"}, "doc": {"M": {"list": {"L": [{"S": "x"}, {"M": {"deep": None}}]}}}}
    with pytest.raises(AwsError) as refused:
        wire.validate("PutItem", {"TableName": "table", "Item": item})
    assert "Value null at 'item.doc.member.m.list.member.l.2.member.m.deep.member'" in refused.value.message
    with pytest.raises(AwsError) as refused:
        wire.validate("PutItem", {"TableName": "table", "Item": {"n" * 65_536: {"S": "x"}}})
    assert "Member must have length less than or equal to 65535" in refused.value.message
    wire.validate("PutItem", {"TableName": "table", "Item": {"n" * 65_535: {"S": "x"}}})


def test_null_in_a_list_is_reported_by_its_place() -> None:
    with pytest.raises(
        AwsError, match=r"Value null at 'tagKeys\.2\.member' failed to satisfy constraint: Member must not be null"
    ):
        wires.get("kinesis").validate("RemoveTagsFromStream", {"StreamName": "s", "TagKeys": ["a", None]})


PATTERNS = [
    (r"[a-z]+", "abc", True),
    (r"[a-z]+", "abc1", False),
    (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "Größe 1", True),
    (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "a#b", False),
    (r"\p{ASCII}*", "Root=1", True),
    (r"\p{ASCII}*", "ü", False),
    (r"\p{Print}+", "a b", True),
    (r"[\w-_]*", "a-b_c", True),
    (r"[\w-_]*", "a b", False),
    (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a😀", True),
    (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "\x01", False),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), PATTERNS)
def test_java_pattern_matches_the_whole_value(pattern: str, text: str, expected: bool) -> None:
    matches = compile_pattern(pattern)
    assert matches is not None
    assert (matches(text) is not None) is expected


def test_pattern_that_python_cannot_compile_is_reported_and_not_checked() -> None:
    assert compile_pattern(r"\p{Nonsense}+") is None


@pytest.mark.parametrize(
    "service", ["apigateway", "cloudformation", "dynamodb", "events", "lambda", "logs", "sns", "sqs", "stepfunctions"]
)
def test_every_pattern_of_a_native_service_is_checked(service: str) -> None:
    wire = wires.get(service)
    for operation in wire.model.operation_names:
        try:
            wire.validate(operation, {})
        except AwsError:
            pass  # required members are missing; the checks are compiled all the same
    assert wire.unchecked_patterns == {}
