"""Tables against a naive model: items, indexes, pages, transactions and the stream always tell the same story."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from emulator.errors import AwsError
from emulator.services.dynamodb import restored_state, snapshot_of
from emulator.services.dynamodb.sizes import size_of_item
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av, plain

PARTITIONS = st.sampled_from(["a", "b", "c"])
SORTS = st.integers(-3, 3)
GROUPS = st.sampled_from([None, "x", "y"])
RANKS = st.one_of(st.none(), st.integers(0, 3))
BODIES = st.text("z", max_size=5)

SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
GLOBAL = {
    "IndexName": "by-group",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["body"]},
}
LOCAL = {
    "IndexName": "by-rank",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
Key = tuple[str, int]


class TableModel(RuleBasedStateMachine):
    """`items` is what the table must hold, `log` the changes that the stream must tell."""

    @initialize()
    def make(self) -> None:
        self.db = DynamodbDriver()
        self.items: dict[Key, dict[str, Any]] = {}
        self.log: list[tuple[str, Key, Any, Any]] = []
        self.db.table(
            keys="pk:S sk:N g:S r:N",
            KeySchema=SCHEMA,
            GlobalSecondaryIndexes=[GLOBAL],
            LocalSecondaryIndexes=[LOCAL],
            StreamSpecification=STREAM,
        )

    # -- the model -------------------------------------------------------------------------------------------------------------

    def expect(self, key: Key, after: dict[str, Any] | None) -> None:
        before = self.items.get(key)
        if after is None:
            self.items.pop(key, None)
        else:
            self.items[key] = after
        if before != after:
            name = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
            self.log.append((name, key, before, after))

    @staticmethod
    def made(key: Key, group: str | None, rank: int | None, body: str) -> dict[str, Any]:
        item = {"pk": key[0], "sk": key[1], "g": group, "r": rank, "body": body}
        return {name: value for name, value in item.items() if value is not None}

    # -- writes ----------------------------------------------------------------------------------------------------------------

    @rule(pk=PARTITIONS, sk=SORTS, group=GROUPS, rank=RANKS, body=BODIES)
    def put(self, pk: str, sk: int, group: str | None, rank: int | None, body: str) -> None:
        item = self.made((pk, sk), group, rank, body)
        old = self.db.call(
            "PutItem", TableName="items", Item={n: av(v) for n, v in item.items()}, ReturnValues="ALL_OLD"
        )
        before = self.items.get((pk, sk))
        assert (plain(old["Attributes"]) if "Attributes" in old else None) == before
        self.expect((pk, sk), item)

    @rule(pk=PARTITIONS, sk=SORTS)
    def put_unless_there(self, pk: str, sk: int) -> None:
        there = (pk, sk) in self.items
        try:
            self.db.call(
                "PutItem",
                TableName="items",
                Item={"pk": av(pk), "sk": av(sk)},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except AwsError as error:
            assert there
            assert error.code == "ConditionalCheckFailedException"
        else:
            assert not there
            self.expect((pk, sk), {"pk": pk, "sk": sk})

    @rule(pk=PARTITIONS, sk=SORTS)
    def delete(self, pk: str, sk: int) -> None:
        self.db.call("DeleteItem", TableName="items", Key={"pk": av(pk), "sk": av(sk)})
        self.expect((pk, sk), None)

    @rule(pk=PARTITIONS, sk=SORTS, group=st.sampled_from(["x", "y"]), rank=st.integers(0, 3))
    def update(self, pk: str, sk: int, group: str, rank: int) -> None:
        self.db.call(
            "UpdateItem",
            TableName="items",
            Key={"pk": av(pk), "sk": av(sk)},
            UpdateExpression="SET g = :g, r = if_not_exists(r, :r) REMOVE body",
            ExpressionAttributeValues={":g": av(group), ":r": av(rank)},
        )
        after = {**self.items.get((pk, sk), {"pk": pk, "sk": sk}), "g": group}
        after.setdefault("r", rank)
        after.pop("body", None)
        self.expect((pk, sk), after)

    @rule(keys=st.lists(st.tuples(PARTITIONS, SORTS), min_size=1, max_size=4, unique=True), body=BODIES)
    def batch_write(self, keys: list[Key], body: str) -> None:
        requests = [
            {"DeleteRequest": {"Key": {"pk": av(pk), "sk": av(sk)}}}
            if sk % 2
            else {"PutRequest": {"Item": {"pk": av(pk), "sk": av(sk), "body": av(body)}}}
            for pk, sk in keys
        ]
        assert self.db.call("BatchWriteItem", RequestItems={"items": requests})["UnprocessedItems"] == {}
        for pk, sk in keys:
            self.expect((pk, sk), None if sk % 2 else {"pk": pk, "sk": sk, "body": body})

    @rule(keys=st.lists(st.tuples(PARTITIONS, SORTS), min_size=2, max_size=4, unique=True), rank=st.integers(0, 3))
    def transact(self, keys: list[Key], rank: int) -> None:
        """The first key must be there, the second must not; the others get a rank."""
        first, second, *others = keys
        exists = {"ConditionExpression": "attribute_exists(pk)"}
        actions: list[dict[str, Any]] = [
            {"ConditionCheck": {"TableName": "items", "Key": key_of(first), **exists}},
            {
                "Put": {
                    "TableName": "items",
                    "Item": key_of(second),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
            *(
                {
                    "Update": {
                        "TableName": "items",
                        "Key": key_of(key),
                        "UpdateExpression": "SET r = :r",
                        "ExpressionAttributeValues": {":r": av(rank)},
                    }
                }
                for key in others
            ),
        ]
        holds = first in self.items, second not in self.items
        try:
            self.db.call("TransactWriteItems", TransactItems=actions)
        except AwsError as error:
            assert not all(holds)
            codes = [reason["Code"] for reason in error.fields["CancellationReasons"]]
            assert codes == [
                *("None" if one else "ConditionalCheckFailed" for one in holds),
                *("None" for _ in others),
            ]
            return
        assert all(holds)
        self.expect(second, {"pk": second[0], "sk": second[1]})
        for key in others:
            self.expect(key, {**self.items.get(key, {"pk": key[0], "sk": key[1]}), "r": rank})

    @rule()
    def start_again_from_a_snapshot(self) -> None:
        kept = snapshot_of(self.db.state)
        now = self.db.clock.now()
        self.db = DynamodbDriver(state=restored_state(self.db.state.account, kept))
        self.db.clock.move_to(now)

    # -- reads -----------------------------------------------------------------------------------------------------------------

    @invariant()
    def items_are_what_they_should_be(self) -> None:
        if not hasattr(self, "db"):
            return
        found = self.db.call("Scan", TableName="items")
        assert {(one["pk"], one["sk"]): one for one in map(plain, found["Items"])} == self.items
        records = self.db.state.tables["items"].records
        assert records.total_bytes == sum(map(size_of_item, found["Items"]))

    @rule(pk=PARTITIONS, low=SORTS, high=SORTS, forward=st.booleans(), limit=st.integers(1, 4))
    def query(self, pk: str, low: int, high: int, forward: bool, limit: int) -> None:
        low, high = min(low, high), max(low, high)
        pages = self.pages(
            "Query",
            limit,
            KeyConditionExpression="pk = :p AND sk BETWEEN :l AND :h",
            ExpressionAttributeValues={":p": av(pk), ":l": av(low), ":h": av(high)},
            ScanIndexForward=forward,
        )
        expected = sorted(key for key in self.items if key[0] == pk and low <= key[1] <= high)
        assert [(one["pk"], one["sk"]) for one in pages] == (expected if forward else expected[::-1])

    @rule(group=st.sampled_from(["x", "y"]), low=st.integers(0, 3), forward=st.booleans(), limit=st.integers(1, 4))
    def query_global_index(self, group: str, low: int, forward: bool, limit: int) -> None:
        pages = self.pages(
            "Query",
            limit,
            IndexName="by-group",
            KeyConditionExpression="g = :g AND r >= :r",
            ExpressionAttributeValues={":g": av(group), ":r": av(low)},
            ScanIndexForward=forward,
        )
        expected = [one for one in self.items.values() if one.get("g") == group and one.get("r", -1) >= low]
        ranks = [one["r"] for one in pages]
        assert ranks == sorted(ranks, reverse=not forward)
        assert by_key(pages) == by_key(expected)

    @rule(pk=PARTITIONS, limit=st.integers(1, 4))
    def query_local_index(self, pk: str, limit: int) -> None:
        pages = self.pages(
            "Query",
            limit,
            IndexName="by-rank",
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": av(pk)},
        )
        expected = [one for one in self.items.values() if one["pk"] == pk and "r" in one]
        assert [one["r"] for one in pages] == sorted(one["r"] for one in expected)
        assert by_key(pages) == by_key(expected)

    @rule(segments=st.integers(1, 5), limit=st.integers(1, 3))
    def scan_in_segments(self, segments: int, limit: int) -> None:
        whole = [(one["pk"], one["sk"]) for one in self.pages("Scan", 100)]
        parts = [
            (one["pk"], one["sk"])
            for segment in range(segments)
            for one in self.pages("Scan", limit, Segment=segment, TotalSegments=segments)
        ]
        assert parts == whole  # segments are stretches of the one order

    @rule(limit=st.integers(1, 3))
    def read_the_stream(self, limit: int) -> None:
        db = self.db
        arn = db.call("DescribeTable", TableName="items")["Table"]["LatestStreamArn"]
        records = []
        for shard in db.stream("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]:
            params = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterator = db.stream("GetShardIterator", **params)["ShardIterator"]
            while iterator is not None:
                answer = db.stream("GetRecords", ShardIterator=iterator, Limit=limit)
                records.extend(answer["Records"])
                iterator = answer.get("NextShardIterator") if answer["Records"] else None
        seen = [
            (
                record["eventName"],
                tuple(plain(record["dynamodb"]["Keys"]).values()),
                *(
                    plain(record["dynamodb"][image]) if image in record["dynamodb"] else None
                    for image in ("OldImage", "NewImage")
                ),
            )
            for record in records
        ]
        in_order: dict[Any, list[Any]] = defaultdict(list)
        expected: dict[Any, list[Any]] = defaultdict(list)
        for entry in seen:
            in_order[entry[1]].append(entry)
        for entry in self.log:
            expected[entry[1]].append(entry)
        assert in_order == expected
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        assert numbers == sorted(set(numbers))

    @rule(hours=st.integers(1, 6))
    def wait(self, hours: int) -> None:
        """Shards are closed meanwhile; what a day trims is another test's matter."""
        if self.db.clock.now() + hours * 3600 < 1_800_000_000 + 80_000:
            self.db.advance(hours * 3600.0)

    def pages(self, operation: str, limit: int, **params: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        start: dict[str, Any] = {}
        while True:
            answer = self.db.call(operation, TableName="items", Limit=limit, **params, **start)
            assert answer["Count"] == answer["ScannedCount"] == len(answer["Items"]) <= limit
            items.extend(map(plain, answer["Items"]))
            if "LastEvaluatedKey" not in answer:
                return items
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def key_of(key: Key) -> dict[str, Any]:
    return {"pk": av(key[0]), "sk": av(key[1])}


def by_key(items: list[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    return {(one["pk"], one["sk"]): one for one in items}


TestTableModel = TableModel.TestCase
TestTableModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
