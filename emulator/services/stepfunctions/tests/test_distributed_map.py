"""Distributed Map: readers, batches, writers, tolerated failures, map runs, Express children.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.stepfunctions import StepFunctionsQuotas
from emulator.services.stepfunctions.tests.buckets import Buckets
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

PASS = {"Type": "Pass", "End": True}
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": True}
GET, LIST = "arn:aws:states:::s3:getObject", "arn:aws:states:::s3:listObjectsV2"
READ = {"Bucket": "b", "Key": "items"}


def distributed(state: dict[str, Any] = PASS, kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **machine(Each=state)}
    return machine(Map={"Type": "Map", "ItemProcessor": processor, "Label": "label", "End": True, **fields})


def reading(config: dict[str, Any], resource: str = GET, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"Resource": resource, "Parameters": READ if parameters is None else parameters, "ReaderConfig": config}


def room_with(objects: dict[str, bytes]) -> tuple[MachineRoom, Buckets]:
    room = MachineRoom()
    buckets = Buckets(room.account)
    buckets.objects = {("b", key): body for key, body in objects.items()}
    room.engine.register("s3", buckets)
    return room, buckets


def output(room: MachineRoom, definition: dict[str, Any], data: Any = None) -> Any:
    described = room.execute(definition, data)
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


CSV = b'id,name\r\n1,"a,b"\r\n2\r\n'
READERS: list[tuple[bytes, dict[str, Any], Any]] = [
    (b'[0, "", null, false]', {"InputType": "JSON"}, [0, "", None, False]),
    (b'{"a": 1, "b": 2}', {"InputType": "JSON"}, [{"Key": "a", "Value": 1}, {"Key": "b", "Value": 2}]),
    (b'{"x": {"y": [7]}}', {"InputType": "JSON", "ItemsPointer": "/x/y"}, [7]),
    (b'{"a": 1}\n\n{"a": 2}\n', {"InputType": "JSONL"}, [{"a": 1}, {"a": 2}]),
    (gzip.compress(b"[1,2,3]"), {"InputType": "JSON", "MaxItems": 2}, [1, 2]),
    (
        CSV,
        {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        [{"id": "1", "name": "a,b"}, {"id": "2", "name": ""}],
    ),
    (
        b"1|2\n",
        {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["p", "q"], "CSVDelimiter": "PIPE"},
        [{"p": "1", "q": "2"}],
    ),
]


@pytest.mark.parametrize(("body", "config", "items"), READERS, ids=[str(row[1])[:50] for row in READERS])
def test_items_are_read_from_an_object(body: bytes, config: dict[str, Any], items: list[Any]) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html"""
    room, buckets = room_with({"items": body})
    assert output(room, distributed(ItemReader=reading(config))) == items
    assert buckets.principals == ["arn:aws:iam::000000000000:role/workflow"]


def test_items_are_the_objects_under_a_prefix_over_all_pages() -> None:
    room, _ = room_with({"in/1": b"a", "in/2": b"bb", "in/3": b"", "out/4": b""})
    definition = distributed(ItemReader=reading({}, LIST, {"Bucket": "b", "Prefix": "in/"}))
    items = output(room, definition)
    assert [(item["Key"], item["Size"]) for item in items] == [("in/1", 1), ("in/2", 2), ("in/3", 0)]
    assert set(items[0]) == {"Etag", "Key", "LastModified", "Size", "StorageClass"}


def test_listed_objects_are_loaded_and_flattened() -> None:
    room, _ = room_with({"in/1": b"[1,2]", "in/2": b"[]", "in/3": b"[3]"})
    config = {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}
    assert output(room, distributed(ItemReader=reading(config, LIST, {"Bucket": "b"}))) == [1, 2, 3]


