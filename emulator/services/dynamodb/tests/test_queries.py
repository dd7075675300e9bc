"""Query and Scan: pages, spans, indexes, segments, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av, plain

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
INVALID = "One or more parameter values were invalid: "


def index(name: str, keys: str, projection: str = "ALL", *shown: str) -> dict[str, Any]:
    schema = [
        {"AttributeName": key.strip("*"), "KeyType": "HASH" if key.endswith("*") else "RANGE"} for key in keys.split()
    ]
    described: dict[str, Any] = {"ProjectionType": projection}
    if shown:
        described["NonKeyAttributes"] = list(shown)
    return {"IndexName": name, "KeySchema": schema, "Projection": described}


@pytest.fixture
def db(dynamodb: DynamodbDriver) -> DynamodbDriver:
    dynamodb.table(
        keys="pk:S sk:S g:S l:N",
        KeySchema=KEYS,
        GlobalSecondaryIndexes=[index("gsi", "g* l", "INCLUDE", "a")],
        LocalSecondaryIndexes=[index("lsi", "pk* l", "KEYS_ONLY")],
    )
    return dynamodb


def query(db: DynamodbDriver, condition: str = "pk = :p", values: dict[str, Any] | None = None, **params: Any) -> Any:
    values = {":p": "p", **(values or {})}
    used = {name: av(value) for name, value in values.items()}
    return db.call(
        "Query", TableName="items", KeyConditionExpression=condition, ExpressionAttributeValues=used, **params
    )


def refusal(db: DynamodbDriver, **params: Any) -> str:
    params.setdefault("KeyConditionExpression", "pk = :p")
    params.setdefault("ExpressionAttributeValues", {":p": av("p")})
    code, message = db.error("Query", TableName="items", **params)
    assert code == "ValidationException"
    return message


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("pk = :p", {}, ["a", "ab", "abc", "b", "\U0010ffff", "\U0010ffffz"]),
        ("pk = :p AND sk = :s", {":s": "ab"}, ["ab"]),
        ("pk = :p AND sk < :s", {":s": "ab"}, ["a"]),
        ("pk = :p AND sk <= :s", {":s": "ab"}, ["a", "ab"]),
        ("pk = :p AND sk > :s", {":s": "ab"}, ["abc", "b", "\U0010ffff", "\U0010ffffz"]),
        ("pk = :p AND sk >= :s", {":s": "b"}, ["b", "\U0010ffff", "\U0010ffffz"]),
        ("pk = :p AND sk BETWEEN :s AND :t", {":s": "ab", ":t": "b"}, ["ab", "abc", "b"]),
        ("pk = :p AND begins_with(sk, :s)", {":s": "ab"}, ["ab", "abc"]),
        ("pk = :p AND begins_with(sk, :s)", {":s": "\U0010ffff"}, ["\U0010ffff", "\U0010ffffz"]),
        ("begins_with(sk, :s) AND pk = :p", {":s": "x"}, []),
    ],
)
@pytest.mark.parametrize("forward", [True, False])
def test_sort_key_conditions(
    db: DynamodbDriver, condition: str, values: dict[str, Any], found: list[str], forward: bool
) -> None:
    for sort in ("b", "a", "abc", "ab", "\U0010ffffz", "\U0010ffff"):
        db.put(pk="p", sk=sort)
    db.put(pk="other", sk="ab")
    answer = query(db, condition, values, ScanIndexForward=forward)
    assert [plain(item)["sk"] for item in answer["Items"]] == (found if forward else found[::-1])


def test_page_ends_after_a_megabyte_before_the_filter(db: DynamodbDriver) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html"""
    for number in range(20):
        db.put(pk="p", sk=f"{number:02}", v="x" * 60_000)
    page = query(db, FilterExpression="attribute_exists(nothing)", ReturnConsumedCapacity="TOTAL")
    assert (page["Count"], page["Items"]) == (0, [])
    assert page["ScannedCount"] == 18
    assert page["LastEvaluatedKey"] == {"pk": av("p"), "sk": av("17")}
    assert page["ConsumedCapacity"]["CapacityUnits"] == 132.0
    rest = query(db, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert [plain(item)["sk"] for item in rest["Items"]] == ["18", "19"]
    assert "LastEvaluatedKey" not in rest


def test_limit_counts_what_is_read_and_gives_a_key_even_at_the_end(db: DynamodbDriver) -> None:
    for sort in "abc":
        db.put(pk="p", sk=sort)
    page = query(db, Limit=3)
    assert page["LastEvaluatedKey"] == {"pk": av("p"), "sk": av("c")}
    assert query(db, ExclusiveStartKey=page["LastEvaluatedKey"])["Items"] == []
    assert query(db, Limit=2, Select="COUNT") == {
        "Count": 2,
        "ScannedCount": 2,
        "LastEvaluatedKey": {"pk": av("p"), "sk": av("b")},
    }


def test_page_may_begin_after_an_item_that_is_gone(db: DynamodbDriver) -> None:
    for sort in "abc":
        db.put(pk="p", sk=sort)
    start = {"pk": av("p"), "sk": av("b")}
    db.call("DeleteItem", TableName="items", Key=start)
    assert [plain(item)["sk"] for item in query(db, ExclusiveStartKey=start)["Items"]] == ["c"]
    assert [plain(item)["sk"] for item in query(db, ExclusiveStartKey=start, ScanIndexForward=False)["Items"]] == ["a"]


def test_global_index_is_sparse_and_shows_what_it_projects(db: DynamodbDriver) -> None:
    db.put(pk="p", sk="1", g="x", l=2, a=1, b=1)
    db.put(pk="p", sk="2", g="x", l=1, a=1, b=1)
    db.put(pk="p", sk="3", g="x", a=1)
    params: dict[str, Any] = {"IndexName": "gsi", "ReturnConsumedCapacity": "INDEXES"}
    found = query(db, "g = :p", {":p": "x"}, **params)
    assert [plain(item) for item in found["Items"]] == [
        {"pk": "p", "sk": "2", "g": "x", "l": 1, "a": 1},
        {"pk": "p", "sk": "1", "g": "x", "l": 2, "a": 1},
    ]
    assert found["ConsumedCapacity"] == {
        "TableName": "items",
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 0.5}},
    }
    page = query(db, "g = :p", {":p": "x"}, IndexName="gsi", Limit=1)
    assert page["LastEvaluatedKey"].keys() == {"pk", "sk", "g", "l"}


