"""The comparison of a function's storage options, row by row.

https://aws.amazon.com/blogs/compute/choosing-between-aws-lambda-data-storage-options-in-web-apps/
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from emulator.targets import EmbeddedTarget, Target

TEMPLATE = Path(__file__).parents[1] / "system" / "storage_options" / "template.yaml"
FILES = ("tmp", "efs")


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with EmbeddedTarget.start(template=TEMPLATE) as running:
        yield running


def ask(target: Target, function: str, option: str, do: str, name: str, text: str = "", **more: Any) -> Any:
    event = {"option": option, "do": do, "name": name, "text": text, **more}
    answer = target.client("lambda").invoke(FunctionName=target.output(function), Payload=json.dumps(event))
    result = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def make_cold(target: Target, function: str) -> None:
    """A change of the configuration retires what is warm."""
    client, name = target.client("lambda"), target.output(function)
    size = client.get_function_configuration(FunctionName=name)["MemorySize"]
    client.update_function_configuration(FunctionName=name, MemorySize=size + 1)
    client.get_waiter("function_updated_v2").wait(FunctionName=name)


def test_tmp_holds_512_megabytes_and_efs_more(target: Target) -> None:
    full = ask(target, "OneFunctionName", "tmp", "fill", "large", megabytes=600)
    assert full["megabytes"] <= 512
    assert full["megabytes"] >= 510 or full.get("refused") == "ENOSPC"
    assert ask(target, "OneFunctionName", "efs", "fill", "large", megabytes=600) == {"megabytes": 600}


def test_layer_archive_holds_50_megabytes(target: Target) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("data", os.urandom(53 * 1_048_576))
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        target.client("lambda").publish_layer_version(LayerName="large", Content={"ZipFile": buffer.getvalue()})
    assert refused.value.response["Error"]["Code"] == "RequestEntityTooLargeException"


def test_tmp_lasts_as_long_as_the_environment(target: Target) -> None:
    ask(target, "OneFunctionName", "tmp", "write", "kept", "warm")
    assert ask(target, "OneFunctionName", "tmp", "read", "kept") == {"text": "warm"}
    make_cold(target, "OneFunctionName")
    assert ask(target, "OneFunctionName", "tmp", "read", "kept") == {"refused": "ENOENT"}


def test_s3_and_efs_last_over_a_cold_start(target: Target) -> None:
    ask(target, "OneFunctionName", "efs", "write", "kept", "durable")
    ask(target, "OneFunctionName", "s3", "put", "kept", "durable")
    make_cold(target, "OneFunctionName")
    assert ask(target, "OneFunctionName", "efs", "read", "kept") == {"text": "durable"}
    assert ask(target, "OneFunctionName", "s3", "get", "kept")["text"] == "durable"


def test_two_functions_share_all_but_tmp(target: Target) -> None:
    for option, do in (("tmp", "write"), ("efs", "write"), ("s3", "put")):
        ask(target, "OneFunctionName", option, do, "shared", "from one")
    assert ask(target, "OtherFunctionName", "tmp", "read", "shared") == {"refused": "ENOENT"}
    assert ask(target, "OtherFunctionName", "efs", "read", "shared") == {"text": "from one"}
    assert ask(target, "OtherFunctionName", "s3", "get", "shared")["text"] == "from one"
    for function in ("OneFunctionName", "OtherFunctionName"):
        assert ask(target, function, "layer", "read", "reference.txt") == {"text": "reference data\n"}


def test_layer_is_static(target: Target) -> None:
    for do in ("write", "rename", "lock"):
        assert ask(target, "OneFunctionName", "layer", do, "reference.txt", "other") == {"refused": "EROFS"}
    make_cold(target, "OneFunctionName")
    assert ask(target, "OneFunctionName", "layer", "read", "reference.txt") == {"text": "reference data\n"}


@pytest.mark.parametrize("option", FILES)
def test_file_systems_take_any_operation(target: Target, option: str) -> None:
    ask(target, "OneFunctionName", option, "write", "first", "a")
    ask(target, "OneFunctionName", option, "write", "first", "b", mode="a")
    assert ask(target, "OneFunctionName", option, "lock", "first") == {}
    assert ask(target, "OneFunctionName", option, "rename", "first", "second") == {}
    assert ask(target, "OneFunctionName", option, "read", "second") == {"text": "ab"}
    assert ask(target, "OneFunctionName", option, "read", "first") == {"refused": "ENOENT"}


def test_s3_keeps_versions_tags_and_metadata(target: Target) -> None:
    client, bucket = target.client("s3"), target.output("BucketName")
    first = ask(target, "OneFunctionName", "s3", "put", "object", "one", metadata={"who": "me"}, tagging="kind=demo")
    assert ask(target, "OneFunctionName", "s3", "get", "object")["metadata"] == {"who": "me"}
    assert client.get_object_tagging(Bucket=bucket, Key="object")["TagSet"] == [{"Key": "kind", "Value": "demo"}]
    second = ask(target, "OtherFunctionName", "s3", "put", "object", "two")
    assert first["version"] != second["version"]
    old = client.get_object(Bucket=bucket, Key="object", VersionId=first["version"])
    assert old["Body"].read() == b"one"
