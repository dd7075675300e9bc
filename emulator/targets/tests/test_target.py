"""A target as data: it travels, it names what is missing, it hides its secrets."""

from __future__ import annotations

import pytest

from emulator.errors import EmulatorError
from emulator.targets import Target, aws_target, container_target
from emulator.targets.api_url import find_api_url, reachable_url
from emulator.targets.duration import seconds_of
from emulator.targets.eventually import eventually
from emulator.targets.waterfall import waterfall


def a_target(**more: object) -> Target:
    values: dict[str, object] = {
        "name": "embedded",
        "endpoint_url": "http://127.0.0.1:1",
        "region": "eu-west-1",
        "access_key_id": "id",
        "secret_access_key": "very secret",
        "stack_name": "stack",
        "outputs": {"BucketName": "bucket"},
        "capabilities": frozenset({"control", "faults"}),
    }
    return Target(**{**values, **more})  # type: ignore[arg-type]


def test_target_survives_its_way_through_the_environment() -> None:
    target = a_target(api_key="key", process_id=7)
    assert Target.from_environment({"WINDTUNNEL_TARGET": target.to_json()}) == target


def test_environment_without_a_target_is_named() -> None:
    with pytest.raises(EmulatorError, match="WINDTUNNEL_TARGET is not set"):
        Target.from_environment({})


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"capabilities": [], "surprise": 1}'])
def test_text_that_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(EmulatorError, match="no target"):
        Target.from_json(text)


def test_secrets_are_not_in_its_repr() -> None:
    text = repr(a_target(api_key="key of theirs", session_token="session of theirs"))
    assert "secret" not in text.replace("secret_access_key", "")
    assert "theirs" not in text


def test_missing_output_and_capability_are_named_with_what_there_is() -> None:
    with pytest.raises(EmulatorError, match=r"no output QueueUrl; its outputs: BucketName"):
        a_target().output("QueueUrl")
    with pytest.raises(EmulatorError, match=r"cannot do virtual_time; it can: control, faults"):
        a_target().require("virtual_time")


def test_client_speaks_to_the_endpoint_and_is_made_once() -> None:
    target = a_target()
    client = target.client("sqs")
    assert client.meta.endpoint_url == "http://127.0.0.1:1"
    assert client.meta.region_name == "eu-west-1"
    assert target.client("sqs") is client


def test_target_without_an_endpoint_is_aws_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert a_target(endpoint_url=None).client("sqs").meta.endpoint_url == "https://sqs.eu-west-1.amazonaws.com"


STAGE = "https://abc123.execute-api.us-east-1.amazonaws.com"
URLS = [
    (f"{STAGE}/Prod/ingest", "http://127.0.0.1:1/_aws/execute-api/abc123/Prod/ingest"),
    (f"{STAGE}/Prod/a/b?c=d", "http://127.0.0.1:1/_aws/execute-api/abc123/Prod/a/b?c=d"),
    (STAGE, "http://127.0.0.1:1/_aws/execute-api/abc123/"),
    ("https://example.com/Prod", "https://example.com/Prod"),
    ("https://abc.lambda-url.us-east-1.on.aws/", "http://127.0.0.1:1/_aws/lambda-url/abc/"),
    ("https://abc.lambda-url.us-east-1.on.aws/a?b=c", "http://127.0.0.1:1/_aws/lambda-url/abc/a?b=c"),
    (
        "http://abc123.execute-api.us-east-1.amazonaws.com/Prod",
        "http://abc123.execute-api.us-east-1.amazonaws.com/Prod",
    ),
]


@pytest.mark.parametrize(("url", "reachable"), URLS)
def test_stage_and_function_urls_are_rewritten_to_the_endpoint_and_no_other(url: str, reachable: str) -> None:
    assert reachable_url(url, "http://127.0.0.1:1") == reachable
    assert reachable_url(url, None) == url


def test_api_is_the_ingest_url_or_else_the_first_stage() -> None:
    outputs = {"Bucket": "b", "Other": f"{STAGE}/Prod/other", "IngestUrl": f"{STAGE}/Prod/ingest"}
    assert find_api_url(outputs, None) == f"{STAGE}/Prod/ingest"
    del outputs["IngestUrl"]
    assert find_api_url(outputs, None) == f"{STAGE}/Prod/other"
    assert find_api_url({"Bucket": "b"}, None) is None


@pytest.mark.parametrize(
    ("span", "seconds"),
    [("10s", 10), ("500ms", 0.5), ("2h", 7200), ("1h30m", 5400), ("1d 2m", 86520), (3, 3), ("7", 7)],
)
def test_span_in_seconds(span: str | float, seconds: float) -> None:
    assert seconds_of(span) == pytest.approx(seconds)


@pytest.mark.parametrize("span", ["", "soon", "10x", "s", "-5s", "1h banana"])
def test_text_that_is_no_span_is_refused(span: str) -> None:
    with pytest.raises(EmulatorError, match="no span of time"):
        seconds_of(span)


def test_eventually_looks_until_it_is_so_and_once_more_at_the_end() -> None:
    answers = iter([False, False, True])
    assert eventually(lambda: next(answers), "5s")
    late = iter([False, True])
    assert eventually(lambda: next(late), 0)
    assert not eventually(lambda: False, "30ms")


