"""Limits of a pipeline: calculated from templates, with the emulator's own quotas, and honest about what code decides."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.errors import EmulatorError
from emulator.limits import Assessment, Measured, Message, Status, TemplateView, Text, assess, largest, read_view
from emulator.limits.ceilings import Profile
from emulator.services.sqs.quotas import SqsQuotas

KIB, MIB = 1024, 1024 * 1024
AUDIT_INGEST = Path(__file__).parents[3] / "system" / "audit_ingest" / "template.yaml"


@pytest.fixture(scope="module")
def audit_ingest() -> TemplateView:
    return read_view(AUDIT_INGEST)


def view_of(folder: Path, **resources: Any) -> TemplateView:
    path = folder / "template.json"
    path.write_text(json.dumps({"Resources": resources}))
    return read_view(path)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def statuses(found: Assessment) -> dict[str, str]:
    return {f"{hop.source}>{hop.target}": str(hop.status) for hop in found.hops}


def size_at(found: Assessment, target: str) -> int | None:
    return next(hop.size_bytes for hop in found.hops if hop.target == target)


def function(*allowed: dict[str, Any]) -> dict[str, Any]:
    """A function's role with statements, and the function."""
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": list(allowed)}}]
    return {
        "Role": resource("IAM::Role", Policies=policies),
        "Function": resource("Lambda::Function", Role={"Fn::GetAtt": ["Role", "Arn"]}),
    }


