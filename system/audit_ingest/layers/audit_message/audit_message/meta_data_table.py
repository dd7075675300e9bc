"""The metadata table: one item for each message, which is the internal message itself and its sort key.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
"""

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

_LOGGER = logging.getLogger(__name__)
_SERIALIZER: Any = TypeSerializer()


class MetaDataTable:
    """The items of one table. Methods raise botocore's errors, except where they say otherwise."""

    def __init__(self, dynamodb: Any, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def put(self, primary_key: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        """Write a message's item. One that is there stays: a late second try must not undo the final state."""
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item({**message, **primary_key}),
                ConditionExpression="attribute_not_exists(messageID)",
            )
        except ClientError as error:
            if not _condition_failed(error):
                raise

    def set_storage_context(self, primary_key: Mapping[str, Any], storage_context: Mapping[str, Any]) -> bool:
        """Replace where the message is stored. Returns whether the item exists; none is created."""
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=to_item(primary_key),
                UpdateExpression="SET storageContext = :storage_context",
                ConditionExpression="attribute_exists(messageID)",
                ExpressionAttributeValues={":storage_context": to_attribute_value(storage_context)},
            )
        except ClientError as error:
            if not _condition_failed(error):
                raise
            return False
        return True

    def proves(self, primary_key: Mapping[str, Any]) -> bool:
        """Return whether the item is proven to be there; when DynamoDB cannot be asked, it is not proven."""
        try:
            answer = self._dynamodb.get_item(
                TableName=self.name, Key=to_item(primary_key), ProjectionExpression="messageID", ConsistentRead=True
            )
        except (ClientError, BotoCoreError) as error:
            _LOGGER.warning("the metadata table could not be asked for %s: %s", primary_key, error)
            return False
        return "Item" in answer


def to_item(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item, or a key, as DynamoDB's attribute values."""
    return {name: to_attribute_value(attribute) for name, attribute in value.items()}


def to_attribute_value(value: Any) -> dict[str, Any]:
    """Return a JSON value as a DynamoDB attribute value. A float becomes the decimal that it is written as."""
    attribute: dict[str, Any] = _SERIALIZER.serialize(_with_decimals(value))
    return attribute


def _with_decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {name: _with_decimals(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_decimals(item) for item in value]
    return value


def _condition_failed(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"
