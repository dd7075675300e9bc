"""Operations on topics and their tags.

https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.sns.errors import (
    InvalidParameterException,
    NotFoundException,
    ResourceNotFoundException,
    TagLimitExceededException,
    TopicLimitExceededException,
)
from emulator.services.sns.state import Topic
from emulator.services.sns.store import SnsStore

__all__ = ["TopicOperations"]

_NAME = re.compile(r"[A-Za-z0-9_\-]+(\.fifo)?")
_FEEDBACK = re.compile(r"(Application|HTTP|Lambda|SQS|Firehose)(Success|Failure)Feedback(RoleArn|SampleRate)")
SETTABLE: Final = frozenset(
    {
        "DeliveryPolicy",
        "DisplayName",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "Policy",
        "SignatureVersion",
        "TracingConfig",
    }
)
FIFO: Final = ("FifoTopic", "ContentBasedDeduplication", "ArchivePolicy", "FifoThroughputScope")


class TopicOperations(SnsStore):
    """CreateTopic, SetTopicAttributes, TagResource and what belongs to them."""

    @operation("CreateTopic", unsupported=("DataProtectionPolicy",))
    def create_topic(self, params: Params, context: CallContext) -> Reply:
        """A new topic, or the ARN of the one that has this name."""
        name = params["Name"]
        if _NAME.fullmatch(name) is None or len(name) > self.quotas.topic_name_characters:
            raise InvalidParameterException("Invalid parameter: Topic Name")
        if name.endswith(".fifo"):
            raise UnsupportedOperation(f"topic {name}: FIFO topics are not supported by this emulator")
        arn = self.account.arn("sns", name)
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
        existing = self.topics.get(arn)
        if existing is not None:
            if tags and tags != existing.tags:
                raise InvalidParameterException(
                    "Invalid parameter: Tags Reason: Topic already exists with different tags"
                )
            for attribute, value in (params.get("Attributes") or {}).items():
                if existing.attributes.get(attribute, value) != value:
                    raise InvalidParameterException(
                        "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
                    )
            return Reply({"TopicArn": arn})
        if len(self.topics) >= self.quotas.topics:
            raise TopicLimitExceededException("Topic limit exceeded")
        topic = Topic(arn, name)
        self._set_tags(topic, tags)
        for attribute, value in (params.get("Attributes") or {}).items():
            self._set_topic_attribute(topic, attribute, value)
        self.topics[arn] = topic
        return Reply({"TopicArn": arn})

    @operation("DeleteTopic")
    def delete_topic(self, params: Params, context: CallContext) -> Reply:
        """Delete a topic with its subscriptions; deleting what does not exist is no error."""
        self.topics.pop(params["TopicArn"], None)
        return Reply()

    @operation("ListTopics")
    def list_topics(self, params: Params, context: CallContext) -> Reply:
        """The ARNs of all topics."""
        return Reply(self.page("Topics", [{"TopicArn": arn} for arn in self.topics], params))

    @operation("GetTopicAttributes")
    def get_topic_attributes(self, params: Params, context: CallContext) -> Reply:
        """A topic's attributes."""
        topic = self.topic(params["TopicArn"])
        attributes = {
            "TopicArn": topic.arn,
            "Owner": self.account.account_id,
            "DisplayName": "",
            "Policy": _default_policy(topic.arn, self.account.account_id),
            "SubscriptionsConfirmed": str(len(topic.subscriptions)),
            "SubscriptionsPending": "0",
            "SubscriptionsDeleted": "0",
            **topic.attributes,
        }
        return Reply({"Attributes": attributes})

    @operation("SetTopicAttributes")
    def set_topic_attributes(self, params: Params, context: CallContext) -> Reply:
        """Set one attribute."""
        self._set_topic_attribute(
            self.topic(params["TopicArn"]), params["AttributeName"], params.get("AttributeValue", "")
        )
        return Reply()

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Add tags to a topic."""
        topic = self._tagged(params)
        self._set_tags(topic, {tag["Key"]: tag["Value"] for tag in params["Tags"]})
        return Reply()

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Take tags away."""
        topic = self._tagged(params)
        for key in params["TagKeys"]:
            topic.tags.pop(key, None)
        return Reply()

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, params: Params, context: CallContext) -> Reply:
        """A topic's tags."""
        return Reply({"Tags": [{"Key": key, "Value": value} for key, value in self._tagged(params).tags.items()]})

    def maximum_message_bytes(self, topic: Topic) -> int:
        """How long a message of the topic may be."""
        return int(topic.attributes.get("MaximumMessageSize", self.quotas.message_bytes))

    def _tagged(self, params: Params) -> Topic:
        try:
            return self.topic(params["ResourceArn"])
        except NotFoundException:
            raise ResourceNotFoundException("Resource does not exist") from None

    def _set_tags(self, topic: Topic, tags: dict[str, str]) -> None:
        if len({**topic.tags, **tags}) > self.quotas.tags:
            raise TagLimitExceededException("Could not complete request: tag quota of per resource exceeded")
        topic.tags.update(tags)

    def _set_topic_attribute(self, topic: Topic, name: str, value: str) -> None:
        if name in FIFO:
            if name != "FifoTopic" or value != "false":
                raise UnsupportedOperation(f"topic attribute {name}: FIFO topics are not supported by this emulator")
            return
        if name not in SETTABLE and _FEEDBACK.fullmatch(name) is None:
            raise InvalidParameterException("Invalid parameter: AttributeName")
        if name == "MaximumMessageSize":
            self._check_maximum_message_size(topic, value)
        if name in ("Policy", "DeliveryPolicy") and value != "":
            _check_object(name, value)
        if value == "":
            topic.attributes.pop(name, None)
        else:
            topic.attributes[name] = value

    def _check_maximum_message_size(self, topic: Topic, value: str) -> None:
        quotas = self.quotas
        lowest, highest = quotas.smallest_maximum_message_bytes, quotas.largest_maximum_message_bytes
        if not value.isdigit() or not lowest <= int(value) <= highest:
            raise InvalidParameterException(
                f"Invalid parameter: MaximumMessageSize Reason: must be between {lowest} and {highest}"
            )
        if int(value) > quotas.message_bytes and len(topic.subscriptions) > quotas.subscriptions_of_large_messages:
            raise InvalidParameterException(
                f"Invalid parameter: MaximumMessageSize Reason: above {quotas.message_bytes} a topic can have at most "
                f"{quotas.subscriptions_of_large_messages} subscriptions"
            )


def _check_object(name: str, text: str) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise InvalidParameterException(f"Invalid parameter: {name} Reason: failed to parse JSON")
    return document


def _default_policy(topic_arn: str, account_id: str) -> str:
    """What AWS gives a topic that has no policy: its owner may do everything."""
    actions = [
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
    ]
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": topic_arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account_id}},
    }
    return orjson.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}).decode()
