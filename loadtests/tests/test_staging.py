"""Staging as it is used, against a second emulator behind a strict stand-in of AWS's front door, over verified TLS."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest

from emulator.targets import EmbeddedTarget, Pipeline, Target
from loadtests.cli import main
from loadtests.exit_codes import ExitCode
from loadtests.failures import EnvironmentNotReady
from loadtests.persona import Persona
from loadtests.plan import KEY_FOLDER, RunPlan
from loadtests.probe import Prober
from loadtests.progress import Silent
from loadtests.reporting.reports import write_reports
from loadtests.run import LoadRun, RunOptions
from loadtests.run_folder import RunFolder
from loadtests.schedule import Rate
from loadtests.sizes import parse_mix
from loadtests.staging.allowance import SendingCaps
from loadtests.staging.check import Check
from loadtests.staging.doctor import SUBJECTS, check_test_queue
from loadtests.tests import aws_stub
from loadtests.tests.samples import PLAN, good_facts

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "system/audit_ingest/template.yaml"
STACK = "audit-ingest-staging"
REGION = "eu-central-1"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Sessions share what botocore reads from its own files: each command here makes a session, which is slow."""
    loader = botocore.loaders.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda search_path=None: loader)
        yield


@pytest.fixture(scope="module")
def emulator() -> Iterator[Target]:
    """The second emulator: another account, another region."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINDTUNNEL_ACCOUNT_ID", aws_stub.ACCOUNT)
        patch.setenv("WINDTUNNEL_REGION", REGION)
        started = EmbeddedTarget.start(template=TEMPLATE, stack_name=STACK)
    yield started.target
    started.stop()


@pytest.fixture(scope="module")
def front(emulator: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[aws_stub.Front]:
    with aws_stub.running(emulator.endpoint_url or "", tmp_path_factory.mktemp("tls"), aws_stub.Account()) as front:
        yield front


@pytest.fixture
def staging(front: aws_stub.Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> aws_stub.Front:
    """A folder with a settings file, credentials, and trust in the stand-in's certificate."""
    front.account.__dict__.update(aws_stub.Account().__dict__)
    monkeypatch.chdir(tmp_path)
    Path("windtunnel.toml").write_text(
        f"""
        [staging]
        accounts = ["{aws_stub.ACCOUNT}"]
        stack = "{STACK}"
        region = "{REGION}"
        endpoint_url = "{front.url}"
        max_rate = 20
        max_bytes = "5MB"
        counters = "{ROOT / "baselines/audit-ingest.json"}"
        """
    )
    for name, value in {
        "AWS_ACCESS_KEY_ID": aws_stub.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": aws_stub.SECRET_KEY,
        "AWS_CA_BUNDLE": str(front.authority),
        "SSL_CERT_FILE": str(front.authority),
    }.items():
        monkeypatch.setenv(name, value)
    return front


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    given = arguments[1:] if arguments[0] == "load" else arguments
    monkeypatch.setattr("sys.argv", ["windtunnel", *given])
    with pytest.raises(SystemExit) as end:
        main("windtunnel")
    return end.value.code


SCENARIO = """
from loadtests import Scenario, Sender
scenario = Scenario((Sender("branch", "rate(10)", "4kB"),), duration="1s", thresholds=("lost == 0",), max_lag="30s")
"""
LOAD = ("--target", "aws", "--scenario", "scenario.py", "--no-floor")


def stored(target: Target, output: str) -> set[str]:
    pages = target.client("s3").get_paginator("list_objects_v2").paginate(Bucket=target.output(output))
    return {row["Key"] for page in pages for row in page.get("Contents", ())}


def items(target: Target) -> set[str]:
    rows = target.client("dynamodb").scan(TableName=target.output("MetadataTableName"))["Items"]
    return {row["messageID"]["S"] for row in rows}


def notice(key: str) -> str:
    content = {"messageID": "an-id", "messageMetaData": {"sourceTransactionID": key}}
    return json.dumps({"Message": json.dumps(content), "MessageAttributes": {"stage": {"Value": "final"}}})