def test_manifests_of_an_inventory_and_of_athena_lead_to_their_objects() -> None:
    manifest = {
        "sourceBucket": "s",
        "destinationBucket": "arn:aws:s3:::b",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data.csv.gz"}],
    }
    inventory = gzip.compress(b'"s","one","1"\n"s","two","2"\n')
    room, buckets = room_with({"items": json.dumps(manifest).encode(), "data.csv.gz": inventory})
    items = output(room, distributed(ItemReader=reading({"InputType": "MANIFEST"})))
    assert items == [{"Bucket": "s", "Key": "one", "Size": "1"}, {"Bucket": "s", "Key": "two", "Size": "2"}]
    buckets.objects["b", "items"] = b'"s3://b/part-1"\n"s3://b/part-2"\n'
    buckets.objects["b", "part-1"], buckets.objects["b", "part-2"] = b'{"n":0}\n', b'{"n":1}\n'
    config = {"InputType": "JSONL", "ManifestType": "ATHENA_DATA"}
    assert output(room, distributed(ItemReader=reading(config))) == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize("body", [None, b"no JSON", b'"text"', b"\x28\xb5\x2f\xfdzstd"])
def test_what_cannot_be_read_fails_the_map_run_by_name_and_can_be_caught(body: bytes | None) -> None:
    room, _ = room_with({} if body is None else {"items": body})
    catch = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Caught"}]
    definition = distributed(ItemReader=reading({"InputType": "JSON"}), Catch=catch)
    definition["States"]["Caught"] = {"Type": "Succeed"}
    arn = room.start(definition)
    room.run()
    assert room.kinds(arn)[1:7] == [
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunFailed",
        "MapStateFailed",
        "MapStateExited",
    ]
    assert json.loads(room.describe(arn)["output"])["Error"] == "States.ItemReaderFailed"


def test_selector_sees_the_item_its_place_and_its_source_then_the_batcher() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html"""
    room, _ = room_with({"items": b"[10,20,30]"})
    selector = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "from.$": "$$.Map.Item.Source"}
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"shared.$": "$.s"}}
    definition = distributed(ItemReader=reading({"InputType": "JSON"}), ItemSelector=selector, ItemBatcher=batcher)
    source = "S3://b/items"
    assert output(room, definition, {"s": 0}) == [
        {"BatchInput": {"shared": 0}, "Items": [{"i": i, "v": v, "from": source} for i, v in ((0, 10), (1, 20))]},
        {"BatchInput": {"shared": 0}, "Items": [{"i": 2, "v": 30, "from": source}]},
    ]


def test_batches_keep_below_their_size() -> None:
    room = MachineRoom()
    found = output(room, distributed(ItemBatcher={"MaxInputBytesPerBatch": 40}), ["x" * 10] * 5)
    assert [len(batch["Items"]) for batch in found] == [2, 2, 1]
    assert all(len(json.dumps(batch, separators=(",", ":"))) <= 40 for batch in found)


WRITERS: list[tuple[dict[str, Any], Any]] = [
    ({"Transformation": "COMPACT", "OutputType": "JSON"}, [[1, 2], 3, []]),
    ({"Transformation": "FLATTEN", "OutputType": "JSON"}, [1, 2, 3]),
    ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, "1\n2\n3"),
]


@pytest.mark.parametrize(("config", "expected"), WRITERS)
def test_results_are_transformed_in_the_states_output(config: dict[str, Any], expected: Any) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html"""
    room = MachineRoom()
    assert output(room, distributed(ResultWriter={"WriterConfig": config}), [[1, 2], 3, []]) == expected


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_results_are_written_to_s3_with_a_manifest(kind: str) -> None:
    room, buckets = room_with({})
    room.functions.functions["f"] = lambda event: event
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "out"}}
    found = output(room, distributed(CALL, kind, ResultWriter=writer), [0, ""])
    key = found["ResultWriterDetails"]["Key"]
    assert key == f"out/{found['MapRunArn'].rpartition(':')[2]}/manifest.json"
    manifest = json.loads(buckets.objects["b", key])
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == ("b", found["MapRunArn"])
    assert [len(files) for files in manifest["ResultFiles"].values()] == [0, 0, 1]
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    rows = json.loads(buckets.objects["b", file["Key"]])
    assert [(row["Input"], row["Output"], row["Status"]) for row in rows] == [
        ("0", "0", "SUCCEEDED"),
        ('""', '""', "SUCCEEDED"),
    ]
    run = room.call("DescribeMapRun", mapRunArn=found["MapRunArn"])
    assert run["itemCounts"]["resultsWritten"] == 2


