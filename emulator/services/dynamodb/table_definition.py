"""What a table or an index may be defined as: keys, attribute definitions, projections, counts. The checks, in AWS's order and words.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.operation import Params
from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.quotas import DynamodbQuotas

__all__ = ["INVALID", "attribute_types_of", "check_definition", "check_key_elements", "check_new_global_index"]

INVALID = "One or more parameter values were invalid: "
TABLE_KEY_ELEMENTS = 2


def attribute_types_of(params: Params) -> dict[str, str]:
    """Types by name, in the order of AttributeDefinitions."""
    return {row["AttributeName"]: row["AttributeType"] for row in params.get("AttributeDefinitions") or ()}


def check_definition(params: Params, quotas: DynamodbQuotas, *, on_demand: bool) -> None:
    """Raise ValidationException where the keys and indexes of a CreateTable cannot be."""
    definitions = [row["AttributeName"] for row in params.get("AttributeDefinitions") or ()]
    schema = params.get("KeySchema")
    if schema is None:
        raise ValidationException(f'{INVALID}Missing required parameter in input: "KeySchema"')
    if not definitions:
        raise ValidationException(f'{INVALID}Missing required parameter in input: "AttributeDefinitions"')
    if len(set(definitions)) != len(definitions):
        raise ValidationException(
            f"{INVALID}Duplicate AttributeName in AttributeDefinitions: [{', '.join(definitions)}]"
        )
    check_key_elements(schema, definitions, "keySchema", TABLE_KEY_ELEMENTS)
    local, global_ = params.get("LocalSecondaryIndexes"), params.get("GlobalSecondaryIndexes")
    if local is None and global_ is None and len(schema) != len(definitions):
        raise ValidationException(
            f"{INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"
        )
    names: set[str] = set()
    if local is not None:
        _check_local_indexes(local, schema, definitions, names, quotas)
    if global_ is not None:
        if not global_:
            raise ValidationException(f"{INVALID}List of GlobalSecondaryIndexes is empty")
        for index in global_:
            check_new_global_index(index, definitions, names, quotas, on_demand=on_demand)
        if len(global_) > quotas.global_secondary_indexes:
            raise ValidationException(
                f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of {quotas.global_secondary_indexes}"
            )
    _check_projected(local, global_, quotas)
    used = [row["AttributeName"] for part in (schema, *_schemas(local), *_schemas(global_)) for row in part]
    if set(definitions) != set(used):
        raise ValidationException(
            f"{INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(definitions)}], "
            f"keys used: [{', '.join(dict.fromkeys(used))}]"
        )


def _schemas(indexes: Sequence[Mapping[str, Any]] | None) -> list[Any]:
    return [] if indexes is None else [index["KeySchema"] for index in indexes]


def check_key_elements(
    schema: Sequence[Mapping[str, str]], definitions: Sequence[str], member: str, most: int, most_of_a_part: int = 1
) -> None:
    """Raise where a KeySchema is not a partition key, with or without a sort key, of attributes that are defined."""
    if len(schema) > most:
        shown = ", ".join(
            f"KeySchemaElement(attributeName={row['AttributeName']}, keyType={row['KeyType']})" for row in schema
        )
        raise ValidationException(
            f"1 validation error detected: Value '[{shown}]' at '{member}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {most}"
        )
    keys = [row["AttributeName"] for row in schema]
    types = [row["KeyType"] for row in schema]
    if len(keys) > len(definitions):
        raise ValidationException("Invalid KeySchema: Some index key attribute have no definition")
    if any(key not in definitions for key in keys):
        raise ValidationException(
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [{', '.join(keys)}], "
            f"AttributeDefinitions: [{', '.join(definitions)}]"
        )
    if len(set(keys)) != len(keys):
        raise ValidationException(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
            if most_of_a_part == 1 or len(keys) == TABLE_KEY_ELEMENTS
            else f"{INVALID}KeySchema contains duplicate attribute names: [{', '.join(keys)}]"
        )
    if types[0] != "HASH":
        raise ValidationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if most_of_a_part == 1 and types[1:] not in ([], ["RANGE"]):
        raise ValidationException("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    if types != sorted(types):  # HASH comes before RANGE
        raise ValidationException("Invalid KeySchema: HASH key attributes must come before RANGE key attributes")
    for kind in ("HASH", "RANGE"):
        if types.count(kind) > most_of_a_part:
            raise ValidationException(
                f"Invalid KeySchema: The number of {kind} key attributes exceeds the limit of {most_of_a_part}"
            )


def _check_local_indexes(
    indexes: Sequence[Mapping[str, Any]],
    table_schema: Sequence[Mapping[str, str]],
    definitions: Sequence[str],
    names: set[str],
    quotas: DynamodbQuotas,
) -> None:
    if not indexes:
        raise ValidationException(f"{INVALID}List of LocalSecondaryIndexes is empty")
    if len(table_schema) < TABLE_KEY_ELEMENTS:
        raise ValidationException(
            f"{INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    table_hash = table_schema[0]["AttributeName"]
    for index in indexes:
        name, schema = index["IndexName"], index["KeySchema"]
        check_key_elements(schema, definitions, "localSecondaryIndexes.1.member.keySchema", TABLE_KEY_ELEMENTS)
        if len(schema) < TABLE_KEY_ELEMENTS:
            raise ValidationException(f"{INVALID}Index KeySchema does not have a range key for index: {name}")
        if schema[0]["AttributeName"] != table_hash:
            raise ValidationException(
                f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. "
                f"index hash key: {schema[0]['AttributeName']}, table hash key: {table_hash}"
            )
        _check_projection(index["Projection"], quotas)
        _check_new_name(name, names)
    if len(indexes) > quotas.local_secondary_indexes:
        raise ValidationException(
            f"{INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of {quotas.local_secondary_indexes}"
        )


def check_new_global_index(
    index: Mapping[str, Any],
    definitions: Sequence[str],
    names: set[str],
    quotas: DynamodbQuotas,
    *,
    on_demand: bool,
) -> None:
    """Raise where a global secondary index cannot be; its name joins `names`."""
    name, most = index["IndexName"], quotas.key_attributes_of_an_index_part
    check_key_elements(
        index["KeySchema"], definitions, "globalSecondaryIndexes.1.member.keySchema", 2 * most, most_of_a_part=most
    )
    _check_projection(index["Projection"], quotas)
    if on_demand and index.get("ProvisionedThroughput") is not None:
        raise ValidationException(
            f"{INVALID}ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
        )
    if not on_demand and index.get("ProvisionedThroughput") is None:
        raise ValidationException(f"{INVALID}ProvisionedThroughput must be specified for index: {name}")
    _check_new_name(name, names)


def _check_new_name(name: str, names: set[str]) -> None:
    if name in names:
        raise ValidationException(f"{INVALID}Duplicate index name: {name}")
    names.add(name)


def _check_projection(projection: Mapping[str, Any], quotas: DynamodbQuotas) -> None:
    kind, attributes = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if kind is None:
        raise ValidationException(f"{INVALID}Unknown ProjectionType: null")
    if attributes is not None and kind != "INCLUDE":
        raise ValidationException(f"{INVALID}ProjectionType is {kind}, but NonKeyAttributes is specified")
    if attributes is None and kind == "INCLUDE":
        raise ValidationException(f"{INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if attributes is not None and len(set(attributes)) != len(attributes):
        raise ValidationException(f"{INVALID}NonKeyAttributes contains duplicates: [{', '.join(attributes)}]")


def _check_projected(
    local: Sequence[Mapping[str, Any]] | None, global_: Sequence[Mapping[str, Any]] | None, quotas: DynamodbQuotas
) -> None:
    count = sum(len(index["Projection"].get("NonKeyAttributes") or ()) for index in (*(local or ()), *(global_ or ())))
    if count > quotas.projected_attributes:
        raise ValidationException(
            f"{INVALID}Number of projected attributes in all indexes exceeds the limit of {quotas.projected_attributes}"
        )
