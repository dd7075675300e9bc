"""All topics of one account and region, and how operations look things up."""

from __future__ import annotations

from typing import Any

from emulator.account import Account
from emulator.operation import Service
from emulator.services.sns.errors import InvalidParameterException, NotFoundException
from emulator.services.sns.quotas import SnsQuotas
from emulator.services.sns.state import Subscription, Topic

__all__ = ["SnsStore"]


class SnsStore(Service):
    """The base of the operation classes."""

    def __init__(self, account: Account, quotas: SnsQuotas | None = None) -> None:
        super().__init__(account)
        self.quotas = SnsQuotas() if quotas is None else quotas
        self.topics: dict[str, Topic] = {}

    def topic(self, arn: str) -> Topic:
        """A topic by its ARN. Raises InvalidParameterException, NotFoundException."""
        topic = self.topics.get(arn)
        if topic is None:
            if not arn.startswith("arn:") or arn.split(":")[2:3] != ["sns"]:
                raise InvalidParameterException("Invalid parameter: TopicArn")
            raise NotFoundException("Topic does not exist")
        return topic

    def subscription(self, arn: str) -> tuple[Topic, Subscription]:
        """A subscription by its ARN, and its topic. Raises InvalidParameterException, NotFoundException."""
        topic_arn, _, identifier = arn.rpartition(":")
        if not topic_arn.startswith("arn:") or identifier == "":
            raise InvalidParameterException("Invalid parameter: SubscriptionArn")
        topic = self.topics.get(topic_arn)
        subscription = None if topic is None else topic.subscriptions.get(arn)
        if topic is None or subscription is None:
            raise NotFoundException("Subscription does not exist")
        return topic, subscription

    def page(self, member: str, items: list[Any], params: Any) -> dict[str, Any]:
        """One page of a list; the token is the index of the next item."""
        try:
            start = int(params.get("NextToken") or 0)
        except ValueError:
            raise InvalidParameterException("Invalid parameter: NextToken") from None
        page: dict[str, Any] = {member: items[start : start + self.quotas.list_page]}
        if start + self.quotas.list_page < len(items):
            page["NextToken"] = str(start + self.quotas.list_page)
        return page
