"""Quotas of API Gateway's REST APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ApiGatewayQuotas"]


@dataclass(frozen=True, slots=True)
class ApiGatewayQuotas:
    """Sizes in bytes, rates in requests per second."""

    payload_bytes: int = 10_485_760
    headers_bytes: int = 10_240
    shortest_integration_timeout_in_millis: int = 50
    longest_integration_timeout_in_millis: int = 29_000
    account_rate_limit: float = 10_000.0
    account_burst_limit: int = 5_000
    resources_per_api: int = 300
    stages_per_api: int = 10
    api_keys: int = 10_000
    usage_plans: int = 300
    page_size: int = 500
