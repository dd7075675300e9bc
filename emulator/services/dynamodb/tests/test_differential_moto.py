"""The same requests to this service and to moto, where moto is right: what is stored and what is found must agree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from emulator.errors import AwsError
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av

ITEM = {
    "pk": "p",
    "s": "hello",
    "n": 5,
    "m": {"x": {"y": 1}, "lst": [1, "two", {"three": 3}]},
    "l": ["a", "b", "c"],
    "ss": {"a", "b"},
    "flag": True,
    "none": None,
    "b": b"\x00\x01",
}
KEY = {"pk": av("p")}
VALUES = {
    ":s": av("hello"),
    ":n": av(5),
    ":one": av(1),
    ":two": av(2),
    ":a": av("a"),
    ":list": av(["z"]),
    ":set": av({"b", "c"}),
    ":map": av({"k": 1}),
    ":true": av(True),
    ":N": av("N"),
}

CONDITIONS = [
    "s = :s AND n > :one",
    "s <> :s OR n = :n",
    "NOT (n BETWEEN :one AND :two)",
    "n IN (:one, :n)",
    "m.x.y = :one",
    "m.lst[2].three > :two",
    "attribute_exists(m.x) AND attribute_not_exists(m.z)",
    "attribute_type(n, :N)",
    "begins_with(s, :a)",
    "contains(ss, :a)",
    "contains(l, :a)",
    "size(l) > :two",
    "size(s) = :n",
    "flag = :true",
    "absent = :s",
    "absent < :n",
    "l[7] = :a",
]
UPDATES = [
    "SET n = n + :one, s = :a",
    "SET m.x.z = :map",
    "SET l[1] = :a, l[9] = :s",
    "SET l = list_append(l, :list)",
    "SET l = list_append(:list, l)",
    "SET q = if_not_exists(q, :n), n = if_not_exists(n, :one) - :two",
    "REMOVE l[0], m.x, absent",
    "REMOVE l[0], l[2]",
    "ADD n :two, ss :set, fresh :one",
    "DELETE ss :set",
    "SET s = m.lst[1], q = l[0]",
    "SET m.nope.deep = :a",
    "SET q = absent",
    "SET q = s + :one",
    "ADD s :one",
]
PROJECTIONS = ["s, n", "m.x.y, l[0]", "m.lst[2].three", "absent", "m"]


class Moto:
    """moto, asked as the driver is."""

    def __init__(self) -> None:
        self._client = boto3.client("dynamodb", region_name="us-east-1")

    def call(self, operation: str, /, **params: Any) -> Any:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
        return getattr(self._client, name)(**params)


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    credentials = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "a", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock.patch.dict(os.environ, credentials), mock_aws():
        moto = Moto()
        create(moto)
        yield moto


@pytest.fixture
def dynamodb() -> DynamodbDriver:
    driver = DynamodbDriver()
    create(driver)
    return driver


def create(target: Any) -> None:
    target.call(
        "CreateTable",
        TableName="tab",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def prepare(target: Any) -> Any:
    """The target, with the item as it was."""
    target.call("PutItem", TableName="tab", Item={name: av(value) for name, value in ITEM.items()})
    return target


def outcome(target: Any, operation: str, **params: Any) -> Any:
    """The code of the error, or nothing."""
    try:
        target.call(operation, TableName="tab", Key=KEY, **params)
    except AwsError as error:
        return error.code
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def used(text: str) -> dict[str, Any]:
    names = {name for name in VALUES if name in text.translate(str.maketrans(",()", "   ")).split()}
    return {"ExpressionAttributeValues": {name: VALUES[name] for name in names}} if names else {}


def normal(value: Any) -> Any:
    [(kind, inner)] = value.items()
    if kind in ("SS", "NS", "BS"):
        return kind, sorted(inner)
    if kind == "L":
        return kind, [normal(member) for member in inner]
    if kind == "M":
        return kind, {name: normal(member) for name, member in inner.items()}
    return kind, inner


def stored(target: Any, **params: Any) -> Any:
    item = target.call("GetItem", TableName="tab", Key=KEY, **params).get("Item", {})
    return {name: normal(value) for name, value in item.items()}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_lets_through_what_moto_lets_through(dynamodb: DynamodbDriver, moto: Moto, text: str) -> None:
    ours, theirs = (
        outcome(prepare(target), "DeleteItem", ConditionExpression=text, **used(text)) for target in (dynamodb, moto)
    )
    assert ours == theirs


@pytest.mark.parametrize("text", UPDATES)
def test_an_update_leaves_what_moto_leaves(dynamodb: DynamodbDriver, moto: Moto, text: str) -> None:
    results = []
    for target in (dynamodb, moto):
        code = outcome(prepare(target), "UpdateItem", UpdateExpression=text, **used(text))
        results.append((code, stored(target)))
    assert results[0] == results[1]


@pytest.mark.parametrize("text", PROJECTIONS)
def test_a_projection_shows_what_moto_shows(dynamodb: DynamodbDriver, moto: Moto, text: str) -> None:
    ours, theirs = (stored(prepare(target), ProjectionExpression=text) for target in (dynamodb, moto))
    assert ours == theirs
