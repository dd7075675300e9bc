"""DynamoDB through real clients: boto3's client, resource, paginators, waiters and batch writer, the AWS CLI, and the SDK for JavaScript
with its document client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError

from emulator.targets import Target

CLI = Path(sys.executable).with_name("aws")


@pytest.fixture(scope="module")
def resource(target: Target) -> Any:
    return boto3.resource(
        "dynamodb",
        endpoint_url=target.endpoint_url,
        region_name=target.region,
        aws_access_key_id=target.access_key_id,
        aws_secret_access_key=target.secret_access_key,
    )


@pytest.fixture(scope="module")
def table(resource: Any) -> Iterator[Any]:
    """A table with a sort key, an index by `kind`, and a stream."""
    created = resource.create_table(
        TableName=f"clients-{uuid.uuid4().hex[:12]}",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "kind", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_kind",
                "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    created.wait_until_exists()
    yield created
    created.delete()
    created.wait_until_not_exists()


def test_every_type_comes_back_as_it_was(table: Any) -> None:
    item = {
        "pk": "types",
        "sk": 1,
        "number": Decimal("-12345678901234567890.123456789"),
        "binary": Binary(bytes(range(256))),
        "list": ["a", 1, {"deep": [True, None]}],
        "strings": {"x", "y"},
        "numbers": {Decimal(1), Decimal("2.5")},
        "binaries": {Binary(b"\x00"), Binary(b"\xff")},
        "empty": "",
        "\N{SNOWMAN} name": "\N{GRINNING FACE}",
    }
    table.put_item(Item=item)
    assert table.get_item(Key={"pk": "types", "sk": Decimal("1.0")})["Item"] == item


def test_conditions_built_by_boto3_are_understood(table: Any) -> None:
    key = {"pk": "conditions", "sk": 1}
    table.put_item(Item={**key, "count": 1, "tags": ["a"]}, ConditionExpression=Attr("pk").not_exists())
    answer = table.update_item(
        Key=key,
        UpdateExpression="SET #c = #c + :one, tags = list_append(tags, :more)",
        ConditionExpression=Attr("count").between(0, 5) & (Attr("tags").contains("a") | ~Attr("tags").exists()),
        ExpressionAttributeNames={"#c": "count"},
        ExpressionAttributeValues={":one": 1, ":more": ["b"]},
        ReturnValues="UPDATED_NEW",
    )
    assert answer["Attributes"] == {"count": 2, "tags": ["a", "b"]}
    with pytest.raises(ClientError) as refused:
        table.delete_item(
            Key=key, ConditionExpression=Attr("count").eq(1), ReturnValuesOnConditionCheckFailure="ALL_OLD"
        )
    response: Any = refused.value.response
    assert response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert response["Item"]["count"] == {"N": "2"}


def test_the_batch_writer_and_the_paginators_carry_many_items(table: Any, client: Callable[..., Any]) -> None:
    with table.batch_writer() as batch:
        for number in range(120):
            batch.put_item(Item={"pk": "many", "sk": number, "kind": f"kind{number % 3}", "data": "x" * 100})
    paginator = client("dynamodb").get_paginator("query")
    pages = list(
        paginator.paginate(
            TableName=table.name,
            KeyConditionExpression="pk = :p AND sk < :n",
            ExpressionAttributeValues={":p": {"S": "many"}, ":n": {"N": "100"}},
            PaginationConfig={"PageSize": 30},
        )
    )
    assert [page["Count"] for page in pages] == [30, 30, 30, 10]
    assert [int(item["sk"]["N"]) for page in pages for item in page["Items"]] == list(range(100))
    by_kind = table.query(IndexName="by_kind", KeyConditionExpression=Key("kind").eq("kind1"), Select="COUNT")
    assert by_kind["Count"] == 40
    last = table.query(
        KeyConditionExpression=Key("pk").eq("many"),
        FilterExpression=Attr("kind").begins_with("kind"),
        ProjectionExpression="sk",
        ScanIndexForward=False,
        Limit=2,
    )
    assert last["Items"] == [{"sk": 119}, {"sk": 118}]
    segments = [table.scan(Segment=number, TotalSegments=4, Select="COUNT")["Count"] for number in range(4)]
    assert sum(segments) == table.scan(Select="COUNT")["Count"] >= 120


def test_a_transaction_says_why_it_was_cancelled(table: Any, resource: Any) -> None:
    client = resource.meta.client
    put = {"Put": {"TableName": table.name, "Item": {"pk": "transaction", "sk": 1}}}
    check = {
        "ConditionCheck": {
            "TableName": table.name,
            "Key": {"pk": "transaction", "sk": 2},
            "ConditionExpression": "attribute_exists(pk)",
        }
    }
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.transact_write_items(TransactItems=[put, check])
    assert [reason["Code"] for reason in cancelled.value.response["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
    ]
    client.transact_write_items(TransactItems=[put])
    [response] = client.transact_get_items(
        TransactItems=[{"Get": {"TableName": table.name, "Key": {"pk": "transaction", "sk": 1}}}]
    )["Responses"]
    assert response["Item"] == {"pk": "transaction", "sk": 1}


def test_errors_carry_awss_code_status_and_text(client: Callable[..., Any], table: Any) -> None:
    with pytest.raises(ClientError) as refused:
        client("dynamodb").get_item(
            TableName=table.name, Key={"pk": {"S": "x"}, "sk": {"N": "1"}}, ProjectionExpression="status"
        )
    response = refused.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == ("ValidationException", 400)
    assert response["Error"]["Message"] == (
        "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: status"
    )


def test_the_stream_tells_what_happened_to_an_item(client: Callable[..., Any], table: Any) -> None:
    key = {"pk": "streamed", "sk": 1}
    table.put_item(Item={**key, "v": 1})
    table.put_item(Item={**key, "v": 1})
    table.update_item(Key=key, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": 2})
    table.delete_item(Key=key)
    table.reload()
    streams = client("dynamodbstreams")
    found = []
    for shard in streams.describe_stream(StreamArn=table.latest_stream_arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=table.latest_stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += streams.get_records(ShardIterator=iterator)["Records"]
    mine = [record for record in found if record["dynamodb"]["Keys"]["pk"] == {"S": "streamed"}]
    assert [record["eventName"] for record in mine] == ["INSERT", "MODIFY", "REMOVE"]
    assert mine[1]["dynamodb"]["OldImage"]["v"] == {"N": "1"}
    assert mine[1]["dynamodb"]["NewImage"]["v"] == {"N": "2"}


def records_of(streams: Any, arn: str, **start: Any) -> list[dict[str, Any]]:
    """The records of all shards, page by page."""
    found = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], **start)["ShardIterator"]
        while iterator is not None:
            page = streams.get_records(ShardIterator=iterator, Limit=3)
            found += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return found


def test_a_stream_is_read_by_pages_and_from_a_record_on(client: Callable[..., Any], table: Any) -> None:
    streams, arn = client("dynamodbstreams"), table.latest_stream_arn
    assert arn in [stream["StreamArn"] for stream in streams.list_streams(TableName=table.name)["Streams"]]
    described = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert (described["StreamStatus"], described["StreamViewType"]) == ("ENABLED", "NEW_AND_OLD_IMAGES")
    for number in range(7):
        table.put_item(Item={"pk": "paged", "sk": number})
    everything = records_of(streams, arn, ShardIteratorType="TRIM_HORIZON")
    mine = [record for record in everything if record["dynamodb"]["Keys"]["pk"] == {"S": "paged"}]
    assert [record["dynamodb"]["Keys"]["sk"]["N"] for record in mine] == [str(number) for number in range(7)]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in mine]
    assert numbers == sorted(set(numbers))
    third = mine[2]["dynamodb"]["SequenceNumber"]
    at = records_of(streams, arn, ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber=third)
    after = records_of(streams, arn, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=third)
    assert [record["eventID"] for record in at] == [record["eventID"] for record in mine[2:]]
    assert [record["eventID"] for record in after] == [record["eventID"] for record in mine[3:]]
    assert records_of(streams, arn, ShardIteratorType="LATEST") == []
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.describe_stream(StreamArn=f"{arn}0")


# -- PartiQL -------------------------------------------------------------------------------------------------------------


def test_partiql_writes_reads_and_refuses(client: Callable[..., Any], table: Any) -> None:
    dynamodb, name = client("dynamodb"), table.name

    def run(statement: str, *parameters: Any, **more: Any) -> Any:
        given = {"Parameters": list(parameters)} if parameters else {}
        return dynamodb.execute_statement(Statement=statement.format(t=f'"{name}"'), **given, **more)

    insert = "INSERT INTO {t} VALUE {{'pk': 'partiql', 'sk': ?, 'kind': 'partiql', 'doc': {{'list': [1, 'a']}}}}"
    for number in range(5):
        run(insert, {"N": str(number)})
    with pytest.raises(dynamodb.exceptions.DuplicateItemException):
        run(insert, {"N": "0"})
    update = "UPDATE {t} SET doc.list[1] = ? REMOVE kind WHERE pk = 'partiql' AND sk = 0 RETURNING ALL NEW *"
    assert run(update, {"S": "b"})["Items"] == [
        {"pk": {"S": "partiql"}, "sk": {"N": "0"}, "doc": {"M": {"list": {"L": [{"N": "1"}, {"S": "b"}]}}}}
    ]
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        run("UPDATE {t} SET n = 1 WHERE pk = 'partiql' AND sk = 1 AND kind = 'other'")
    select = "SELECT sk, doc.list[0] FROM {t} WHERE pk = ? AND sk BETWEEN 1 AND 4"
    first = run(select, {"S": "partiql"}, Limit=3)
    rest = run(select, {"S": "partiql"}, NextToken=first["NextToken"])
    assert [item["sk"]["N"] for item in first["Items"] + rest["Items"]] == ["1", "2", "3", "4"]
    by_kind = run(f'SELECT * FROM "{name}"."by_kind" WHERE kind = \'partiql\'')
    assert len(by_kind["Items"]) == 4
    assert run("DELETE FROM {t} WHERE pk = 'partiql' AND sk = 4 RETURNING ALL OLD *")["Items"][0]["sk"] == {"N": "4"}
    with pytest.raises(ClientError) as refused:
        run("SELEKT * FROM {t}")
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_partiql_in_batches_and_transactions(client: Callable[..., Any], table: Any) -> None:
    dynamodb, t = client("dynamodb"), f'"{table.name}"'
    answers = dynamodb.batch_execute_statement(
        Statements=[
            {"Statement": f"INSERT INTO {t} VALUE {{'pk': 'batched', 'sk': 1}}"},
            {"Statement": f"INSERT INTO {t} VALUE {{'pk': 'batched'}}"},
        ]
    )["Responses"]
    assert "Error" not in answers[0]
    assert answers[1]["Error"]["Code"] == "ValidationError"
    exists = f"EXISTS(SELECT * FROM {t} WHERE pk = 'batched' AND sk = 1 AND attribute_type(sk, 'N'))"
    dynamodb.execute_transaction(
        TransactStatements=[
            {"Statement": exists},
            {"Statement": f"INSERT INTO {t} VALUE {{'pk': 'batched', 'sk': 2}}"},
        ]
    )
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
        dynamodb.execute_transaction(
            TransactStatements=[
                {"Statement": f"DELETE FROM {t} WHERE pk = 'batched' AND sk = 1"},
                {"Statement": f"INSERT INTO {t} VALUE {{'pk': 'batched', 'sk': 2}}"},
            ]
        )
    assert [reason["Code"] for reason in cancelled.value.response["CancellationReasons"]] == ["None", "DuplicateItem"]
    read = dynamodb.execute_transaction(
        TransactStatements=[{"Statement": f"SELECT * FROM {t} WHERE pk = 'batched' AND sk = {sk}"} for sk in (1, 2)]
    )["Responses"]
    assert [response["Item"]["sk"]["N"] for response in read] == ["1", "2"]


# -- the AWS CLI ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dynamodb(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """`aws dynamodb`: its answer, or its words where it must fail."""
    if not CLI.exists():
        pytest.skip("the AWS CLI is not installed beside this Python: pip install awscli")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("cli")),
        "AWS_ENDPOINT_URL": str(target.endpoint_url),
        "AWS_ACCESS_KEY_ID": target.access_key_id,
        "AWS_SECRET_ACCESS_KEY": target.secret_access_key,
        "AWS_DEFAULT_REGION": target.region,
        "AWS_PAGER": "",
    }

    def run(*arguments: str, fails: bool = False) -> Any:
        command = [str(CLI), "dynamodb", *arguments]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (result.returncode != 0) is fails, result.stderr + result.stdout
        if fails:
            return result.stderr
        return json.loads(result.stdout) if result.stdout else None

    return run


def test_the_cli_makes_a_table_writes_reads_and_deletes(dynamodb: Any) -> None:
    name = f"cli-{uuid.uuid4().hex[:12]}"
    dynamodb(
        *("create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST"),
        *("--attribute-definitions", "AttributeName=id,AttributeType=S"),
        *("--key-schema", "AttributeName=id,KeyType=HASH"),
    )
    dynamodb("wait", "table-exists", "--table-name", name)
    item = {"id": {"S": "one"}, "n": {"N": "1"}}
    dynamodb("put-item", "--table-name", name, "--item", json.dumps(item))
    updated = dynamodb(
        *("update-item", "--table-name", name, "--key", '{"id": {"S": "one"}}'),
        *("--update-expression", "ADD n :n", "--expression-attribute-values", '{":n": {"N": "41"}}'),
        *("--return-values", "ALL_NEW", "--return-consumed-capacity", "TOTAL"),
    )
    assert updated["Attributes"]["n"] == {"N": "42"}
    assert updated["ConsumedCapacity"]["CapacityUnits"] == 1.0
    assert dynamodb("scan", "--table-name", name)["Count"] == 1
    statement = f"SELECT n FROM \"{name}\" WHERE id = 'one'"
    assert dynamodb("execute-statement", "--statement", statement)["Items"] == [{"n": {"N": "42"}}]
    refused = dynamodb(
        *("put-item", "--table-name", name, "--item", json.dumps(item)),
        *("--condition-expression", "attribute_not_exists(id)"),
        fails=True,
    )
    assert "ConditionalCheckFailedException" in refused
    dynamodb("delete-table", "--table-name", name)
    dynamodb("wait", "table-not-exists", "--table-name", name)
    assert name not in dynamodb("list-tables")["TableNames"]


# -- the SDK for JavaScript ----------------------------------------------------------------------------------------------


def test_the_sdk_for_javascript_and_its_document_client(javascript: Callable[..., Any]) -> None:
    assert javascript("dynamodb.mjs", f"javascript-{uuid.uuid4().hex[:12]}") == {
        "plain": {
            "pk": {"S": "plain"},
            "sk": {"N": "1"},
            "blob": {"B": [0, 128, 255]},
            "none": {"NULL": True},
            "set": {"NS": ["1", "2"]},
        },
        "document": {"text": "grüße, 世界", "list": [1, "a", {"deep": [True, None]}], "set": ["x", "y"]},
        "big": "12345678901234567890.5",
        "updated": {"list": [{"deep": [False]}], "n": 1},
        "condition": ["ConditionalCheckFailedException", "The conditional request failed", 400, {"N": "1"}],
        "pages": [list(range(10)), list(range(10, 20)), list(range(20, 25))],
        "even": 13,
        "cancelled": ["TransactionCanceledException", ["None", "ConditionalCheckFailed"]],
        "partiql": [{"tags": ["a", "b"]}],
        "malformed": ["ValidationException", 400],
        "events": [["INSERT", None, True], ["MODIFY", "1", True]],
        "gone": ["ResourceNotFoundException", 400],
    }
