"""CloudFormation's quotas. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CloudformationQuotas"]


@dataclass(frozen=True, slots=True)
class CloudformationQuotas:
    """The quotas of one account and region."""

    template_body_bytes: int = 51_200
    template_url_bytes: int = 1_048_576
    resources: int = 500
    parameters: int = 200
    outputs: int = 200
    mappings: int = 200
    stacks: int = 2_000
    kept_events: int = 10_000
    """Ours, not AWS's: how many events of one stack are kept."""
