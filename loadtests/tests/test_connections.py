"""The generator's connections against a server of its own authority's certificate: verified, and without Nagle's algorithm."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from loadtests.bench.sink import running_sink
from loadtests.clock import wall
from loadtests.failures import EnvironmentNotReady
from loadtests.launcher import running_generator
from loadtests.live import Live
from loadtests.persona import Persona
from loadtests.plan import RunPlan
from loadtests.probe import Prober
from loadtests.run_folder import RunFolder
from loadtests.schedule import Rate
from loadtests.sizes import MessageSize

pytestmark = pytest.mark.timeout(90)
ROOT = Path(__file__).parents[2]


def certificate(folder: Path, host: str | ipaddress.IPv4Address) -> tuple[Path, Path]:
    """A certificate that signs itself, so that it is its own authority, for a host; its file and its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "windtunnel test")])
    now = datetime.datetime.fromtimestamp(wall(), datetime.UTC)
    alternative = x509.IPAddress(host) if isinstance(host, ipaddress.IPv4Address) else x509.DNSName(host)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{host}.pem", folder / f"{host}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


def check(url: str, *arguments: str, trusted: Path | None = None) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("SSL_CERT_FILE", None)
    if trusted is not None:
        environment["SSL_CERT_FILE"] = str(trusted)
    command = [sys.executable, "-m", "loadtests.tests.connection_check", url, *arguments]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def test_plain_connections_send_at_once_and_the_librarys_own_would_not() -> None:
    with running_sink() as url:
        assert check(url) == {"status": 200, "error": None}
        assert "TCP_NODELAY is not set" in check(url, "plain")["error"]


def test_tls_connections_send_at_once_to_a_trusted_server_and_not_at_all_to_another(tmp_path: Path) -> None:
    own, key = certificate(tmp_path, ipaddress.IPv4Address("127.0.0.1"))
    with running_sink(own, key) as url:
        assert check(url, trusted=own) == {"status": 200, "error": None}
        assert "CERTIFICATE_VERIFY_FAILED" in check(url)["error"]


def test_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    elsewhere, key = certificate(tmp_path, "elsewhere.example")
    with running_sink(elsewhere, key) as url:
        assert "not valid for '127.0.0.1'" in check(url, trusted=elsewhere)["error"]


def test_run_against_an_untrusted_server_ends_before_the_load_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    own, key = certificate(tmp_path, ipaddress.IPv4Address("127.0.0.1"))
    with running_sink(own, key) as url:
        with pytest.raises(EnvironmentNotReady, match=r"certificate of 127.0.0.1.*not trusted.*SSL_CERT_FILE"):
            Prober(url, "key", "run", 1).send(2000)
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        assert Prober(url, "key", "run", 1).send(2000).status == 200


def test_generator_that_cannot_send_says_why_and_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker on another machine may trust other authorities than the one that probed."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    own, key = certificate(tmp_path, ipaddress.IPv4Address("127.0.0.1"))
    folder = RunFolder(tmp_path)
    plan = RunPlan("tls", (MessageSize("2kB", 2000),), (Persona(schedule=Rate(5)),), 20.0, 1)
    live = Live(plan, folder)
    with running_sink(own, key) as url, running_generator(plan, folder, url, "key") as process:
        assert process.wait(60) == 0, folder.generator_output.read_text()
    live.follow()
    assert live.failure is not None
    assert "CERTIFICATE_VERIFY_FAILED" in live.failure
    assert live.epoch is None