def fail_odd(event: int) -> int:
    if event % 2:
        raise ValueError("odd")
    return event


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49.9}, "FAILED"),
        ({"ToleratedFailureCount": 4, "ToleratedFailurePercentage": 25}, "FAILED"),
    ],
)
def test_so_many_items_may_fail(fields: dict[str, Any], status: str) -> None:
    room = MachineRoom()
    room.functions.functions["f"] = fail_odd
    described = room.execute(distributed(CALL, **fields), [0, 1, 2, 3])
    assert described["status"] == status
    if status == "FAILED":
        assert described["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_map_run_and_its_children_can_be_read() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html"""
    room = MachineRoom()
    wait = {"Type": "Wait", "Seconds": 10, "End": True}
    arn = room.start(distributed(wait, MaxConcurrency=2, ToleratedFailurePercentage=10), list(range(5)))
    room.run(seconds=15)
    (row,) = room.call("ListMapRuns", executionArn=arn)["mapRuns"]
    assert row["executionArn"] == arn
    assert "/label:" in row["mapRunArn"]
    run = room.call("DescribeMapRun", mapRunArn=row["mapRunArn"])
    counts = {name: run["itemCounts"][name] for name in ("total", "succeeded", "running", "pending")}
    assert counts == {"total": 5, "succeeded": 2, "running": 2, "pending": 1}
    assert (run["status"], run["maxConcurrency"], run["toleratedFailurePercentage"]) == ("RUNNING", 2, 10.0)
    children = room.call("ListExecutions", mapRunArn=row["mapRunArn"])["executions"]
    assert len(children) == 4
    assert children[0]["itemCount"] == 1
    assert children[0]["stateMachineArn"].endswith("/label")
    machine_arn = room.describe(arn)["stateMachineArn"]
    assert len(room.call("ListExecutions", stateMachineArn=machine_arn)["executions"]) == 1
    room.run()
    run = room.call("DescribeMapRun", mapRunArn=row["mapRunArn"])
    assert (run["status"], run["executionCounts"]["succeeded"]) == ("SUCCEEDED", 5)
    with pytest.raises(AwsError, match="cannot be updated"):
        room.call("UpdateMapRun", mapRunArn=row["mapRunArn"], maxConcurrency=5)


def test_update_changes_concurrency_and_tolerance_while_the_run_goes_on() -> None:
    room = MachineRoom()
    wait = {"Type": "Wait", "Seconds": 10, "End": True}
    arn = room.start(distributed(wait, MaxConcurrency=1), list(range(9)))
    room.run(seconds=5)
    run_arn = room.call("ListMapRuns", executionArn=arn)["mapRuns"][0]["mapRunArn"]
    room.call("UpdateMapRun", mapRunArn=run_arn, maxConcurrency=8)
    room.settle()
    assert room.call("DescribeMapRun", mapRunArn=run_arn)["itemCounts"]["running"] == 8
    room.call("UpdateMapRun", mapRunArn=run_arn, maxConcurrency=1)
    began = room.clock.now()
    room.run()
    assert room.describe(arn)["status"] == "SUCCEEDED"
    assert room.clock.now() - began == 20.0  # eight end together, and only one place is left for the ninth


def test_stopping_the_parent_ends_the_run_and_its_children() -> None:
    room = MachineRoom()
    arn = room.start(distributed({"Type": "Wait", "Seconds": 10, "End": True}), [1, 2])
    room.run(seconds=5)
    run_arn = room.call("ListMapRuns", executionArn=arn)["mapRuns"][0]["mapRunArn"]
    room.call("StopExecution", executionArn=arn)
    room.run()
    run = room.call("DescribeMapRun", mapRunArn=run_arn)
    assert (run["status"], run["itemCounts"]["aborted"], run["stopDate"]) == (
        "ABORTED",
        2,
        room.describe(arn)["stopDate"],
    )
    children = room.call("ListExecutions", mapRunArn=run_arn)["executions"]
    assert {child["status"] for child in children} == {"ABORTED"}


def test_express_children_are_not_listed_and_end_after_five_minutes() -> None:
    room = MachineRoom()
    arn = room.start(distributed({"Type": "Wait", "Seconds": 400, "End": True}, "EXPRESS"), [1])
    room.run()
    assert room.describe(arn)["error"] == "States.ExceedToleratedFailureThreshold"
    run_arn = room.call("ListMapRuns", executionArn=arn)["mapRuns"][0]["mapRunArn"]
    assert room.call("DescribeMapRun", mapRunArn=run_arn)["itemCounts"]["timedOut"] == 1
    assert room.call("ListExecutions", mapRunArn=run_arn)["executions"] == []


def test_jsonata_readers_batchers_and_writers() -> None:
    room, _ = room_with({"items": b"[1,2,3]"})
    definition = distributed(
        ItemReader={
            "Resource": GET,
            "Arguments": {"Bucket": "b", "Key": "{% $states.input.key %}"},
            "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% 1 + 1 %}"},
        },
        ItemBatcher={"MaxItemsPerBatch": "{% 1 %}", "BatchInput": {"n": "{% $count($keys($states.input)) %}"}},
        ResultWriter={"WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"}},
    )
    definition["QueryLanguage"] = "JSONata"
    assert output(room, definition, {"key": "items"}) == [
        {"BatchInput": {"n": 1}, "Items": [1]},
        {"BatchInput": {"n": 1}, "Items": [2]},
    ]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"ItemReader": {"Resource": "arn:aws:states:::s3:putObject"}}, "ItemReader/Resource"),
        ({"ItemReader": reading({"InputType": "XML"})}, "ItemReader/ReaderConfig/InputType"),
        ({"ItemReader": reading({"InputType": "CSV"})}, "CSVHeaderLocation"),
        ({"ItemReader": reading({"InputType": "PARQUET"})}, "PARQUET"),
        ({"ItemBatcher": {}}, "MaxItemsPerBatch"),
        ({"ItemBatcher": {"MaxInputBytesPerBatch": 262_145}}, "MaxInputBytesPerBatch"),
        ({"ResultWriter": {}}, "WriterConfig"),
        ({"ResultWriter": {"WriterConfig": {"Transformation": "ZIP", "OutputType": "JSON"}}}, "NONE, COMPACT, FLATTEN"),
    ],
)
def test_mistakes_are_found_at_creation(fields: dict[str, Any], text: str) -> None:
    room = MachineRoom()
    with pytest.raises(AwsError, match=text):
        room.create(distributed(**fields))


