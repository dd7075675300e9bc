"""The real server behind every ElastiCache endpoint: which program runs, its life, its TLS and its outages."""

from emulator.cache.effects import CacheEndpoint, PauseCache, ResumeCache, SetAuthTokens, StartCache, StopCache
from emulator.cache.programs import ServerProgram, choose_program
from emulator.cache.servers import CacheServers

__all__ = [
    "CacheEndpoint",
    "CacheServers",
    "PauseCache",
    "ResumeCache",
    "ServerProgram",
    "SetAuthTokens",
    "StartCache",
    "StopCache",
    "choose_program",
]