def test_load_goes_to_staging_and_exactly_what_it_wrote_is_cleaned_up(
    staging: aws_stub.Front, emulator: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    s3, sqs = emulator.client("s3"), emulator.client("sqs")
    strangers = Pipeline(emulator).send(b"a message of somebody else's")
    strangers.wait_for(archived=True, indexed=True, notified="final", within="60s")
    archive = emulator.output("ArchiveBucketName")
    s3.put_bucket_versioning(Bucket=archive, VersioningConfiguration={"Status": "Enabled"})
    Path("scenario.py").write_text(SCENARIO)
    assert run(monkeypatch, "load", *LOAD, "--json") == 0
    output = capsys.readouterr()
    report = json.loads(output.out)
    run_id = report["run_id"]
    told = " ".join(output.err.split())
    assert f"to stack {STACK}, account {aws_stub.ACCOUNT}, {REGION}: at most 14 messages, 56.0 kB" in told
    assert f"windtunnel clean-up {run_id}" in told
    assert report["total"]["final_notice"] == report["total"]["sent"] == 10
    assert staging.account.denied == ["organizations:ListTagsForResource"]
    assert set(staging.account.seen) <= aws_stub.READS | aws_stub.PLAYED | {
        "execute-api:Invoke",
        *staging.account.denied,
    }
    assert len(items(emulator)) == len(stored(emulator, "ArchiveBucketName")) == 1 + 10 + 4

    # What a run may leave besides: a salvaged message, and a notice that came late. One of each is somebody else's.
    own, other = f"windtunnel/{run_id}/0000003", "windtunnel/20261122-000000-0000/0000003"
    for name, key in (("own.json", own), ("other.json", other)):
        body = json.dumps({"event": {"body": json.dumps({"messageMetaData": {"sourceTransactionID": key}})}})
        s3.put_object(Bucket=emulator.output("FailedMessagesBucketName"), Key=name, Body=body.encode())
        sqs.send_message(QueueUrl=emulator.output("SubscriberQueueUrl"), MessageBody=notice(key))

    assert run(monkeypatch, "clean-up", run_id, "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    found = listed["found"]
    assert (len(found["objects"]), len(found["items"]), len(found["salvaged"])) == (14, 14, 1)
    assert (listed["deleted"], listed["prefix"]) == (False, f"windtunnel/{run_id}/")
    assert len(items(emulator)) == 15, "without --yes nothing is deleted"

    # By its id alone, as where the folder is gone.
    (Path("reports") / run_id).rename("elsewhere")
    assert run(monkeypatch, "clean-up", run_id, "--yes") == 0
    assert "Deleted 29 of 29, and 1 notices" in capsys.readouterr().out
    assert items(emulator) == {strangers.message_id}
    versions = s3.list_object_versions(Bucket=archive)
    assert [row["Key"].rpartition("/")[2] for row in versions["Versions"]] == [strangers.message_id]
    assert "DeleteMarkers" not in versions, "versions are deleted, and not hidden"
    assert stored(emulator, "FailedMessagesBucketName") == {"other.json"}
    (left,) = sqs.receive_message(QueueUrl=emulator.output("SubscriberQueueUrl"), MaxNumberOfMessages=10)["Messages"]
    assert left["Body"] == notice(other)
    sqs.delete_message(QueueUrl=emulator.output("SubscriberQueueUrl"), ReceiptHandle=left["ReceiptHandle"])


def test_generator_drops_what_would_cross_a_cap_and_the_run_is_invalid(emulator: Target, tmp_path: Path) -> None:
    """A real generator: it holds the caps of its plan, whoever made that and wherever it goes."""
    caps = SendingCaps(per_second=1000.0, total_bytes=10_000, messages=7, until=2e10)
    plan = RunPlan(
        "20261122-102030-beef",
        (),
        (Persona(schedule=Rate(15.0)),),
        1.0,
        seed=1,
        drain_seconds=60.0,
        max_start_lag_seconds=30.0,
        key_folder=KEY_FOLDER,
        caps=caps,
    )
    options = RunOptions(tuple(parse_mix("2kB")), warm_up_messages=2, with_floor=False, with_journal=False)
    facts, messages = LoadRun(emulator, plan, options, RunFolder(tmp_path / "run"), Silent()).execute()
    summary, verdict = write_reports(RunFolder(tmp_path / "run"), facts, messages)
    assert (summary.total.sent, summary.total.dropped) == (5, 10)
    assert verdict.exit_code is ExitCode.GENERATOR_INVALID
    told = "dropped: the cap on bytes (10000 were left of it for the load)"
    assert Counter(message.error for message in messages) == {None: 5, told: 10}
    assert all(message.key.startswith("windtunnel/20261122-102030-beef/") for message in messages)


def test_clean_up_without_the_right_to_it_says_so(
    staging: aws_stub.Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    staging.account.passed -= {"dynamodb:Scan"}
    assert run(monkeypatch, "clean-up", "20261122-102030-beef", "--yes") == 6
    assert "Scan answered AccessDeniedException" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nonsense", "reports"])
def test_clean_up_knows_runs_by_folder_or_id(
    staging: aws_stub.Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(monkeypatch, "clean-up", name) == 2
    assert "no folder of a run and no run id" in capsys.readouterr().err


def test_clean_up_of_a_run_on_an_emulator_finds_nothing_to_do(
    staging: aws_stub.Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(Path("reports/local"))
    folder.path.mkdir(parents=True)
    good_facts().write(folder.facts)
    assert run(monkeypatch, "clean-up", "local") == 2
    assert "no run on a deployed stack" in capsys.readouterr().err
    plan = replace(PLAN, key_folder="windtunnel")
    good_facts(plan=plan, url="https://elsewhere.example/Prod").write(folder.facts)
    assert run(monkeypatch, "clean-up", "local") == 2
    assert "went to https://elsewhere.example/Prod" in capsys.readouterr().err


REFUSED: list[tuple[dict[str, Any], tuple[str, ...], int, str]] = [
    ({"account_id": "999999999999"}, (), 6, "account 999999999999, which is not one of those"),
    ({"tags": {"Environment": "production"}}, (), 6, "stack's tag Environment=production"),
    ({"aliases": ["bank-prod"]}, (), 6, "account alias bank-prod"),
    ({"passed": aws_stub.READS - {"cloudformation:DescribeStacks"}}, (), 6, "DescribeStacks answered AccessDenied"),
    ({"passed": aws_stub.READS - {"apigateway:GetApiKey"}}, (), 6, "GetApiKey answered AccessDenied"),
    ({}, ("--stack", "no-such-stack"), 6, "no-such-stack does not exist (`aws cloudformation describe-stacks` lists"),
    ({}, ("--rate", "15", "--max-rate", "5"), 2, "15 messages in one second, above max_rate = 5"),
    ({}, ("--sizes", "1MiB"), 2, "above max_bytes = 5.00 MB"),
    ({}, ("--duration", "600"), 2, "above max_duration = 300 s"),
    ({}, ("--max-cost", "0.001"), 2, "above max_cost_usd = 0.001"),
    ({}, ("--max-rate", "21"), 2, "--max-rate would raise max_rate to 21, above the 20 that windtunnel.toml states"),
]


@pytest.mark.parametrize(("account", "options", "code", "told"), REFUSED)
def test_load_is_refused_before_a_message_is_sent(
    staging: aws_stub.Front,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    account: dict[str, Any],
    options: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    vars(staging.account).update(account)
    arguments = ("--target", "aws", "--sizes", "4kB", "--rate", "5", "--duration", "1", *options)
    assert run(monkeypatch, "load", *arguments) == code
    assert told in capsys.readouterr().err
    assert "execute-api:Invoke" not in staging.account.seen
    assert not Path("reports").exists()


def test_other_commands_and_targets_do_not_take_staging(
    staging: aws_stub.Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "capacity", "--target", "aws") == 2
    assert "wears a pipeline out" in capsys.readouterr().err
    assert run(monkeypatch, "load", "--stack", STACK) == 2
    assert "add --target aws" in capsys.readouterr().err
    assert staging.account.seen == []


def test_certificate_that_is_not_trusted_is_refused_on_every_way_in(
    staging: aws_stub.Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(EnvironmentNotReady, match="not trusted"):
        Prober(f"{staging.url}/_aws/execute-api/x/Prod", "key", "windtunnel/run", 1).send(4000)
    checks = diagnosis(monkeypatch, capsys)
    assert (checks["TLS of the API"]["state"], checks["API key"]["state"]) == ("failed", "ok")
    assert "SSL_CERT_FILE" in checks["TLS of the API"]["advice"]
    monkeypatch.delenv("AWS_CA_BUNDLE")
    staging.account.seen.clear()
    assert run(monkeypatch, "load", "--target", "aws") == 6
    assert "is not trusted, and is always verified here" in capsys.readouterr().err
    assert staging.account.seen == []


def diagnosis(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str, code: int = 6
) -> dict[str, Any]:
    capsys.readouterr()
    assert run(monkeypatch, "doctor", "--target", "aws", "--json", *options) == code
    told = json.loads(capsys.readouterr().out)
    assert told["ready"] is (code == 0)
    return {check["subject"]: check for check in told["checks"]}


def test_doctor_finds_nothing_wrong_and_sends_nothing(
    staging: aws_stub.Front, emulator: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = diagnosis(monkeypatch, capsys, code=0)
    assert {check["state"] for check in checks.values()} == {"ok"}
    assert {name.partition(":")[0] for name in checks} >= set(SUBJECTS) - {"quotas", "rights"}
    assert set(staging.account.seen) <= aws_stub.READS | aws_stub.PLAYED | {"organizations:ListTagsForResource"}


WRONG: list[tuple[dict[str, Any], tuple[str, ...], dict[str, str], str]] = [
    ({}, ("--config", "nowhere.toml"), {"settings": "failed", "credentials": "skipped"}, "no settings file"),
    ({"account_id": "9" * 12}, (), {"account": "failed", "clock": "skipped", "rights": "skipped"}, "not one of those"),
    ({"clock_offset": 5.0}, ("--stack", "nowhere"), {"clock": "failed", "stack": "failed"}, "more than 1 s"),
    ({}, ("--stack", "nowhere"), {"stack": "failed", "outputs": "skipped"}, "could not be described"),
    ({"tags": {"env": "live"}}, (), {"stack": "ok", "production": "failed", "outputs": "skipped"}, "tag env=live"),
    ({"passed": aws_stub.READS - {"apigateway:GetApiKey"}}, (), {"API key": "failed"}, "GetApiKey answered"),
    (
        {
            "passed": aws_stub.READS - {"s3:GetObject", "sqs:GetQueueAttributes"},
            "quotas": {"L-B99A9384": 10.0, "L-8A5B8E43": 10000.0},
            "simulated_denials": {"sqs:DeleteMessage", "s3:DeleteObject"},
            "aliases": None,
        },
        (),
        {
            "right: s3:GetObject": "failed",
            "right: s3:ListBucket": "ok",
            "test queue": "failed",
            "quota: Lambda concurrent executions": "failed",
            "quota: API Gateway requests a second": "ok",
            "rights to take notices": "failed",
            "rights to clean up": "warning",
            "production": "warning",
        },
        "IAM would deny sqs:DeleteMessage",
    ),
]


@pytest.mark.parametrize(("account", "options", "states", "told"), WRONG)
def test_doctor_names_what_is_wrong(
    staging: aws_stub.Front,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    account: dict[str, Any],
    options: tuple[str, ...],
    states: dict[str, str],
    told: str,
) -> None:
    vars(staging.account).update(account)
    checks = diagnosis(monkeypatch, capsys, *options)
    assert {name: checks[name]["state"] for name in states} == states
    assert any(told in check["detail"] for check in checks.values() if check["state"] == "failed")
    assert all(check["advice"] or ": " in check["detail"] for check in checks.values() if check["state"] == "failed")


def test_doctor_knows_wrong_credentials(
    staging: aws_stub.Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stand-in verifies signatures: a wrong secret is found out as a wrong key is."""
    for name, value in (("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN")):
        monkeypatch.setenv(name, value)
        checks = diagnosis(monkeypatch, capsys)
        assert checks["credentials"]["state"] == "failed"
        assert "InvalidClientTokenId" in checks["credentials"]["detail"]


def test_doctor_sees_that_others_read_the_queue(emulator: Target) -> None:
    sqs, url = emulator.client("sqs"), emulator.output("SubscriberQueueUrl")

    def check(**changed: str) -> Check:
        (found,) = check_test_queue(emulator.client, {**emulator.outputs, **changed})
        return found

    assert check().state == "ok"
    sqs.send_message(QueueUrl=url, MessageBody="old")
    assert (check().state, check().detail) == ("warning", "1 older messages wait in it")
    (held,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"]
    assert check().state == "failed"
    assert "somebody else reads it" in check().detail
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])
    unheard = emulator.output("IngestDeadLetterQueueUrl")
    assert "is not subscribed" in check(SubscriberQueueUrl=unheard).detail


def test_table_says_what_to_do_next(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = [Check("clock", "failed", "it is late", "set it"), Check("stack", "skipped", "clock failed")]
    monkeypatch.setattr("loadtests.commands.doctor.diagnose", lambda options, config: iter(found))
    assert run(monkeypatch, "doctor") == 6
    told = capsys.readouterr().out
    assert "-> set it" in told
    assert "Not ready. Nothing was sent." in told
    assert run(monkeypatch, "doctor", "--target", "embedded") == 2
