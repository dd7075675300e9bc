"""What the elasticache service asks of the outside world: start, stop, break and mend one real cache server."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.effects import External

__all__ = ["CacheEndpoint", "PauseCache", "ResumeCache", "SetAuthTokens", "StartCache", "StopCache"]


@dataclass(frozen=True, slots=True)
class CacheEndpoint:
    """Where clients connect: the ElastiCache endpoint of this emulator."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class StartCache(External):
    """Start the server of cache `resource`; the result is its CacheEndpoint. Raises EmulatorError where none can be
    started.

    `engine` and `engine_version` are what the template asks for; what really runs is in `CacheServers.describe()`.
    `settings` are directives of the server's own configuration (`maxmemory`, `maxmemory-policy`, ...), already
    checked by the service.
    """

    resource: str
    auth_token: str | None = field(default=None, repr=False)
    tls: bool = False
    engine: str = "valkey"
    engine_version: str = ""
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StopCache(External):
    """End the server of cache `resource` for good; its data is gone. A cache that does not exist is an
    EmulatorError.
    """

    resource: str


@dataclass(frozen=True, slots=True)
class PauseCache(External):
    """Take cache `resource` down: clients' connections break and new ones are refused, until `ResumeCache`.

    With `keep_data` the keys are there again afterwards, with the time to live that is left then, as after a network
    failure; without it the cache comes back empty, as after the loss of an only node.
    """

    resource: str
    keep_data: bool = True


@dataclass(frozen=True, slots=True)
class ResumeCache(External):
    """Bring a paused cache back on the same port; the result is its CacheEndpoint."""

    resource: str


@dataclass(frozen=True, slots=True)
class SetAuthTokens(External):
    """Accept exactly these AUTH tokens from now on (two while a token is rotated); none lifts AUTH. Connections
    stay.
    """

    resource: str
    auth_tokens: tuple[str, ...] = field(repr=False)
