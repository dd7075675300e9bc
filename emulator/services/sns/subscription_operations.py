"""Operations on subscriptions.

https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.sns.errors import (
    FilterPolicyLimitExceededException,
    InvalidParameterException,
    SubscriptionLimitExceededException,
)
from emulator.services.sns.filter_policy import FilterPolicy
from emulator.services.sns.state import PROTOCOLS, Subscription, Topic
from emulator.services.sns.store import SnsStore

__all__ = ["SubscriptionOperations"]

SCOPES: Final = ("MessageAttributes", "MessageBody")
BOOLEANS: Final = ("true", "false")


class SubscriptionOperations(SnsStore):
    """Subscribe, Unsubscribe, SetSubscriptionAttributes and what belongs to them."""

    @operation("Subscribe")
    def subscribe(self, params: Params, context: CallContext) -> Reply:
        """Subscribe a queue or a function, confirmed at once; or the ARN of the same subscription that exists."""
        topic = self.topic(params["TopicArn"])
        protocol, endpoint = params["Protocol"], params.get("Endpoint", "")
        if protocol not in PROTOCOLS:
            raise UnsupportedOperation(
                f"sns:Subscribe: protocol {protocol} is not supported by this emulator ({', '.join(PROTOCOLS)} are)"
            )
        if not endpoint.startswith("arn:") or endpoint.split(":")[2:3] != [protocol]:
            raise InvalidParameterException(f"Invalid parameter: {protocol.upper()} endpoint ARN")
        if endpoint.endswith(".fifo"):
            raise InvalidParameterException(
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
            )
        attributes = params.get("Attributes") or {}
        for existing in topic.subscriptions.values():
            if (existing.protocol, existing.endpoint) == (protocol, endpoint):
                if any(existing.attributes.get(name, value) != value for name, value in attributes.items()):
                    raise InvalidParameterException(
                        "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
                    )
                return Reply({"SubscriptionArn": existing.arn})
        self._check_room(topic)
        subscription = Subscription(
            arn=f"{topic.arn}:{self.account.identifiers.uuid()}",
            topic_arn=topic.arn,
            protocol=protocol,
            endpoint=endpoint,
            owner=self.account.account_id,
        )
        # The scope decides how the policy is read.
        for name in sorted(attributes, key=lambda name: name != "FilterPolicyScope"):
            self._set_subscription_attribute(topic, subscription, name, attributes[name])
        topic.subscriptions[subscription.arn] = subscription
        return Reply({"SubscriptionArn": subscription.arn})

    @operation("ConfirmSubscription")
    def confirm_subscription(self, params: Params, context: CallContext) -> Reply:
        """No subscription here waits for confirmation, so that no token is valid."""
        self.topic(params["TopicArn"])
        raise InvalidParameterException("Invalid parameter: Token")

    @operation("Unsubscribe")
    def unsubscribe(self, params: Params, context: CallContext) -> Reply:
        """Delete a subscription."""
        topic, subscription = self.subscription(params["SubscriptionArn"])
        del topic.subscriptions[subscription.arn]
        return Reply()

    @operation("ListSubscriptions")
    def list_subscriptions(self, params: Params, context: CallContext) -> Reply:
        """All subscriptions."""
        shapes = [_shape(one) for topic in self.topics.values() for one in topic.subscriptions.values()]
        return Reply(self.page("Subscriptions", shapes, params))

    @operation("ListSubscriptionsByTopic")
    def list_subscriptions_by_topic(self, params: Params, context: CallContext) -> Reply:
        """A topic's subscriptions."""
        shapes = [_shape(one) for one in self.topic(params["TopicArn"]).subscriptions.values()]
        return Reply(self.page("Subscriptions", shapes, params))

    @operation("GetSubscriptionAttributes")
    def get_subscription_attributes(self, params: Params, context: CallContext) -> Reply:
        """A subscription's attributes."""
        _, subscription = self.subscription(params["SubscriptionArn"])
        attributes = {
            "SubscriptionArn": subscription.arn,
            "TopicArn": subscription.topic_arn,
            "Protocol": subscription.protocol,
            "Endpoint": subscription.endpoint,
            "Owner": subscription.owner,
            "ConfirmationWasAuthenticated": "true",
            "PendingConfirmation": "false",
            "RawMessageDelivery": "false",
            "SubscriptionPrincipal": self.account.arn("iam", "root", region=""),
            **subscription.attributes,
        }
        if subscription.filter_policy is not None:
            attributes.setdefault("FilterPolicyScope", subscription.filter_policy.scope)
        return Reply({"Attributes": attributes})

    @operation("SetSubscriptionAttributes")
    def set_subscription_attributes(self, params: Params, context: CallContext) -> Reply:
        """Set one attribute; it takes effect at once, which on AWS can take 15 minutes."""
        topic, subscription = self.subscription(params["SubscriptionArn"])
        self._set_subscription_attribute(topic, subscription, params["AttributeName"], params.get("AttributeValue", ""))
        return Reply()

    def _check_room(self, topic: Topic) -> None:
        count = len(topic.subscriptions)
        large = int(topic.attributes.get("MaximumMessageSize", 0)) > self.quotas.message_bytes
        if large and count >= self.quotas.subscriptions_of_large_messages:
            raise InvalidParameterException(
                "Invalid parameter: TopicArn Reason: a topic with MaximumMessageSize above "
                f"{self.quotas.message_bytes} can have at most {count} subscriptions"
            )
        if count >= self.quotas.subscriptions_per_topic:
            raise SubscriptionLimitExceededException("Subscription limit exceeded")

    def _set_subscription_attribute(self, topic: Topic, subscription: Subscription, name: str, value: str) -> None:
        match name:
            case "RawMessageDelivery":
                if value.lower() not in BOOLEANS:
                    raise InvalidParameterException("Invalid parameter: RawMessageDelivery: must be true or false")
                if subscription.protocol == "lambda" and value.lower() == "true":
                    raise InvalidParameterException(
                        "Invalid parameter: Attributes Reason: Delivery protocol [lambda] does not support raw message delivery."
                    )
            case "FilterPolicy":
                self._set_filter_policy(topic, subscription, value)
            case "FilterPolicyScope":
                if value not in SCOPES:
                    raise InvalidParameterException(
                        f"Invalid parameter: FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or "
                        "MessageAttributes"
                    )
                if subscription.filter_policy is not None:
                    text = subscription.filter_policy.text
                    subscription.filter_policy = FilterPolicy.compile(text, value, self.quotas)
            case "RedrivePolicy":
                subscription.dead_letter_target_arn = _dead_letter_target(value)
            case "DeliveryPolicy" | "SubscriptionRoleArn" | "ReplayPolicy":
                raise UnsupportedOperation(
                    f"subscription attribute {name} is not supported by this emulator (it has no effect on {subscription.protocol})"
                )
            case _:
                raise InvalidParameterException("Invalid parameter: AttributeName")
        if value == "":
            subscription.attributes.pop(name, None)
        else:
            subscription.attributes[name] = value

    def _set_filter_policy(self, topic: Topic, subscription: Subscription, text: str) -> None:
        if text in ("", "{}"):
            subscription.filter_policy = None
            return
        others = [one for one in topic.subscriptions.values() if one is not subscription]
        if sum(one.filter_policy is not None for one in others) >= self.quotas.filter_policies_per_topic:
            raise FilterPolicyLimitExceededException(
                f"A topic can have at most {self.quotas.filter_policies_per_topic} filter policies"
            )
        scope = subscription.attributes.get("FilterPolicyScope", SCOPES[0])
        subscription.filter_policy = FilterPolicy.compile(text, scope, self.quotas)


def _shape(subscription: Subscription) -> dict[str, Any]:
    """`Subscription`."""
    return {
        "SubscriptionArn": subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }


def _dead_letter_target(text: str) -> str | None:
    if text == "":
        return None
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    target = document.get("deadLetterTargetArn") if isinstance(document, dict) else None
    if not isinstance(target, str) or ":sqs:" not in target:
        raise InvalidParameterException("Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn")
    return target
