"""Staging as it is used, against a second emulator behind a strict stand-in of AWS's front door, over verified TLS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.targets import EmbeddedTarget, Target
from loadtests.cli import main
from loadtests.tests import aws_stub

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "system/audit_ingest/template.yaml"
STACK = "audit-ingest-staging"
REGION = "eu-central-1"
pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("staging")]


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
    monkeypatch.setattr("sys.argv", ["windtunnel", *arguments])
    with pytest.raises(SystemExit) as end:
        main("windtunnel")
    return end.value.code


LOAD = ("--target", "aws", "--sizes", "4kB", "--rate", "10", "--duration", "2", "--no-floor", "--max-lag", "5")


def test_load_goes_to_staging_and_is_cleaned_up(
    staging: aws_stub.Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *LOAD, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["total"]["final_notice"] == report["total"]["sent"] == 20
    assert staging.account.denied == ["organizations:ListTagsForResource"]
    run_id = report["run_id"]
    assert run(monkeypatch, "clean-up", run_id, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    print(found)
    assert run(monkeypatch, "clean-up", run_id, "--yes") == 0
    print(capsys.readouterr())
    assert run(monkeypatch, "doctor") == 0
    print(capsys.readouterr().out)
    assert 0
