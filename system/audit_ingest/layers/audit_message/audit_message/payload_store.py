"""Redis (ElastiCache for Valkey): where a payload waits until it is archived.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html
"""

import json
from collections.abc import Mapping
from typing import Any

from valkey import Valkey
from valkey.backoff import NoBackoff
from valkey.credentials import CredentialProvider
from valkey.exceptions import ConnectionError as ValkeyConnectionError
from valkey.exceptions import TimeoutError as ValkeyTimeoutError
from valkey.retry import Retry

from audit_message.aws_client import Budget, aws_client

CONNECT_SECONDS = 1
# One read or write. 6 MB inside a VPC take some 50 ms.
SOCKET_SECONDS = 2
RETRIES = 1
# A frozen function comes back to a connection that may be dead: ask first, before 6 MB are sent to nobody.
IDLE_SECONDS_BEFORE_CHECK = 30
SECRET_BUDGET = Budget(connect_seconds=1, read_seconds=2, attempts=1)


class AuthToken(CredentialProvider):
    """The AUTH token, read from Secrets Manager when the first connection is made, then kept.

    Reading it at import would make a brief failure of Secrets Manager an init error, which nobody can answer or
    salvage.
    """

    def __init__(self, secrets_manager: Any, secret_arn: str) -> None:
        self._secrets_manager = secrets_manager
        self._secret_arn = secret_arn
        self._token: str | None = None

    def get_credentials(self) -> tuple[str]:
        if self._token is None:
            secret = self._secrets_manager.get_secret_value(SecretId=self._secret_arn)
            self._token = json.loads(secret["SecretString"])["authToken"]
        return (self._token,)


class PayloadStore:
    """Payloads by message id. Every method raises `valkey.exceptions.ValkeyError` when Redis does not do its part, and
    botocore's errors when the AUTH token cannot be read."""

    def __init__(self, client: Any, host: str, port: int) -> None:
        self._client = client
        self.host = host
        self.port = port

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "PayloadStore":
        """Return the store that the variables `REDIS_*` of the template name, not yet connected."""
        host, port = environ["REDIS_HOST"], int(environ["REDIS_PORT"])
        tls = environ["REDIS_TLS"] == "true"
        client = Valkey(
            host=host,
            port=port,
            ssl=tls,
            ssl_cert_reqs="required",
            ssl_check_hostname=tls,
            credential_provider=AuthToken(
                aws_client("secretsmanager", SECRET_BUDGET), environ["REDIS_AUTH_SECRET_ARN"]
            ),
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=SOCKET_SECONDS,
            socket_keepalive=True,
            health_check_interval=IDLE_SECONDS_BEFORE_CHECK,
            retry=Retry(NoBackoff(), RETRIES),
            retry_on_error=[ValkeyConnectionError, ValkeyTimeoutError],
            # Naming the client's library would cost two round trips on each new connection.
            lib_name=None,
            lib_version=None,
        )
        return cls(client, host, port)

    def connect(self) -> None:
        """Open the connection now, so that the first message need not wait for TLS and AUTH."""
        self._client.ping()

    def put(self, key: str, payload: bytes, ttl_seconds: int) -> None:
        """Store a payload and its expiry in one command."""
        self._client.set(key, payload, ex=ttl_seconds)

    def get(self, key: str) -> bytes | None:
        """Return a payload, or `None` when it has expired."""
        value: bytes | None = self._client.get(key)
        return value

    def holds(self, key: str) -> bool:
        """Return whether a payload is there."""
        return bool(self._client.exists(key))

    def shorten(self, key: str, ttl_seconds: int) -> bool:
        """Let a payload expire earlier. Returns whether anything changed."""
        return bool(self._client.expire(key, ttl_seconds, lt=True))

    def prolong(self, key: str, ttl_seconds: int) -> bool:
        """Let a payload expire later. Returns whether anything changed."""
        return bool(self._client.expire(key, ttl_seconds, gt=True))
