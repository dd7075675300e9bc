"""How long a payload stays once its workflow is over."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import fakeredis
import pytest
from audit_message.payload import PayloadMissing
from audit_message.payload_store import AuthToken, PayloadStore

from system.audit_ingest.tests.doubles import RecordingClient


@pytest.fixture
def redis() -> Any:
    server = fakeredis.FakeStrictRedis()
    server.set("m-1", b"payload", ex=7200)
    return server


@pytest.fixture
def expiry(load: Callable[[str], ModuleType], redis: Any) -> Callable[[dict[str, Any]], bool]:
    handler: Callable[[dict[str, Any]], bool] = load("payload_expiry").PayloadExpiry(
        PayloadStore(redis, "redis.example", 6379), grace_seconds=300, hold_seconds=1_209_600
    )
    return handler


def test_a_persisted_payload_goes_after_the_grace_period(expiry: Callable[..., bool], redis: Any) -> None:
    assert expiry({"key": "m-1", "outcome": "persisted"}) is True
    assert redis.ttl("m-1") == 300


def test_a_grace_period_never_prolongs(expiry: Callable[..., bool], redis: Any) -> None:
    redis.expire("m-1", 10)
    assert expiry({"key": "m-1", "outcome": "persisted"}) is False
    assert redis.ttl("m-1") == 10


def test_a_persisted_payload_that_is_gone_is_no_failure(expiry: Callable[..., bool]) -> None:
    assert expiry({"key": "m-2", "outcome": "persisted"}) is False


def test_a_payload_that_is_not_archived_is_held(expiry: Callable[..., bool], redis: Any) -> None:
    assert expiry({"key": "m-1", "outcome": "failed"}) is True
    assert redis.ttl("m-1") == 1_209_600
    assert expiry({"key": "m-1", "outcome": "failed"}) is True


def test_a_payload_that_cannot_be_held_is_a_failure(expiry: Callable[..., bool]) -> None:
    with pytest.raises(PayloadMissing, match="m-2"):
        expiry({"key": "m-2", "outcome": "failed"})


def test_an_unknown_outcome_changes_nothing(expiry: Callable[..., bool], redis: Any) -> None:
    with pytest.raises(ValueError, match="'maybe'"):
        expiry({"key": "m-1", "outcome": "maybe"})
    assert redis.ttl("m-1") == 7200


def test_the_auth_token_is_read_once() -> None:
    secrets = RecordingClient("secretsmanager", get_secret_value={"SecretString": '{"authToken": "token"}'})
    token = AuthToken(secrets, "arn:secret")
    assert [token.get_credentials(), token.get_credentials()] == [("token",), ("token",)]
    assert secrets.only_call("get_secret_value") == {"SecretId": "arn:secret"}


def test_redis_is_asked_over_tls_with_a_verified_name(monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[dict[str, Any]] = []
    monkeypatch.setattr("audit_message.payload_store.Valkey", lambda **options: created.append(options))
    environ = {"REDIS_HOST": "redis.example", "REDIS_PORT": "6379", "REDIS_AUTH_SECRET_ARN": "arn:secret"}
    PayloadStore.from_env({**environ, "REDIS_TLS": "true"})
    PayloadStore.from_env({**environ, "REDIS_TLS": "false"})
    verified, plain = created
    assert (verified["ssl"], verified["ssl_cert_reqs"], verified["ssl_check_hostname"]) == (True, "required", True)
    assert plain["ssl"] is False
