"""Whether the keys of items fit the key schemas: of the table and of its indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.values import AttributeValue, Item

__all__ = ["check_index_keys", "check_item_key", "check_key", "check_no_empty_key", "check_updated_index_keys"]

NO_MATCH = "The provided key element does not match the schema"
INVALID = "One or more parameter values were invalid: "
NOT_VALID = "One or more parameter values are not valid. "
_KIND = {"S": "string", "B": "binary"}


def _empty_kind(value: Mapping[str, object] | None) -> str | None:
    """`string` or `binary` where a value is an empty one."""
    if value is None:
        return None
    for kind, inner in value.items():
        if kind in _KIND and not inner:
            return _KIND[kind]
    return None


def check_no_empty_key(table: Table, key: Mapping[str, AttributeValue]) -> None:
    """Raise where an attribute of the primary key is an empty string or binary."""
    for attribute in table.schema.attributes:
        empty = _empty_kind(key.get(attribute.name))
        if empty is not None:
            raise ValidationException(
                f"{NOT_VALID}The AttributeValue for a key attribute cannot contain an empty {empty} value. Key: {attribute.name}"
            )


def check_key(table: Table, key: Mapping[str, AttributeValue], quotas: DynamodbQuotas) -> None:
    """Raise where `key` is not the primary key of an item of the table: other attributes, other types, too long."""
    schema = table.schema
    if len(key) != len(schema.names):
        raise ValidationException(NO_MATCH)
    for attribute in schema.attributes:
        value = key.get(attribute.name)
        if value is None or attribute.type not in value:
            raise ValidationException(NO_MATCH)
    _check_lengths(table, key, quotas)


def check_item_key(table: Table, item: Mapping[str, AttributeValue], quotas: DynamodbQuotas) -> None:
    """Raise where an item that is put lacks an attribute of the primary key, or has it with another type or too long."""
    for attribute in table.schema.attributes:
        value = item.get(attribute.name)
        if value is None:
            raise ValidationException(f"{INVALID}Missing the key {attribute.name} in the item")
        if attribute.type not in value:
            raise ValidationException(
                f"{INVALID}Type mismatch for key {attribute.name} expected: {attribute.type} actual: {next(iter(value))}"
            )
    _check_lengths(table, item, quotas)


def _check_lengths(table: Table, key: Mapping[str, AttributeValue], quotas: DynamodbQuotas) -> None:
    for attribute in table.schema.hash:
        if _length(key[attribute.name]) > quotas.hash_key_bytes:
            # AWS has no blank before the number.
            raise ValidationException(
                f"{INVALID}Size of hashkey has exceeded the maximum size limit of{quotas.hash_key_bytes} bytes"
            )
    for attribute in table.schema.range:
        if _length(key[attribute.name]) > quotas.range_key_bytes:
            raise ValidationException(
                f"{INVALID}Aggregated size of all range keys has exceeded the size limit of {quotas.range_key_bytes} bytes"
            )


def _length(value: AttributeValue) -> int:
    for kind, inner in value.items():
        if kind == "S":
            return len(inner) if inner.isascii() else len(inner.encode("utf-8", "surrogatepass"))
        if kind == "B":
            return len(inner)
    return 0


def check_index_keys(table: Table, item: Item, quotas: DynamodbQuotas) -> None:
    """Raise where an item that is put has an index's key attribute with another type, empty, or too long."""
    for index in table.indexes.values():
        for part, longest in ((index.schema.hash, quotas.hash_key_bytes), (index.schema.range, quotas.range_key_bytes)):
            for attribute in part:
                value = item.get(attribute.name)
                if value is None:
                    continue
                if attribute.type not in value:
                    raise ValidationException(
                        f"{INVALID}Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
                        f"Actual: {next(iter(value))} IndexName: {index.name}"
                    )
                empty = _empty_kind(value)
                if empty is not None and attribute.name not in table.schema.names:
                    raise ValidationException(
                        f"{NOT_VALID}A value specified for a secondary index key is not supported. The AttributeValue for a key "
                        f"attribute cannot contain an empty {empty} value. IndexName: {index.name}, IndexKey: {attribute.name}"
                    )
                _check_index_length(value, longest, quotas)


def _check_index_length(value: AttributeValue, longest: int, quotas: DynamodbQuotas) -> None:
    if _length(value) > longest:
        if longest == quotas.hash_key_bytes:
            raise ValidationException(f"{INVALID}Size of hashkey has exceeded the maximum size limit of{longest} bytes")
        raise ValidationException(
            f"{INVALID}Aggregated size of all range keys has exceeded the size limit of {longest} bytes"
        )


def check_updated_index_keys(table: Table, item: Item, changed: Iterable[str], quotas: DynamodbQuotas) -> None:
    """As `check_index_keys`, for the attributes that an update changed."""
    names = frozenset(changed)
    for index in table.indexes.values():
        for part, longest in ((index.schema.hash, quotas.hash_key_bytes), (index.schema.range, quotas.range_key_bytes)):
            for attribute in part:
                value = item.get(attribute.name)
                if value is None or attribute.name not in names:
                    continue
                if attribute.type not in value:
                    raise ValidationException(
                        "The update expression attempted to update the secondary index key to unsupported type"
                    )
                empty = _empty_kind(value)
                if empty is not None:
                    raise ValidationException(
                        f"{NOT_VALID}The update expression attempted to update a secondary index key to a value that is not "
                        f"supported. The AttributeValue for a key attribute cannot contain an empty {empty} value."
                    )
                _check_index_length(value, longest, quotas)
