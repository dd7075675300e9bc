"""What the unit tests of the pipeline share: its environment, events, and functions loaded as Lambda loads them."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

PIPELINE = Path(__file__).parents[1]
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    # Port 1 refuses at once: an import must work, and must not hang, without a Redis.
    "REDIS_HOST": "127.0.0.1",
    "REDIS_PORT": "1",
    "REDIS_TLS": "true",
    "REDIS_AUTH_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:redis",
    "STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:ingest",
    "PAYLOAD_TTL_SECONDS": "7200",
    "PAYLOAD_GRACE_SECONDS": "300",
    "PAYLOAD_HOLD_SECONDS": "1209600",
    "FAILURE_FUNCTION_NAME": "ingest-failure",
    "FAILED_MESSAGES_BUCKET": "failed-messages",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/ingest-dlq",
    "ARCHIVE_BUCKET": "archive",
    "META_DATA_TABLE": "meta-data",
}

# Where Lambda puts the layer, and where `python -m` finds the command.
for _folder in (PIPELINE / "layers" / "audit_message", PIPELINE.parents[1]):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module", autouse=True)
def _session_of_this_module() -> Iterator[None]:
    """boto3 keeps a session, and in it the credentials that it saw first."""
    boto3.DEFAULT_SESSION = None
    yield
    boto3.DEFAULT_SESSION = None


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return a loader of a function's `app`, with its folder first on the path, as in `/var/task`."""

    def load_app(function: str) -> ModuleType:
        folder = PIPELINE / "functions" / function
        monkeypatch.syspath_prepend(str(folder))
        for module in folder.glob("*.py"):
            sys.modules.pop(module.stem, None)
        return importlib.import_module("app")

    return load_app


@pytest.fixture
def meta_data() -> dict[str, Any]:
    return {
        "messageType": "invoice",
        "sourceSystemID": "billing",
        "sourceTransactionID": "4711",
        "dateTime": "2024-02-29 23:59:58.123456",
    }


@pytest.fixture
def event(meta_data: dict[str, Any]) -> dict[str, Any]:
    """A proxy event of a REST API, with what API Gateway adds and ingest must not keep."""
    return {
        "resource": "/ingestMessage",
        "path": "/ingestMessage",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7", "x-api-key": "secret-key"},
        "multiValueHeaders": {"x-api-key": ["secret-key"]},
        "requestContext": {
            "requestId": "request-1",
            "requestTimeEpoch": 1_700_000_000_123,
            "authorizer": None,
            "identity": {
                "apiKey": "secret-key",
                "apiKeyId": "key-id",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8",
                "userArn": None,
            },
        },
        "isBase64Encoded": False,
        "body": json.dumps({"messageMetaData": meta_data, "messagePayload": "aGVsbG8="}),
    }