def test_local_index_fetches_what_it_does_not_project(db: DynamodbDriver) -> None:
    db.put(pk="p", sk="1", l=2, b=1)
    db.put(pk="p", sk="2", l=1, b=2)
    by_default = query(db, IndexName="lsi")
    assert [plain(item) for item in by_default["Items"]] == [
        {"pk": "p", "sk": "2", "l": 1},
        {"pk": "p", "sk": "1", "l": 2},
    ]
    fetched = query(db, IndexName="lsi", ProjectionExpression="b", ReturnConsumedCapacity="INDEXES")
    assert [plain(item) for item in fetched["Items"]] == [{"b": 2}, {"b": 1}]
    assert fetched["ConsumedCapacity"]["Table"]["CapacityUnits"] == 1.0
    assert fetched["ConsumedCapacity"]["CapacityUnits"] == 1.5
    whole = query(db, IndexName="lsi", Select="ALL_ATTRIBUTES")
    assert [plain(item)["b"] for item in whole["Items"]] == [2, 1]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such index": ({"IndexName": "none"}, "The table does not have the specified index: none"),
    "consistent global index": (
        {"IndexName": "gsi", "KeyConditionExpression": "g = :p", "ConsistentRead": True},
        "Consistent reads are not supported on global secondary indexes",
    ),
    "all attributes of a global index": (
        {"IndexName": "gsi", "KeyConditionExpression": "g = :p", "Select": "ALL_ATTRIBUTES"},
        (
            f"{INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index gsi because its projection type is "
            "not ALL"
        ),
    ),
    "not projected": (
        {"IndexName": "gsi", "KeyConditionExpression": "g = :p", "ProjectionExpression": "b, c"},
        f"{INVALID}Global secondary index gsi does not project [b, c]",
    ),
    "filter not projected": (
        {"IndexName": "gsi", "KeyConditionExpression": "g = :p", "FilterExpression": "b = :p"},
        f"{INVALID}Secondary index gsi does not project one or more filter attributes: [b]",
    ),
    "filter of a key": (
        {"FilterExpression": "sk = :p"},
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
    ),
    "projection and select": (
        {"ProjectionExpression": "a", "Select": "COUNT"},
        "1 validation error detected: Cannot specify the ProjectionExpression when choosing to get only the Count",
    ),
    "select without projection": (
        {"Select": "SPECIFIC_ATTRIBUTES"},
        (
            "1 validation error detected: Must specify the AttributesToGet or ProjectionExpression when choosing to get "
            "SPECIFIC_ATTRIBUTES"
        ),
    ),
    "projected without index": (
        {"Select": "ALL_PROJECTED_ATTRIBUTES"},
        "1 validation error detected: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
    ),
    "no items": (
        {"Limit": 0},
        (
            "1 validation error detected: Value at 'Limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        ),
    ),
    "start of another partition": (
        {"ExclusiveStartKey": {"pk": av("q"), "sk": av("1")}},
        "The provided starting key is outside query boundaries based on provided conditions",
    ),
    "start outside the range": (
        {
            "KeyConditionExpression": "pk = :p AND sk > :p",
            "ExclusiveStartKey": {"pk": av("p"), "sk": av("a")},
        },
        "The provided starting key does not match the range key predicate",
    ),
    "start without sort key": (
        {"ExclusiveStartKey": {"pk": av("p")}},
        "The provided starting key is invalid: The provided key element does not match the schema",
    ),
    "start of an index": (
        {
            "IndexName": "gsi",
            "KeyConditionExpression": "g = :p",
            "ExclusiveStartKey": {"pk": av("p"), "sk": av("a")},
        },
        "The provided starting key is invalid",
    ),
}


