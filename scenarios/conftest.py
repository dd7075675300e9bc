"""What the tests of real clients share: an emulator's account, clients of it, a bucket and a function."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from emulator.targets import Target
from fixtures.function import deployed_function

CODE = """
import json, logging
def handler(event, context):
    print("printed")
    logging.getLogger().warning("logged")
    return {"statusCode": 200, "body": json.dumps(event.get("path"))} if isinstance(event, dict) else event
"""


@pytest.fixture(scope="module")
def target(windtunnel_target: Target) -> Target:
    if "control" not in windtunnel_target.capabilities:
        pytest.skip("it makes resources of its own: for an emulator's account only")
    return windtunnel_target


@pytest.fixture(scope="module")
def client(target: Target) -> Callable[..., Any]:
    """A client without retries, for another region or other settings where a test says so."""

    def make(service: str, *, region: str | None = None, **settings: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=target.endpoint_url,
            region_name=target.region if region is None else region,
            aws_access_key_id=target.access_key_id,
            aws_secret_access_key=target.secret_access_key,
            config=Config(**{"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}, **settings}),
        )

    return make


@pytest.fixture(scope="module")
def bucket(client: Callable[..., Any]) -> Iterator[str]:
    name = f"clients-{uuid.uuid4().hex[:12]}"
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", ()):
            s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture(scope="module")
def function(client: Callable[..., Any]) -> Iterator[str]:
    """The name of a function that logs, and answers a proxy event with its path and all else with itself."""
    with deployed_function(client("lambda"), CODE) as name:
        yield name
