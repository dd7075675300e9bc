"""A target: all that a scenario or a load run knows about where it runs. Plain data that travels to other processes
as JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from emulator.errors import EmulatorError
from emulator.targets.caps import Caps
from emulator.targets.read_only import refuse_writes

__all__ = ["Target"]

VARIABLE = "WINDTUNNEL_TARGET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Endpoint, credentials and the outputs of one deployed stack."""

    name: str
    """`embedded`, `container` or `aws`."""
    endpoint_url: str | None
    """Where AWS's APIs are; None is AWS itself."""
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    stack_name: str
    outputs: Mapping[str, str]
    """The stack's outputs, as the template says them."""
    api_url: str | None = None
    """Where the pipeline's API takes requests: an output that is an API Gateway URL, at an address that answers from
    here.
    """
    api_key: str | None = field(default=None, repr=False)
    control_url: str | None = None
    """The emulator's control API; None where there is none."""
    process_id: int | None = None
    capabilities: frozenset[str] = frozenset()
    """`control`, `journal`, `faults`, `cache_outage`, `virtual_time`."""
    account_id: str | None = None
    """The AWS account, where it is one."""
    caps: Caps | None = None
    """How much may be done to it at most; None where it is ours to wear out."""
    read_only: bool = False
    """Whether clients only read: messages go in through the API, and nothing else is written."""
    _clients: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def client(self, service: str) -> Any:
        """A boto3 client for this target, made once per service. Not for use by several threads at their first call."""
        client = self._clients.get(service)
        if client is None:
            client = self._clients[service] = self._session().client(
                service, endpoint_url=self.endpoint_url, config=self._config()
            )
            if self.read_only:
                refuse_writes(client)
        return client

    def output(self, name: str) -> str:
        """One output of the stack. Raises EmulatorError with the names that there are."""
        value = self.outputs.get(name)
        if value is None:
            known = ", ".join(sorted(self.outputs)) or "none"
            raise EmulatorError(f"stack {self.stack_name} has no output {name}; its outputs: {known}")
        return value

    def require(self, capability: str) -> None:
        """Raise EmulatorError unless this target can do `capability`."""
        if capability not in self.capabilities:
            able = ", ".join(sorted(self.capabilities)) or "none of them"
            raise EmulatorError(f"target {self.name} cannot do {capability}; it can: {able}")

    def to_json(self) -> str:
        """The target as text for another process of ours; it holds credentials."""
        data = {item.name: getattr(self, item.name) for item in fields(self) if item.init}
        caps = None if self.caps is None else asdict(self.caps)
        return json.dumps(
            {**data, "outputs": dict(self.outputs), "capabilities": sorted(self.capabilities), "caps": caps}
        )

    @classmethod
    def from_json(cls, text: str) -> Target:
        """The target that `to_json` wrote. Raises EmulatorError on anything else."""
        try:
            data = json.loads(text)
            caps = Caps(**data["caps"]) if "caps" in data and data["caps"] is not None else None
            return cls(**{**data, "capabilities": frozenset(data["capabilities"]), "caps": caps})
        except (ValueError, TypeError, KeyError) as error:
            raise EmulatorError(f"this is no target: {error}") from error

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Target:
        """The target in `WINDTUNNEL_TARGET`. Raises EmulatorError where it is not set."""
        text = (os.environ if environ is None else environ).get(VARIABLE)
        if text is None:
            raise EmulatorError(f"{VARIABLE} is not set: it holds the target as JSON, as Target.to_json writes it")
        return cls.from_json(text)

    def _session(self) -> Any:
        import boto3

        return boto3.session.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            region_name=self.region,
        )

    def _config(self) -> Any:
        from botocore.config import Config

        return Config(  # type: ignore[call-arg]  # the stubs do not know ignore_configured_endpoint_urls
            connect_timeout=5,
            read_timeout=70,  # a long poll is 20 s, a synchronous invoke behind an API 29 s
            max_pool_connections=32,
            retries={"mode": "standard", "total_max_attempts": 3},
            ignore_configured_endpoint_urls=True,  # None is AWS itself, whatever AWS_ENDPOINT_URL says
            # Bucket names are no host names on this machine.
            s3=None if self.endpoint_url is None else {"addressing_style": "path"},
        )
