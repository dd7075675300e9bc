"""The SNS service."""

from __future__ import annotations

from emulator.services.sns.publish_operations import PublishOperations
from emulator.services.sns.subscription_operations import SubscriptionOperations

__all__ = ["SnsService"]


class SnsService(PublishOperations, SubscriptionOperations):
    """SNS for one account and region."""

    service_id = "sns"
    resource_members = ("SubscriptionArn", "TopicArn", "TargetArn", "ResourceArn", "Name")