@pytest.mark.parametrize(("params", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_query_that_cannot_be_is_refused(db: DynamodbDriver, params: dict[str, Any], message: str) -> None:
    assert refusal(db, **params) == message


def test_key_of_several_attributes_orders_by_one_after_the_other(dynamodb: DynamodbDriver) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html"""
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
    dynamodb.table(keys="pk:S h:S a:S b:N", KeySchema=schema, GlobalSecondaryIndexes=[index("multi", "h* a b")])
    for name, first, second in (("1", "x", 2), ("2", "x", 1), ("3", "w", 9), ("4", "x", None)):
        dynamodb.put(**{"pk": name, "h": "h", "a": first, **({} if second is None else {"b": second})})
    for condition, found in (
        ("h = :p", ["3", "2", "1"]),
        ("h = :p AND a = :a", ["2", "1"]),
        ("h = :p AND a = :a AND b > :b", ["1"]),
    ):
        values = {name: value for name, value in ((":p", "h"), (":a", "x"), (":b", 1)) if name in condition}
        answer = query(dynamodb, condition, values, IndexName="multi")
        assert [plain(item)["pk"] for item in answer["Items"]] == found
    assert query(dynamodb, "h = :p", {":p": "h"}, IndexName="multi", Limit=1)["LastEvaluatedKey"].keys() == {
        *("pk", "h", "a", "b")
    }


# -- Scan ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"Segment": 0},
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        ),
        (
            {"TotalSegments": 2},
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        ),
        (
            {"Segment": 2, "TotalSegments": 2},
            (
                "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than "
                "TotalSegments: 2"
            ),
        ),
        (
            {"Select": "COUNT", "ProjectionExpression": "a"},
            "Cannot specify the ProjectionExpression when choosing to get only the Count",
        ),
        (
            {"IndexName": "gsi", "ConsistentRead": True},
            "Consistent reads are not supported on global secondary indexes",
        ),
    ],
)
def test_scan_that_cannot_be_is_refused(db: DynamodbDriver, params: dict[str, Any], message: str) -> None:
    assert db.error("Scan", TableName="items", **params) == ("ValidationException", message)


def test_scan_of_no_items_is_refused(db: DynamodbDriver) -> None:
    assert db.error("Scan", TableName="items", Limit=0) == (
        "ValidationException",
        (
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or "
            "equal to 1"
        ),
    )


def test_start_of_a_scan_must_be_of_its_segment(db: DynamodbDriver) -> None:
    for number in range(20):
        db.put(pk=str(number), sk="s")
    keys = [
        db.call("Scan", TableName="items", Segment=segment, TotalSegments=2, Limit=1)["LastEvaluatedKey"]
        for segment in (0, 1)
    ]
    assert db.error("Scan", TableName="items", Segment=0, TotalSegments=2, ExclusiveStartKey=keys[1])[1] == (
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
        "TotalSegments: 2 Segment: 0"
    )
    db.call("Scan", TableName="items", Segment=1, TotalSegments=2, ExclusiveStartKey=keys[1])


def test_scan_filters_after_the_limit(db: DynamodbDriver) -> None:
    for number in range(10):
        db.put(pk=str(number), sk="s", v=number)
    page = db.call(
        "Scan", TableName="items", Limit=4, FilterExpression="v < :v", ExpressionAttributeValues={":v": av(0)}
    )
    assert (page["Count"], page["ScannedCount"]) == (0, 4)
    assert "LastEvaluatedKey" in page
