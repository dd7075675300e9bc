"""API keys, throttles and quotas.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.apigateway.errors import ConflictException
from emulator.services.apigateway.token_bucket import TokenBucket
from emulator.services.apigateway.usage_plans import Quota

KEYED = {
    "securityDefinitions": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}},
    "security": [{"api_key": []}],
}


@pytest.fixture
def keyed(driver, proxy_method):
    """A deployed API with a key; the plan is the test's."""
    api_id = driver.deploy({"/a": {"post": proxy_method()}, "/open": {"get": proxy_method(security=[])}}, **KEYED)
    key = driver.call("CreateApiKey", enabled=True, name="k")

    def plan(**limits):
        stages = [{"apiId": api_id, "stage": "Prod", **limits.pop("stage", {})}]
        made = driver.call("CreateUsagePlan", name="p", apiStages=stages, **limits)
        driver.call("CreateUsagePlanKey", usagePlanId=made["id"], keyId=key["id"], keyType="API_KEY")
        return made

    def send(value=key["value"]):
        return driver.send(api_id, "POST", "/a", headers=(("X-Api-Key", value),))

    return SimpleNamespace(api_id=api_id, key=key, plan=plan, send=send)


def test_key_in_a_plan_is_let_in_and_named_in_the_event(driver, keyed):
    assert keyed.send().status == 403
    keyed.plan()
    assert keyed.send().status == 200
    identity = driver.event["requestContext"]["identity"]
    assert (identity["apiKeyId"], identity["apiKey"]) == (keyed.key["id"], keyed.key["value"])


def test_missing_wrong_and_disabled_keys_are_forbidden(driver, keyed, read_body, read_header):
    keyed.plan()
    for response in (driver.send(keyed.api_id, "POST", "/a"), keyed.send("wrong")):
        assert (response.status, read_body(response)) == (403, {"message": "Forbidden"})
        assert read_header(response, "x-amzn-ErrorType") == "ForbiddenException"
    patch = [{"op": "replace", "path": "/enabled", "value": "false"}]
    driver.call("UpdateApiKey", apiKey=keyed.key["id"], patchOperations=patch)
    assert keyed.send().status == 403
    assert driver.send(keyed.api_id, "GET", "/open").status == 200


def test_throttle_refuses_above_the_burst_and_refills(driver, keyed, read_body):
    keyed.plan(throttle={"rateLimit": 2.0, "burstLimit": 3})
    assert [keyed.send().status for _ in range(4)] == [200, 200, 200, 429]
    assert read_body(keyed.send()) == {"message": "Too Many Requests"}
    driver.advance(0.5)
    assert [keyed.send().status for _ in range(2)] == [200, 429]


def test_method_throttle_of_a_plan(driver, keyed):
    keyed.plan(stage={"throttle": {"/a/POST": {"rateLimit": 1.0, "burstLimit": 1}}})
    assert [keyed.send().status for _ in range(2)] == [200, 429]


def test_stage_throttle_applies_to_every_caller(driver, keyed):
    patches = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "1"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "1"},
    ]
    stage = driver.call("UpdateStage", restApiId=keyed.api_id, stageName="Prod", patchOperations=patches)
    assert stage["methodSettings"] == {"*/*": {"throttlingRateLimit": 1.0, "throttlingBurstLimit": 1}}
    assert [driver.send(keyed.api_id, "GET", "/open").status for _ in range(2)] == [200, 429]


def test_quota_is_refused_until_the_next_period(driver, keyed, read_body):
    keyed.plan(quota={"limit": 2, "period": "DAY"})
    assert [keyed.send().status for _ in range(3)] == [200, 200, 429]
    assert read_body(keyed.send()) == {"message": "Limit Exceeded"}
    driver.advance(12 * 3600.0)
    assert keyed.send().status == 200


def test_a_key_reaches_a_stage_through_one_plan_only(driver, keyed):
    keyed.plan()
    with pytest.raises(ConflictException):
        keyed.plan()


@pytest.mark.parametrize(
    ("period", "start"), [("DAY", 1_767_225_600.0), ("WEEK", 1_766_880_000.0), ("MONTH", 1_767_225_600.0)]
)
def test_period_starts(period, start):
    """2026-01-01 is a Thursday; its week began on Sunday, 2025-12-28."""
    assert Quota(1, period).period_start(1_767_268_800.0) == start


@given(st.lists(st.floats(0.0, 3.0), max_size=60), st.integers(1, 5), st.floats(0.5, 20.0))
def test_bucket_never_lets_more_through_than_burst_and_rate(gaps, burst, rate):
    bucket = TokenBucket.full(rate, burst, 0.0)
    now, taken = 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take(now)
        assert taken <= burst + now * rate + 1e-6
