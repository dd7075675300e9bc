"""Who may invoke a function: https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.operation import CallContext
from emulator.services.lambda_.errors import AccessDeniedException
from emulator.services.lambda_.tests.fake_sandbox import Lambda

API = "arn:aws:execute-api:us-east-1:000000000000:abc/Prod/GET/hello/{name}"
TOPIC = "arn:aws:sns:us-east-1:000000000000:topic"
GATEWAY = "apigateway.amazonaws.com"


def invoke_as(aws: Lambda, principal: str, source_arn: str = "", name: str = "f", **params: Any) -> Any:
    outcome: list[tuple[Any, BaseException | None]] = []
    context = CallContext(aws.clock.now(), "request", principal=principal, source_arn=source_arn)
    call = {"FunctionName": name, "Payload": b"{}", **params}
    aws.engine.call("lambda", "Invoke", call, context, lambda *ended: outcome.append(ended))
    aws.engine.run_ready()
    ((result, error),) = outcome
    if error is not None:
        raise error
    return result


def allow(aws: Lambda, principal: str = GATEWAY, sid: str = "s", **params: Any) -> None:
    statement = {"StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": principal}
    aws.call("AddPermission", **{"FunctionName": "f", **statement, **params})


@pytest.fixture
def aws() -> Lambda:
    aws = Lambda()
    aws.function()
    return aws


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_a_service_without_permission_is_refused(aws: Lambda, kind: str) -> None:
    allow(aws, "s3.amazonaws.com")
    with pytest.raises(AccessDeniedException) as refused:
        invoke_as(aws, GATEWAY, API, InvocationType=kind)
    assert (refused.value.status, refused.value.code) == (403, "AccessDeniedException")
    assert refused.value.message.startswith(
        "User: apigateway.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: "
        "arn:aws:lambda:us-east-1:000000000000:function:f because"
    )
    assert aws.runs == []


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({}, True),
        ({"Action": "lambda:*"}, True),
        ({"Action": "*"}, True),
        ({"Action": "lambda:InvokeFunctionUrl"}, False),
        ({"Principal": "*"}, True),
        ({"Principal": "sns.amazonaws.com"}, False),
        ({"Principal": "000000000000"}, False),
        ({"SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/hello/*"}, True),
        ({"SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/*/*/*"}, True),
        ({"SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/*/POST/hello/*"}, False),
        ({"SourceArn": "arn:aws:execute-api:us-east-1:000000000000:other/*"}, False),
        ({"SourceArn": API, "SourceAccount": "000000000000"}, True),
        ({"SourceArn": API, "SourceAccount": "111122223333"}, False),
        ({"PrincipalOrgID": "o-1234567890"}, False),
    ],
    ids=str,
)
def test_a_statement_allows_what_it_names(aws: Lambda, statement: dict[str, str], allowed: bool) -> None:
    allow(aws, **statement)
    if allowed:
        assert invoke_as(aws, GATEWAY, API)["StatusCode"] == 200
    else:
        with pytest.raises(AccessDeniedException):
            invoke_as(aws, GATEWAY, API)


def test_one_statement_of_several_is_enough(aws: Lambda) -> None:
    allow(aws, sid="a", SourceArn="arn:aws:execute-api:us-east-1:000000000000:other/*")
    allow(aws, "sns.amazonaws.com", sid="b", SourceArn=TOPIC)
    assert invoke_as(aws, "sns.amazonaws.com", TOPIC, InvocationType="Event")["StatusCode"] == 202
    aws.call("RemovePermission", FunctionName="f", StatementId="b")
    with pytest.raises(AccessDeniedException):
        invoke_as(aws, "sns.amazonaws.com", TOPIC, InvocationType="Event")


def test_the_policy_of_an_alias_is_its_own(aws: Lambda) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"""
    aws.call("PublishVersion", FunctionName="f")
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    allow(aws)
    with pytest.raises(AccessDeniedException):
        invoke_as(aws, GATEWAY, API, name="f:live")
    allow(aws, Qualifier="live")
    assert invoke_as(aws, GATEWAY, API, name="f:live")["ExecutedVersion"] == "1"


@pytest.mark.parametrize(
    "caller",
    [
        "",
        "arn:aws:iam::000000000000:root",
        "arn:aws:iam::000000000000:role/machine",
        "states.amazonaws.com",
        "lambda.amazonaws.com",
    ],
)
def test_a_caller_with_a_role_or_a_user_needs_no_resource_policy(aws: Lambda, caller: str) -> None:
    assert invoke_as(aws, caller)["StatusCode"] == 200
