"""The workflow's definition: what it promises when everything works, and when anything does not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from audit_message import payload
from samtranslator.yaml_helper import yaml_parse

from system.audit_ingest.tests.workflow_walk import (
    Definition,
    TaskFailed,
    followers,
    load_definition,
    longest_seconds,
    walk,
)

PIPELINE = Path(__file__).parents[1]
DEFINITION = load_definition(PIPELINE / "statemachine" / "audit_ingest.asl.json")
RESOURCES = yaml_parse((PIPELINE / "template.yaml").read_text())["Resources"]

REFERENCE = {"server": "redis.example", "port": 6379, "key": "m-1"}
MESSAGE = {
    "messageID": "m-1",
    "messageMetaData": {"zero": 0, "nothing": None, "$.trap.$": "$.messageID"},
    "messageSecurityContext": {"requestId": "r-1"},
    "storageContext": {
        "redisReference": REFERENCE,
        "S3Reference": {"bucket": None, "key": None},
        "metaDataReference": {"dynamoDbTableName": None, "primaryKey": None},
        "persistence": {"S3": False, "metaData": False},
    },
}


def context(*, s3: bool, meta_data: bool) -> dict[str, Any]:
    return {
        "redisReference": REFERENCE,
        "S3Reference": {"bucket": "archive" if s3 else None, "key": "k" if s3 else None},
        "metaDataReference": {
            "dynamoDbTableName": "t" if meta_data else None,
            "primaryKey": {"messageID": "m-1", "timestampValue": 1} if meta_data else None,
        },
        "persistence": {"S3": s3, "metaData": meta_data},
    }


class World:
    """Answers for every task. `broken` names functions, queues or stages of notifications that fail for good."""

    def __init__(self, *broken: str) -> None:
        self._broken = broken
        self._stored = {"S3": False, "metaData": False}
        self.notices: dict[str, dict[str, Any]] = {}
        self.dead_letters: dict[str, list[dict[str, Any]]] = {}
        self.expiry: list[dict[str, Any]] = []

    def __call__(self, resource: str, parameters: dict[str, Any]) -> dict[str, Any]:
        match resource:
            case "lambda:invoke":
                name = re.sub(r"\$\{(\w+)FunctionArn\}", r"\1", parameters["FunctionName"])
                self._check(name)
                return {"StatusCode": 200, "Payload": self._function(name, parameters["Payload"])}
            case "sns:publish":
                stage = parameters["MessageAttributes"]["stage"]["StringValue"]
                self._check(stage)
                self.notices[stage] = parameters["Message"]
                return {"MessageId": "n-1"}
            case "sqs:sendMessage":
                queue = re.sub(r"\$\{(\w+)DeadLetterQueueUrl\}", r"\1", parameters["QueueUrl"])
                self._check(f"{queue} queue")
                self.dead_letters.setdefault(queue, []).append(parameters["MessageBody"])
                return {"MessageId": "d-1"}
        raise AssertionError(resource)

    def _check(self, name: str) -> None:
        if name in self._broken or "everything" in self._broken:
            raise TaskFailed("Broken", name)

    def _function(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        match name:
            case "MessageArchive":
                assert event == MESSAGE
                self._stored["S3"] = True
            case "MessageMetadata":
                assert event == MESSAGE
                self._stored["metaData"] = True
            case "FinalState":
                assert {key: event[key] for key in MESSAGE} == MESSAGE
                reported = {key: event["branches"][key]["persisted"] for key in ("archive", "metadata")}
                assert reported == {"archive": self._stored["S3"], "metadata": self._stored["metaData"]}
            case "PayloadExpiry":
                self.expiry.append(event)
                return {"changed": True}
        return {"storageContext": context(s3=self._stored["S3"], meta_data=self._stored["metaData"])}


def all_states(machine: Definition = DEFINITION) -> Iterator[tuple[str, Definition]]:
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from all_states(branch)


TASKS = [(name, state) for name, state in all_states() if state["Type"] == "Task"]


def test_a_message_is_announced_archived_recorded_and_then_released() -> None:
    world = World()
    run = walk(DEFINITION, MESSAGE, world)
    assert run.status == "SUCCEEDED"
    assert world.dead_letters == {}
    assert world.expiry == [{"key": "m-1", "outcome": "persisted"}]
    assert list(world.notices) == ["started", "archived", "metadata", "final"]
    states = {stage: notice["state"] for stage, notice in world.notices.items()}
    assert states == {
        "started": {"S3": False, "metaData": False},
        "archived": {"S3": True, "metaData": False},
        "metadata": {"S3": True, "metaData": True},
        "final": {"S3": True, "metaData": True},
    }
    for notice in world.notices.values():
        assert notice["messageID"] == "m-1"
        assert notice["messageMetaData"] == MESSAGE["messageMetaData"]
        assert {key: notice["storageContext"]["persistence"][key] for key in ("S3", "metaData")} == notice["state"]
    fields = {"message", "messageID", "messageMetaData", "state", "storageContext"}
    assert all(set(world.notices[stage]) == fields for stage in ("started", "archived", "metadata"))
    assert set(world.notices["final"]) == fields | set(MESSAGE)


# What is broken, the flags of the final notification, the queues that hold something, what becomes of the payload, the error.
FAILURES: list[tuple[str, dict[str, bool], set[str], list[str], str | None]] = [
    ("started", {"S3": True, "metaData": True}, {"FinalState"}, ["persisted"], None),
    ("archived", {"S3": True, "metaData": True}, {"Archive"}, ["persisted"], None),
    ("metadata", {"S3": True, "metaData": True}, {"Metadata"}, ["persisted"], None),
    ("PayloadExpiry", {"S3": True, "metaData": True}, set(), [], None),
    ("MessageArchive", {"S3": False, "metaData": True}, {"Archive"}, ["failed"], "AuditIngest.NotPersisted"),
    ("MessageMetadata", {"S3": True, "metaData": False}, {"Metadata"}, [], "AuditIngest.NotPersisted"),
    ("FinalState", {"S3": True, "metaData": True}, {"FinalState"}, [], "AuditIngest.FinalStateIncomplete"),
]


@pytest.mark.parametrize(("broken", "flags", "queues", "expiry", "error"), FAILURES, ids=[case[0] for case in FAILURES])
@pytest.mark.parametrize("queues_work", [True, False], ids=["queues work", "queues are broken too"])
def test_one_failure_stops_nothing_else_and_the_final_notification_is_true(
    broken: str, flags: dict[str, bool], queues: set[str], expiry: list[str], error: str | None, queues_work: bool
) -> None:
    world = World(broken) if queues_work else World(broken, "FinalState queue", "Archive queue", "Metadata queue")
    run = walk(DEFINITION, MESSAGE, world)
    assert world.notices["final"]["state"] == flags
    assert set(world.notices) == {"started", "archived", "metadata", "final"} - {
        broken,
        {"MessageArchive": "archived", "MessageMetadata": "metadata"}.get(broken, ""),
    }
    assert set(world.dead_letters) == (queues if queues_work else set())
    assert [request["outcome"] for request in world.expiry] == expiry
    assert (run.status, run.error) == ("SUCCEEDED" if error is None else "FAILED", error)


def test_a_dead_letter_holds_the_branchs_input_and_the_reason() -> None:
    world = World("MessageArchive", "MessageMetadata")
    walk(DEFINITION, MESSAGE, world)
    for queue, function in (("Archive", "MessageArchive"), ("Metadata", "MessageMetadata")):
        (letter,) = world.dead_letters[queue]
        assert letter["input"] == MESSAGE
        assert letter["failure"] == {"Error": "Broken", "Cause": function}


def test_a_final_notification_that_cannot_be_published_is_kept() -> None:
    world = World("final")
    run = walk(DEFINITION, MESSAGE, world)
    assert (run.status, run.error) == ("FAILED", "AuditIngest.FinalStateIncomplete")
    (letter,) = world.dead_letters["FinalState"]
    assert letter["input"] == {**MESSAGE, "storageContext": context(s3=True, meta_data=True)}


def test_the_reason_is_told_when_the_final_state_could_not_be_recorded() -> None:
    world = World("FinalState", "MessageArchive")
    walk(DEFINITION, MESSAGE, world)
    final = world.notices["final"]["storageContext"]
    assert final["persistence"] == {"S3": False, "metaData": True, "reason": {"finalState": "Broken"}}
    assert final["S3Reference"] == {"bucket": None, "key": None}
    assert final["metaDataReference"]["dynamoDbTableName"] == "t"


def test_an_execution_ends_failed_even_when_nothing_answers() -> None:
    run = walk(DEFINITION, MESSAGE, World("everything"))
    assert run.status == "FAILED"


def machines(machine: Definition = DEFINITION) -> Iterator[Definition]:
    yield machine
    for state in machine["States"].values():
        for branch in state.get("Branches", []):
            yield from machines(branch)


@pytest.mark.parametrize("machine", list(machines()), ids=lambda machine: machine["StartAt"])
def test_every_state_can_be_reached_and_leads_to_an_end(machine: Definition) -> None:
    reached, waiting = set(), [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        state = machine["States"][name]
        assert followers(state) or state.get("End") or state["Type"] in {"Succeed", "Fail"}
        waiting += followers(state)
    assert reached == set(machine["States"])


def test_state_names_are_unique_and_short() -> None:
    """A name may have 80 characters: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"""
    names = [name for name, _ in all_states()]
    assert len(names) == len(set(names))
    assert all(len(name) <= 80 for name in names)


def test_no_way_to_an_end_passes_by_the_final_notification() -> None:
    states, waiting, seen = DEFINITION["States"], [DEFINITION["StartAt"]], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name == "Publish final":
            continue
        seen.add(name)
        assert states[name]["Type"] not in {"Succeed", "Fail"}, f"{name} is reached without a final notification"
        waiting += followers(states[name])


@pytest.mark.parametrize(("name", "task"), TASKS, ids=[name for name, _ in TASKS])
def test_every_task_has_a_timeout_retries_with_jitter_and_a_catch(name: str, task: Definition) -> None:
    assert task["TimeoutSeconds"] > 0
    assert [catcher["ErrorEquals"] for catcher in task["Catch"]] == [["States.ALL"]]
    assert task["Retry"][-1]["ErrorEquals"] == ["States.ALL"]
    retriers = [retrier for retrier in task["Retry"] if retrier["MaxAttempts"] > 0]
    assert all(retrier["JitterStrategy"] == "FULL" and retrier["BackoffRate"] >= 2 for retrier in retriers)
    if task["Resource"].endswith("lambda:invoke"):
        assert "Lambda.TooManyRequestsException" in retriers[0]["ErrorEquals"]


def test_what_is_not_retried_are_failures_that_stay() -> None:
    never = {
        error
        for _, task in TASKS
        for retrier in task["Retry"]
        if retrier["MaxAttempts"] == 0
        for error in retrier["ErrorEquals"]
    }
    assert never == {payload.PayloadMissing.__name__, payload.PayloadCorrupt.__name__}


def test_a_function_ends_before_the_workflow_stops_waiting_for_it() -> None:
    """Otherwise a function could still write what the workflow has given up."""
    default = yaml_parse((PIPELINE / "template.yaml").read_text())["Globals"]["Function"]["Timeout"]
    for _, task in TASKS:
        if task["Resource"].endswith("lambda:invoke"):
            function = re.sub(r"\$\{(\w+)Arn\}", r"\1", task["Parameters"]["FunctionName"])
            assert RESOURCES[function]["Properties"].get("Timeout", default) < task["TimeoutSeconds"]


def test_the_template_gives_the_definition_every_name_that_it_uses() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(DEFINITION)))
    assert set(RESOURCES["IngestStateMachine"]["Properties"]["DefinitionSubstitutions"]) == used


def test_a_payload_outlives_the_longest_way_through_the_workflow() -> None:
    """Every task of the longest way times out on every attempt and waits the longest that its jitter allows."""
    seconds = longest_seconds(DEFINITION)
    ttl_seconds = RESOURCES["IngestMessageFunction"]["Properties"]["Environment"]["Variables"]["PAYLOAD_TTL_SECONDS"]
    assert seconds * 1.5 < ttl_seconds
    assert f"{seconds:,.0f} seconds" in (PIPELINE / "README.md").read_text(), (
        f"the README must say {seconds:,.0f} seconds"
    )


def test_a_payload_that_is_not_archived_is_held_as_long_as_its_dead_letter() -> None:
    variables = RESOURCES["PayloadExpiryFunction"]["Properties"]["Environment"]["Variables"]
    retention_seconds = RESOURCES["ArchiveDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"]
    assert variables["PAYLOAD_HOLD_SECONDS"] == retention_seconds
