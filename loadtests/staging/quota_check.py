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

__all__ = ["QUOTAS", "Quota", "check_quotas"]


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