def test_waterfall_draws_calls_in_order_of_their_start() -> None:
    entries = [
        {"sequence": 2, "time": 11.0, "started": 10.5, "kind": "call", "service": "s3", "operation": "PutObject"},
        {
            "sequence": 1,
            "time": 10.2,
            "started": 10.0,
            "kind": "call",
            "service": "lambda",
            "operation": "Invoke",
            "resource": "x" * 100,
            "outcome": "TooManyRequestsException",
        },
    ]
    first, second = waterfall(entries).splitlines()
    assert "0.0 ms     200.0 ms |######" in first
    assert first.endswith("TooManyRequestsException")
    assert len(first) < 170
    assert "500.0 ms     500.0 ms |               ###############| s3 PutObject" in second
    assert "nothing" in waterfall([])


class Clients:
    """What boto3 would answer for a deployed stack: each service is this object again."""

    access_key, secret_key, token = "id", "secret", "session"
    region_name = "eu-central-1"

    def __init__(self, account: str = "111111111111", **stack: object) -> None:
        self.account = account
        self.asked: list[str] = []
        self.aliases: list[str] = []
        self.organisation: list[dict[str, str]] = []
        rows = [{"OutputKey": "IngestUrl", "OutputValue": f"{STAGE}/Prod/ingest"}]
        self.described = {"StackStatus": "CREATE_COMPLETE", "Outputs": rows, "Tags": [], **stack}

    def client(self, service: str, **_: object) -> Clients:
        self.asked.append(service)
        return self

    def get_credentials(self) -> Clients:
        return self

    def get_frozen_credentials(self) -> Clients:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self.account, "Arn": f"arn:aws:iam::{self.account}:user/tester"}

    def describe_stacks(self, StackName: str) -> dict[str, object]:
        return {"Stacks": [{"StackName": StackName, **self.described}]}

    def list_account_aliases(self) -> dict[str, object]:
        return {"AccountAliases": self.aliases}

    def list_tags_for_resource(self, ResourceId: str) -> dict[str, object]:
        return {"Tags": self.organisation}


ALLOWED = {"WINDTUNNEL_ALLOWED_ACCOUNTS": "111111111111, 333333333333"}


def test_aws_works_in_named_accounts_alone() -> None:
    with pytest.raises(EmulatorError, match="WINDTUNNEL_ALLOWED_ACCOUNTS"):
        aws_target("stack", environ={}, session=Clients())
    stranger = Clients("222222222222")
    with pytest.raises(EmulatorError, match=r"account 222222222222, .* use another profile, or add it"):
        aws_target("stack", environ=ALLOWED, session=stranger)
    assert stranger.asked == ["sts"], "nothing but the account is asked before it is known to be allowed"


def test_aws_target_has_the_stacks_outputs_caps_and_no_powers() -> None:
    target = aws_target("stack", environ=ALLOWED, session=Clients())
    assert target.api_url == f"{STAGE}/Prod/ingest"
    assert (target.endpoint_url, target.region, target.session_token) == (None, "eu-central-1", "session")
    assert (target.account_id, target.capabilities) == ("111111111111", frozenset())
    assert target.caps is not None
    assert (target.caps.max_rate, target.caps.max_cost_usd) == (10.0, 1.0)
    assert Target.from_json(target.to_json()) == target


def test_stack_in_the_middle_of_a_change_is_refused() -> None:
    with pytest.raises(EmulatorError, match=r"UPDATE_IN_PROGRESS.*deploy it to its end first"):
        aws_target("stack", environ=ALLOWED, session=Clients(StackStatus="UPDATE_IN_PROGRESS"))


def test_production_is_refused_by_whatever_marks_it() -> None:
    for name, change in {
        "stack's tag Env=prod": {
            "described": {"StackStatus": "CREATE_COMPLETE", "Tags": [{"Key": "Env", "Value": "prod"}]}
        },
        "account alias bank-production": {"aliases": ["bank-production"]},
        "account's tag Production=yes": {"organisation": [{"Key": "Production", "Value": "yes"}]},
    }.items():
        session = Clients()
        vars(session).update(change)
        with pytest.raises(EmulatorError, match=rf"marked as production \({name}\): nothing is sent there"):
            aws_target("stack", environ=ALLOWED, session=session)
    with pytest.raises(EmulatorError, match="stack audit-prod"):
        aws_target("audit-prod", environ=ALLOWED, session=Clients())


def test_clients_of_a_deployed_stack_only_read() -> None:
    target = aws_target("stack", environ=ALLOWED, session=Clients())
    with pytest.raises(EmulatorError, match="s3:PutObject is not for a deployed stack"):
        target.client("s3").put_object(Bucket="b", Key="k", Body=b"")
    with pytest.raises(EmulatorError, match="dynamodb:DeleteItem"):
        target.client("dynamodb").delete_item(TableName="t", Key={})


def test_container_says_that_it_is_not_built() -> None:
    with pytest.raises(EmulatorError, match="not built yet"):
        container_target("stack")
