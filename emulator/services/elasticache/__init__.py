"""Amazon ElastiCache: the control plane of caches that are real server processes (`emulator.cache`)."""

from emulator.services.elasticache.api import ElasticacheService
from emulator.services.elasticache.quotas import ElasticacheQuotas

__all__ = ["ElasticacheQuotas", "ElasticacheService"]
