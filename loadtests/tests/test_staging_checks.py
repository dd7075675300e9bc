"""Single checks of the doctor, with answers that are played."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from math import floor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loadtests.staging.clock_check import check_clock, offset_bounds
from loadtests.staging.quota_check import check_quotas, check_usage_plan
from loadtests.staging.rights_check import principal_of

NOW = 1_795_000_000.3


def clock(offset: float, round_trip: float = 0.1) -> tuple[Any, Any]:
    """A server whose clock is ahead by `offset`, and this machine's clock, for answers that take a while."""

    def ticking() -> Iterator[float]:
        now = NOW
        while True:
            yield now
            now += round_trip
            yield now
            now += 0.17

    times = ticking()
    seen: list[float] = []

    def now() -> float:
        seen.append(next(times))
        return seen[-1]

    def ask() -> str:
        # The server looks at its clock in the middle of the exchange, and says the second.
        return formatdate(floor(seen[-1] + round_trip / 2 + offset), usegmt=True)

    return ask, now


@pytest.mark.parametrize("offset", [0.0, 0.4, -0.4, 3.0, -3.0, 100.0])
def test_bounds_hold_the_offset_and_are_closer_than_two_seconds(offset: float) -> None:
    ask, now = clock(offset)
    bounds = offset_bounds(ask, now)
    assert bounds.low <= offset <= bounds.high
    assert bounds.high - bounds.low < 1.2


@pytest.mark.parametrize(
    ("offset", "state"), [(0.0, "ok"), (0.9, "ok"), (-0.9, "ok"), (2.5, "failed"), (-2.5, "failed")]
)
def test_clock_fails_beyond_a_second(offset: float, state: str) -> None:
    check = check_clock(*clock(offset))
    assert check.state == state
    assert state == "ok" or "chronyc" in check.advice


def test_clock_that_jumps_is_told() -> None:
    dates = iter([formatdate(NOW + jump, usegmt=True) for jump in (0, 50, 0, 50)])
    assert "jumped" in check_clock(lambda: next(dates), lambda: NOW).detail


class Quotas:
    def __init__(self, value: float | None) -> None:
        self.value = value

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> Any:
        if self.value is None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetServiceQuota")
        return {"Quota": {"Value": self.value}}


@pytest.mark.parametrize(
    ("value", "states"), [(1000.0, ["ok", "ok"]), (60.0, ["failed", "ok"]), (None, ["warning", "warning"])]
)
def test_quota_must_bear_the_rate(value: float | None, states: list[str]) -> None:
    assert [check.state for check in check_quotas(Quotas(value), 20.0)] == states


class Plans:
    def __init__(self, *plans: dict[str, Any]) -> None:
        self.plans = list(plans)

    def get_usage_plans(self, keyId: str) -> Any:
        if not self.plans:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetUsagePlans")
        return {"items": self.plans}


@pytest.mark.parametrize(
    ("plans", "state"),
    [
        (({"throttle": {"rateLimit": 300.0}},), "ok"),
        (({"throttle": {"rateLimit": 300.0}}, {"throttle": {"rateLimit": 5.0}}), "failed"),
        (({"name": "open"},), "ok"),
        ((), "warning"),
    ],
)
def test_usage_plan_must_bear_the_rate(plans: tuple[dict[str, Any], ...], state: str) -> None:
    (check,) = check_usage_plan(Plans(*plans), "key", 20.0)
    assert check.state == state


def test_session_of_a_role_is_looked_up_for_its_path() -> None:
    class Iam:
        def get_role(self, RoleName: str) -> Any:
            return {"Role": {"Arn": f"arn:aws:iam::111122223333:role/people/{RoleName}"}}

    session = "arn:aws:sts::111122223333:assumed-role/Tester/me"
    assert principal_of(Iam(), session) == "arn:aws:iam::111122223333:role/people/Tester"
    assert principal_of(None, "arn:aws:iam::111122223333:user/me") == "arn:aws:iam::111122223333:user/me"
