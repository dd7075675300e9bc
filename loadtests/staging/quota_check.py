"""Whether the account's quotas bear the rate that the caps allow.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loadtests.staging.check import Check, failed, ok, warning

__all__ = ["QUOTAS", "Quota", "check_quotas", "check_usage_plan"]


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota and how much of it one message a second takes, by a rule of thumb that `why` tells."""

    service: str
    code: str
    name: str
    per_message_rate: float
    why: str


QUOTAS = (
    Quota(
        "lambda", "L-B99A9384", "Lambda concurrent executions", 5.0, "five functions for each message, a second each"
    ),
    Quota("apigateway", "L-8A5B8E43", "API Gateway requests a second", 1.0, "one request for each message"),
)


def check_quotas(client: Any, max_rate: float) -> Iterator[Check]:
    """Yield a check for each quota; `client` is one of Service Quotas."""
    from botocore.exceptions import ClientError

    for quota in QUOTAS:
        subject = f"quota: {quota.name}"
        try:
            value = client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]["Value"]
        except ClientError as error:
            yield warning(
                subject,
                f"not readable ({error.response['Error']['Code']})",
                f"grant servicequotas:GetServiceQuota, or look for {quota.code} in the console",
            )
            continue
        needed = max_rate * quota.per_message_rate
        detail = f"{value:g}, of which max_rate = {max_rate:g} needs about {needed:g} ({quota.why})"
        if value < needed:
            yield failed(subject, detail, "lower max_rate, or ask for more at Service Quotas")
        else:
            yield ok(subject, detail)


def check_usage_plan(client: Any, key_id: str, max_rate: float) -> Iterator[Check]:
    """Yield whether the throttle of the key's usage plan bears the rate, where there is one; `client` is one of API Gateway.

    https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlans.html
    """
    from botocore.exceptions import ClientError

    subject = "quota: usage plan of the API key"
    try:
        plans = client.get_usage_plans(keyId=key_id)["items"]
    except ClientError as error:
        advice = "grant apigateway:GET on /usageplans, or look at the key's usage plan in the console"
        yield warning(subject, f"not readable ({error.response['Error']['Code']})", advice)
        return
    rates = [plan["throttle"]["rateLimit"] for plan in plans if plan.get("throttle", {}).get("rateLimit")]
    if not rates:
        yield ok(subject, "it has no throttle of its own")
    elif min(rates) < max_rate:
        detail = f"{min(rates):g} requests a second, and max_rate = {max_rate:g}: what is above is answered with 429"
        yield failed(subject, detail, "lower max_rate, or raise the throttle in the template")
    else:
        yield ok(subject, f"{min(rates):g} requests a second, of which max_rate = {max_rate:g} are needed")
