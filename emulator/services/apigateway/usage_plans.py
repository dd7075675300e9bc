"""API keys, usage plans, and the decision that they take together: may this key call this stage now?

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from emulator.services.apigateway.token_bucket import TokenBucket

__all__ = ["ApiKey", "ApiStage", "Quota", "Throttle", "UsagePlan", "UsagePlans"]


@dataclass(slots=True)
class ApiKey:
    """An API key. `stage_keys` is kept for old templates; on AWS it gives no access where usage plans are used."""

    id: str
    value: str
    name: str
    created_date: float
    last_updated_date: float
    enabled: bool = True
    description: str | None = None
    customer_id: str | None = None
    stage_keys: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Throttle:
    """Requests per second and the burst above it."""

    rate_limit: float
    burst_limit: int


@dataclass(frozen=True, slots=True)
class Quota:
    """Requests per DAY, WEEK or MONTH (UTC); `offset` of them are taken off in the first period."""

    limit: int
    period: str
    offset: int = 0

    def period_start(self, now: float) -> float:
        """Epoch seconds at which the period of `now` began; weeks begin on Sunday."""
        moment = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.period == "WEEK":
            moment -= timedelta(days=(moment.weekday() + 1) % 7)
        elif self.period == "MONTH":
            moment = moment.replace(day=1)
        return moment.timestamp()


@dataclass(frozen=True, slots=True)
class ApiStage:
    """A stage that a plan covers; `throttle` holds method limits by `<resource path>/<verb>`."""

    api_id: str
    stage: str
    throttle: dict[str, Throttle] = field(default_factory=dict)


@dataclass(slots=True)
class _Usage:
    """What one key has used of one plan."""

    bucket: TokenBucket | None = None
    method_buckets: dict[str, TokenBucket] = field(default_factory=dict)
    period_start: float = -1.0
    used: int = 0


@dataclass(slots=True)
class UsagePlan:
    """A usage plan, its keys, and what each has used."""

    id: str
    name: str
    created_date: float
    description: str | None = None
    api_stages: dict[tuple[str, str], ApiStage] = field(default_factory=dict)
    throttle: Throttle | None = None
    quota: Quota | None = None
    tags: dict[str, str] = field(default_factory=dict)
    key_ids: dict[str, _Usage] = field(default_factory=dict)

    def add_key(self, key_id: str) -> None:
        """Put a key into the plan, with nothing used."""
        self.key_ids[key_id] = _Usage()

    def limits_changed(self) -> None:
        """New limits start with full buckets; what was used of the quota stays used."""
        for usage in self.key_ids.values():
            usage.bucket = None
            usage.method_buckets.clear()

    def remaining(self, key_id: str, now: float) -> int | None:
        """What is left of the key's quota in this period, or None where there is no quota."""
        if self.quota is None:
            return None
        usage = self.key_ids[key_id]
        self._enter_period(usage, self.quota, now)
        return max(0, self.quota.limit - usage.used)

    def refusal(self, key_id: str, api_stage: ApiStage, method_key: str, now: float) -> str | None:
        """Count a request: None, or the gateway response type that refuses it."""
        usage = self.key_ids[key_id]
        if self.throttle is not None:
            if usage.bucket is None:
                usage.bucket = TokenBucket.full(self.throttle.rate_limit, self.throttle.burst_limit, now)
            if not usage.bucket.take(now):
                return "THROTTLED"
        method_throttle = api_stage.throttle.get(method_key)
        if method_throttle is not None:
            bucket = usage.method_buckets.get(method_key)
            if bucket is None:
                bucket = TokenBucket.full(method_throttle.rate_limit, method_throttle.burst_limit, now)
                usage.method_buckets[method_key] = bucket
            if not bucket.take(now):
                return "THROTTLED"
        if self.quota is not None:
            self._enter_period(usage, self.quota, now)
            if usage.used >= self.quota.limit:
                return "QUOTA_EXCEEDED"
            usage.used += 1
        return None

    @staticmethod
    def _enter_period(usage: _Usage, quota: Quota, now: float) -> None:
        start = quota.period_start(now)
        if start != usage.period_start:
            usage.used = quota.offset if usage.period_start < 0.0 else 0
            usage.period_start = start


class UsagePlans:
    """All keys and plans, found by key value in constant time."""

    def __init__(self) -> None:
        self.keys: dict[str, ApiKey] = {}
        self.plans: dict[str, UsagePlan] = {}
        self._key_ids_by_value: dict[str, str] = {}

    def add_key(self, key: ApiKey) -> None:
        """Keep a key."""
        self.keys[key.id] = key
        self._key_ids_by_value[key.value] = key.id

    def remove_key(self, key: ApiKey) -> None:
        """Forget a key, in every plan too."""
        del self.keys[key.id]
        del self._key_ids_by_value[key.value]
        for plan in self.plans.values():
            plan.key_ids.pop(key.id, None)

    def key_of_value(self, value: str) -> ApiKey | None:
        """The key with that value, or None."""
        key_id = self._key_ids_by_value.get(value)
        return None if key_id is None else self.keys[key_id]

    def plans_of(self, key_id: str) -> Iterator[UsagePlan]:
        """The plans that a key is in."""
        return (plan for plan in self.plans.values() if key_id in plan.key_ids)

    def covering(self, key: ApiKey, api_id: str, stage: str) -> tuple[UsagePlan, ApiStage] | None:
        """The plan by which a key may call a stage, or None. AWS lets a key reach a stage through one plan only."""
        for plan in self.plans.values():
            if key.id in plan.key_ids:
                api_stage = plan.api_stages.get((api_id, stage))
                if api_stage is not None:
                    return plan, api_stage
        return None