def api(**more: Any) -> dict[str, Any]:
    uri = {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations"}
    body = {"paths": {"/": {"post": {"x-amazon-apigateway-integration": {"uri": uri, "type": "aws_proxy"}}}}}
    return {"Api": resource("ApiGateway::RestApi", Body=body, **more)}


# -- texts -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "plain", '{"a": "b"}', 'back\\slash "quoted"', '\\\\""'])
def test_text_in_json_is_as_long_as_json_makes_it(text: str) -> None:
    """And again inside another string: a message in an SNS envelope in an SQS record."""
    sized = Text(len(text), text.count('"'), text.count("\\"))
    once, twice = json.dumps(text), json.dumps(json.dumps(text))
    assert sized.in_json().size_bytes == len(once)
    assert sized.in_json().in_json().size_bytes == len(twice)


@pytest.mark.parametrize(("plain", "encoded"), [(0, 0), (1, 4), (3, 4), (4, 8), (6_000_000, 8_000_000)])
def test_base64_takes_four_bytes_for_three(plain: int, encoded: int) -> None:
    assert Text(plain).in_base64().size_bytes == encoded


def test_sample_tells_how_much_json_escapes() -> None:
    dense = Message.of_size(1_000_000, b'{"a":"b"}' * 100)
    assert dense.body.in_json().size_bytes > 1_400_000
    assert Message.of_size(1_000_000).body.in_json().size_bytes < 1_000_100


# -- the audit system ------------------------------------------------------------------------------------------------------


def test_message_of_6_mb_is_near_lambdas_limit_and_passes(audit_ingest: TemplateView) -> None:
    found = assess(audit_ingest, Message.of_size(6_000_000))
    assert found.refused is None
    assert statuses(found)["IngestApi>IngestMessageFunction"] == Status.NEAR
    assert statuses(found)["IngestMessageFunction>RedisStack.Redis"] == Status.OK


def test_message_that_lambda_refuses_is_refused_there_with_awss_error_and_page(audit_ingest: TemplateView) -> None:
    refused = assess(audit_ingest, Message.of_size(6_291_000)).refused
    assert refused is not None
    assert (refused.source, refused.target) == ("IngestApi", "IngestMessageFunction")
    assert refused.error.startswith("413")
    assert refused.doc.startswith("https://docs.aws.amazon.com/lambda/")
    assert refused.share is not None
    assert refused.share > 1


def test_message_above_10_mib_is_refused_by_the_api(audit_ingest: TemplateView) -> None:
    refused = assess(audit_ingest, Message.of_size(10 * MIB + 1)).refused
    assert refused is not None
    assert refused.target == "IngestApi"
    assert "10485760" in refused.error


def test_what_code_hands_on_is_not_known_until_it_was_measured(audit_ingest: TemplateView) -> None:
    message = Message.of_size(6_000_000)
    guessed, start = assess(audit_ingest, message), "IngestMessageFunction>IngestStateMachine"
    assert statuses(guessed)[start] == Status.CODE
    assert "RedisStack.Redis" in next(hop.basis for hop in guessed.hops if hop.target == "IngestStateMachine")
    pointer = Measured("a run", 1_000_000, {"states:StartExecution": 1_400})
    assert statuses(assess(audit_ingest, message, measured=pointer))[start] == Status.OK
    whole = Measured("a run", 1_000_000, {"states:StartExecution": 1_000_000})
    assert statuses(assess(audit_ingest, message, measured=whole))[start] == Status.CODE


def test_largest_message_passes_and_one_byte_more_does_not(audit_ingest: TemplateView) -> None:
    found = largest(audit_ingest, Message.of_size(MIB))
    assert found is not None
    assert found.refused is None
    assert assess(audit_ingest, Message.of_size(found.message_bytes + 1)).refused is not None
    assert 6 * MIB - 4096 < found.message_bytes < 6 * MIB


# -- other templates -------------------------------------------------------------------------------------------------------


def test_binary_body_takes_a_third_more(tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html"""
    view = view_of(tmp_path, **api(BinaryMediaTypes=["application/octet-stream"]), **function())
    message = Message.of_size(4_700_000, content_type="application/octet-stream")
    assert statuses(assess(view, message))["Api>Function"] == Status.NEAR
    assert statuses(assess(view, message.resized(4_800_000)))["Api>Function"] == Status.REFUSED
    text = Message.of_size(4_800_000)
    assert statuses(assess(view, text))["Api>Function"] == Status.OK


def test_topics_envelope_can_be_what_a_queue_refuses(tmp_path: Path) -> None:
    subscription = {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]}}
    parts = {"Topic": resource("SNS::Topic"), "Queue": resource("SQS::Queue", MaximumMessageSize=100_000)}
    enveloped = view_of(tmp_path, **parts, Subscription=resource("SNS::Subscription", **subscription))
    assert statuses(assess(enveloped, Message.of_size(99_500)))["Topic>Queue"] == Status.REFUSED
    raw = view_of(
        tmp_path, **parts, Subscription=resource("SNS::Subscription", **subscription, RawMessageDelivery=True)
    )
    assert statuses(assess(raw, Message.of_size(99_500)))["Topic>Queue"] == Status.NEAR


def test_topic_may_set_a_larger_limit_for_itself(tmp_path: Path) -> None:
    role = function({"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": "Topic"}})
    for limit, expected in ((None, Status.CODE), (1_048_576, Status.OK)):
        topic = resource("SNS::Topic") if limit is None else resource("SNS::Topic", MaximumMessageSize=limit)
        view = view_of(tmp_path, **api(), **role, Topic=topic)
        assert statuses(assess(view, Message.of_size(500_000)))["Function>Topic"] == expected


def test_queue_and_its_consumer(tmp_path: Path) -> None:
    mapping = resource(
        "Lambda::EventSourceMapping",
        EventSourceArn={"Fn::GetAtt": ["Queue", "Arn"]},
        FunctionName={"Ref": "Function"},
    )
    view = view_of(tmp_path, Queue=resource("SQS::Queue"), Mapping=mapping, **function())
    found = assess(view, Message.of_size(MIB))
    assert (size_at(found, "Function") or 0) > MIB
    assert found.refused is None


def test_bucket_tells_of_an_object_without_holding_it(tmp_path: Path) -> None:
    notices = {
        "LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["Function", "Arn"]}}]
    }
    view = view_of(tmp_path, Bucket=resource("S3::Bucket", NotificationConfiguration=notices), **function())
    found = assess(view, Message.of_size(4_000 * MIB))
    assert found.refused is None
    assert (size_at(found, "Function") or 0) < 4 * KIB


def test_workflow_takes_what_a_state_may_hold_and_no_more(tmp_path: Path) -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Function.Arn}", "End": True}}}
    machine = resource("StepFunctions::StateMachine", DefinitionString={"Fn::Sub": json.dumps(definition)})
    rule = resource(
        "Events::Rule",
        EventPattern={"source": ["orders"]},
        Targets=[{"Id": "1", "Arn": {"Ref": "Machine"}}],
    )
    view = view_of(tmp_path, Rule=rule, Machine=machine, **function())
    assert assess(view, Message.of_size(200 * KIB)).refused is None
    found = assess(view, Message.of_size(300 * KIB))
    refused = found.refused
    assert refused is not None
    assert (refused.target, refused.operation) == ("Machine", "states:StartExecution")
    assert "no sender hears of it" in refused.error
    assert statuses(found)["Machine>Function"] == Status.OK  # what is not let in does not get further


def test_each_source_of_a_function_is_a_hop_of_its_own(tmp_path: Path) -> None:
    topics = {name: resource("SNS::Topic") for name in ("One", "Other")}
    subscriptions = {
        f"To{name}": resource("SNS::Subscription", TopicArn={"Ref": name}, Endpoint={"Fn::GetAtt": ["Function", "Arn"]})
        for name in topics
    }
    view = view_of(tmp_path, **topics, **subscriptions, **function())
    assert set(statuses(assess(view, Message.of_size(1000)))) == {"One>Function", "Other>Function"}


def test_policy_for_everything_reaches_every_resource_of_the_kind(tmp_path: Path) -> None:
    role = function({"Effect": "Allow", "Action": ["sqs:*"], "Resource": "*"})
    view = view_of(tmp_path, **api(), **role, One=resource("SQS::Queue"), Other=resource("SQS::Queue"))
    assert {"Function>One", "Function>Other"} <= set(statuses(assess(view, Message.of_size(1000))))


def test_target_without_a_known_limit_is_named_as_such(tmp_path: Path) -> None:
    role = function({"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": {"Fn::GetAtt": ["Stream", "Arn"]}})
    view = view_of(tmp_path, **api(), **role, Stream=resource("Kinesis::Stream"))
    assert statuses(assess(view, Message.of_size(1000)))["Function>Stream"] == Status.UNKNOWN


def test_numbers_are_the_emulators_own_quotas(tmp_path: Path) -> None:
    subscription = resource("SNS::Subscription", TopicArn={"Ref": "Topic"}, Endpoint={"Fn::GetAtt": ["Queue", "Arn"]})
    view = view_of(tmp_path, Topic=resource("SNS::Topic"), Queue=resource("SQS::Queue"), Subscription=subscription)
    tiny = replace(Profile(), sqs=SqsQuotas(message_bytes=2_000))
    assert assess(view, Message.of_size(1_500)).refused is None
    assert assess(view, Message.of_size(1_500), tiny).refused is not None


def test_template_without_a_way_in_has_no_hops(tmp_path: Path) -> None:
    assert assess(view_of(tmp_path, Queue=resource("SQS::Queue")), Message.of_size(1)).hops == ()


def test_what_is_no_template_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="--template"):
        read_view(tmp_path / "nothing.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("Resources: [")
    with pytest.raises(EmulatorError, match=r"broken\.yaml"):
        read_view(broken)
