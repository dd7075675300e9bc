"""What a pipeline holds after a fuzzed run: everything in its stores and queues, read once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.targets import Pipeline
from emulator.targets.subscriber import Notification
from fixtures.facts import queue_bodies
from fixtures.oracle import plain

__all__ = ["DEAD_LETTERS", "Evidence", "Item", "RedisReader", "Stores"]

Item = Mapping[str, Any]
DEAD_LETTERS = ("ArchiveDeadLetterQueueUrl", "MetadataDeadLetterQueueUrl", "FinalStateDeadLetterQueueUrl")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All by message id. `dead` has the bodies in each dead-letter queue of the workflow, `executions` their status."""

    objects: Mapping[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    items: Mapping[str, list[Item]] = field(default_factory=dict)
    notices: Mapping[str, list[Notification]] = field(default_factory=dict)
    dead: Mapping[str, Mapping[str, list[Any]]] = field(default_factory=dict)
    salvaged: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    executions: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the executions started with that no message was accepted or salvaged under."""
    payloads: Mapping[str, bytes | None] = field(default_factory=dict)
    """What Redis holds of the messages that were not archived."""


class Stores:
    """The stores of one pipeline, which nobody else uses meanwhile."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        target = pipeline.target
        self._s3, self._dynamodb = target.client("s3"), target.client("dynamodb")
        self._states = target.client("stepfunctions")
        self._table = target.output("MetadataTableName")
        self._buckets = (target.output("ArchiveBucketName"), target.output("FailedMessagesBucketName"))
        self._seen_executions: set[str] = set(self._executions())
        self._dead: dict[str, dict[str, list[Any]]] = {}

    # -- reading -----------------------------------------------------------------------------------------------------------------

    def objects(self) -> dict[str, list[tuple[str, bytes]]]:
        """The archive, by the id in which each key ends."""
        found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for key in self._keys(self._buckets[0]):
            found[key.rpartition("/")[2]].append((key, self._body(self._buckets[0], key)))
        return dict(found)

    def items(self) -> dict[str, list[Item]]:
        """The metadata table, by message id, as JSON."""
        found: dict[str, list[Item]] = defaultdict(list)
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        for page in pages:
            for row in page["Items"]:
                item = {name: plain(value) for name, value in row.items()}
                found[str(item["messageID"])].append(item)
        return dict(found)

    def salvaged(self) -> dict[str, dict[str, Any]]:
        """The failed messages, by their id."""
        bucket = self._buckets[1]
        return {key.removesuffix(".json"): json.loads(self._body(bucket, key)) for key in self._keys(bucket)}

    def dead(self) -> dict[str, dict[str, list[Any]]]:
        """What has come to each dead-letter queue so far, by message id."""
        for output in DEAD_LETTERS:
            for body in queue_bodies(self._pipeline, output):
                held = self._dead.setdefault(output, defaultdict(list))
                held[str(body.get("input", {}).get("messageID"))].append(body)
        return self._dead

    def executions(self) -> dict[str, str]:
        """The executions since these stores were last emptied, with their status."""
        return {name: status for name, status in self._executions().items() if name not in self._seen_executions}

    def running(self) -> int:
        """How many executions have not ended."""
        arn = self._pipeline.target.output("StateMachineArn")
        answer = self._states.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=1000)
        return len(answer["executions"])

    def input_of(self, name: str) -> dict[str, Any]:
        """What an execution was started with."""
        arn = self._pipeline.target.output("StateMachineArn").replace(":stateMachine:", ":execution:")
        given = self._states.describe_execution(executionArn=f"{arn}:{name}")["input"]
        value: dict[str, Any] = json.loads(given)
        return value

    # -- emptying ----------------------------------------------------------------------------------------------------------------

    def empty(self) -> None:
        """Delete every message, so that the next run begins with nothing. For an emulator's account only."""
        self._pipeline.target.require("faults")
        self.dead()
        self._dead.clear()
        for bucket in self._buckets:
            for key in self._keys(bucket):
                self._s3.delete_object(Bucket=bucket, Key=key)
        for rows in self.items().values():
            for row in rows:
                place = {"messageID": {"S": row["messageID"]}, "timestampValue": {"N": str(row["timestampValue"])}}
                self._dynamodb.delete_item(TableName=self._table, Key=place)
        queue_bodies(self._pipeline, "IngestDeadLetterQueueUrl")
        self._pipeline.subscriber.everything()
        self._pipeline.subscriber.forget()
        self._seen_executions.update(self._executions())

    # -- inside ------------------------------------------------------------------------------------------------------------------

    def _keys(self, bucket: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [row["Key"] for page in pages for row in page.get("Contents", ())]

    def _body(self, bucket: str, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def _executions(self) -> dict[str, str]:
        arn = self._pipeline.target.output("StateMachineArn")
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=arn, PaginationConfig={"PageSize": 1000}
        )
        return {row["name"]: row["status"] for page in pages for row in page["executions"]}


class RedisReader:
    """Reads payloads from the pipeline's Redis, with the token from its secret."""

    def __init__(self, pipeline: Pipeline) -> None:
        from valkey import Valkey

        target = pipeline.target
        secrets = target.client("secretsmanager")
        tokens = [
            json.loads(secrets.get_secret_value(SecretId=row["ARN"])["SecretString"])
            for row in secrets.list_secrets()["SecretList"]
        ]
        token = next(value["authToken"] for value in tokens if "authToken" in value)
        self._client: Any = Valkey(
            host=target.output("RedisEndpointAddress"),
            port=int(target.output("RedisEndpointPort")),
            password=token,
            ssl=True,
            ssl_cert_reqs="none",  # the emulator's own certificate, on this machine
            ssl_check_hostname=False,
            lib_name=None,
            lib_version=None,
        )

    def __call__(self, key: str) -> bytes | None:
        """The payload under a key; None where there is none."""
        value: bytes | None = self._client.get(key)
        self._client.connection_pool.disconnect()
        return value
