"""What takes time: a cache's server is started, changed and stopped; the status tells, and waiters are woken.

Topic of every change of status: `("elasticache", id)`.
"""

from __future__ import annotations

from emulator.cache.effects import SetAuthTokens, StartCache, StopCache
from emulator.effects import Notify, Now, Process, Record
from emulator.errors import AwsError, EmulatorError
from emulator.services.elasticache.engines import DEFAULT_RESERVED_PERCENT
from emulator.services.elasticache.node_types import memory_bytes
from emulator.services.elasticache.state import Cache, CacheEvent
from emulator.services.elasticache.store import Store

__all__ = ["change_auth_tokens", "settings_of", "start", "stop"]


def settings_of(store: Store, node_type: str, parameter_group: str) -> tuple[tuple[str, str], ...]:
    """The server's configuration for a node type and a parameter group. Raises UnsupportedOperation for an unknown
    type.
    """
    settings = {"maxmemory-policy": "volatile-lru"} | store.parameter_group(parameter_group).settings
    reserved = int(settings.pop("reserved-memory-percent", str(DEFAULT_RESERVED_PERCENT)))
    settings["maxmemory"] = str(memory_bytes(node_type, reserved))
    # An empty value is written as two quotes in the server's configuration.
    return tuple(sorted((name, value if value != "" else '""') for name, value in settings.items()))


def start(store: Store, cache: Cache) -> Process:
    """Start the cache's server: creating -> available, or create-failed with an event that tells why."""
    effect = StartCache(
        cache.id,
        auth_token=cache.auth_tokens[0] if cache.auth_tokens else None,
        tls=cache.tls,
        engine=cache.engine,
        engine_version=cache.engine_version,
        settings=settings_of(store, cache.node_type, cache.parameter_group),
    )
    try:
        cache.endpoint = yield effect
    except (AwsError, EmulatorError) as error:
        cache.status = "create-failed"
        yield from _tell(store, cache, f"The cache could not be created: {error}", "create-failed")
    else:
        cache.status = "available"
        yield from _tell(store, cache, f"{_title(cache)} created", "ok")


def change_auth_tokens(store: Store, cache: Cache, tokens: tuple[str, ...]) -> Process:
    """Accept other tokens: modifying -> available, with the old tokens where the server refused."""
    try:
        yield SetAuthTokens(cache.id, tokens)
    except (AwsError, EmulatorError) as error:
        cache.status = "available"
        yield from _tell(store, cache, f"The AUTH token could not be changed: {error}", "modify-failed")
    else:
        cache.auth_tokens = tokens
        cache.auth_token_modified = yield Now()
        cache.status = "available"
        yield from _tell(store, cache, "The AUTH token was changed", "ok")


def stop(store: Store, cache: Cache) -> Process:
    """End the cache's server, if one runs, and forget the cache."""
    outcome = "ok"
    if cache.endpoint is not None:
        try:
            yield StopCache(cache.id)
        except (AwsError, EmulatorError) as error:
            outcome = "delete-failed"
            yield from _tell(store, cache, f"The cache could not be stopped: {error}", outcome)
    del store.caches[cache.id]
    store.tags.pop(cache.arn, None)
    if outcome == "ok":
        yield from _tell(store, cache, f"{_title(cache)} deleted", "ok")


def _title(cache: Cache) -> str:
    return f"Replication group {cache.id}" if cache.is_group else f"Cache cluster {cache.id}"


def _tell(store: Store, cache: Cache, message: str, outcome: str) -> Process:
    now = yield Now()
    store.events.append(CacheEvent(cache.id, "replication-group" if cache.is_group else "cache-cluster", message, now))
    yield Record("elasticache", "cache_status", cache.id, outcome, {"status": cache.status, "message": message[:500]})
    yield Notify(("elasticache", cache.id))