def test_map_runs_beyond_the_quota_wait_for_their_place() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    room = MachineRoom(quotas=StepFunctionsQuotas(maximum_open_map_runs=1))
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 100, "End": True}},
    }
    definition = machine(M={"Type": "Map", "ItemProcessor": processor, "End": True})
    first, second = room.start(definition, [1]), room.start(definition, [1])
    begin = room.clock.now()
    room.run(50.0)
    assert room.kinds(second)[-1] == "MapRunStarted"
    [run] = room.call("ListMapRuns", executionArn=second)["mapRuns"]
    assert room.call("DescribeMapRun", mapRunArn=run["mapRunArn"])["executionCounts"]["total"] == 0
    room.run()
    assert [room.describe(arn)["stopDate"] - begin for arn in (first, second)] == [100.0, 200.0]


def test_the_place_of_a_stopped_map_run_is_taken() -> None:
    room = MachineRoom(quotas=StepFunctionsQuotas(maximum_open_map_runs=1))
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 100, "End": True}},
    }
    definition = machine(M={"Type": "Map", "ItemProcessor": processor, "End": True})
    first, second = room.start(definition, [1]), room.start(definition, [1])
    room.run(10.0)
    room.call("StopExecution", executionArn=first)
    room.run()
    assert room.describe(second)["status"] == "SUCCEEDED"
