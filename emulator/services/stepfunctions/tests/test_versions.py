"""Versions and aliases with routing. https://docs.aws.amazon.com/step-functions/latest/dg/concepts-cd-aliasing-versioning.html"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.stepfunctions import StepFunctionsQuotas
from emulator.services.stepfunctions.tests.machine_room import ROLE_ARN, MachineRoom, machine


def result(value: Any) -> str:
    return json.dumps(machine(P={"Type": "Pass", "Result": value, "End": True}))


def room_with_versions(count: int) -> tuple[MachineRoom, str, list[str]]:
    """Version n of the machine gives n."""
    room = MachineRoom()
    arn = room.create(result(1))
    versions = [room.call("PublishStateMachineVersion", stateMachineArn=arn)["stateMachineVersionArn"]]
    for number in range(2, count + 1):
        updated = room.call("UpdateStateMachine", stateMachineArn=arn, definition=result(number), publish=True)
        versions.append(updated["stateMachineVersionArn"])
    return room, arn, versions


def run(room: MachineRoom, arn: str) -> dict[str, Any]:
    started = room.call("StartExecution", stateMachineArn=arn)["executionArn"]
    room.run()
    return room.describe(started)


def code(room: MachineRoom, operation: str, **params: Any) -> str:
    with pytest.raises(AwsError) as caught:
        room.call(operation, **params)
    return caught.value.code


def alias_of(room: MachineRoom, *routes: tuple[str, int], name: str = "PROD") -> str:
    routing = [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in routes]
    created = room.call("CreateStateMachineAlias", name=name, routingConfiguration=routing)
    return str(created["stateMachineAliasArn"])


def test_a_version_keeps_what_it_was_published_with() -> None:
    room, arn, versions = room_with_versions(2)
    assert versions == [f"{arn}:1", f"{arn}:2"]
    described = [run(room, target) for target in (versions[0], versions[1], arn)]
    assert [row["output"] for row in described] == ["1", "2", "2"]
    assert [row.get("stateMachineVersionArn") for row in described] == [versions[0], versions[1], None]
    assert {row["stateMachineArn"] for row in described} == {arn}
    one = room.call("DescribeStateMachine", stateMachineArn=versions[0])
    assert (one["stateMachineArn"], one["definition"]) == (versions[0], result(1))
    assert len(room.call("ListExecutions", stateMachineArn=versions[0])["executions"]) == 1
    assert len(room.call("ListExecutions", stateMachineArn=arn)["executions"]) == 3


def test_publishing_the_same_revision_again_gives_the_same_version() -> None:
    room, arn, versions = room_with_versions(1)
    again = room.call("PublishStateMachineVersion", stateMachineArn=arn)
    assert again["stateMachineVersionArn"] == versions[0]
    assert code(room, "PublishStateMachineVersion", stateMachineArn=arn, revisionId="other") == "ConflictException"
    created = room.call("CreateStateMachine", name="b", definition=result(0), roleArn=ROLE_ARN, publish=True)
    assert created["stateMachineVersionArn"].endswith(":b:1")
    params = {"name": "c", "definition": result(0), "roleArn": ROLE_ARN, "versionDescription": "v"}
    assert code(room, "CreateStateMachine", **params) == "ValidationException"


def test_numbers_of_deleted_versions_are_not_used_again() -> None:
    room, arn, versions = room_with_versions(2)
    room.call("DeleteStateMachineVersion", stateMachineVersionArn=versions[1])
    room.call("UpdateStateMachine", stateMachineArn=arn, definition=result(3), publish=True)
    listed = room.call("ListStateMachineVersions", stateMachineArn=arn)["stateMachineVersions"]
    assert [row["stateMachineVersionArn"] for row in listed] == [f"{arn}:3", f"{arn}:1"]
    assert code(room, "StartExecution", stateMachineArn=versions[1]) == "StateMachineDoesNotExist"


def test_an_alias_routes_by_weight() -> None:
    room, _, versions = room_with_versions(2)
    alias = alias_of(room, (versions[0], 80), (versions[1], 20))
    rows = [run(room, alias) for _ in range(300)]
    assert {row["stateMachineAliasArn"] for row in rows} == {alias}
    counts = Counter(row["output"] for row in rows)
    assert 200 < counts["1"] < 280
    assert counts["1"] + counts["2"] == 300


def test_an_alias_moves_and_protects_its_version() -> None:
    room, arn, versions = room_with_versions(2)
    alias = alias_of(room, (versions[0], 100))
    assert code(room, "DeleteStateMachineVersion", stateMachineVersionArn=versions[0]) == "ConflictException"
    routing = [{"stateMachineVersionArn": versions[1], "weight": 100}]
    room.call("UpdateStateMachineAlias", stateMachineAliasArn=alias, routingConfiguration=routing)
    assert run(room, alias)["output"] == "2"
    described = room.call("DescribeStateMachineAlias", stateMachineAliasArn=alias)
    assert described["routingConfiguration"] == routing
    room.call("DeleteStateMachineVersion", stateMachineVersionArn=versions[0])
    (row,) = room.call("ListStateMachineAliases", stateMachineArn=arn)["stateMachineAliases"]
    assert row["stateMachineAliasArn"] == alias
    assert room.call("ListStateMachineAliases", stateMachineArn=versions[1])["stateMachineAliases"] == [row]
    room.call("DeleteStateMachineAlias", stateMachineAliasArn=alias)
    assert code(room, "DescribeStateMachineAlias", stateMachineAliasArn=alias) == "ResourceNotFound"


@pytest.mark.parametrize(
    ("weights", "expected"), [((99,), "ValidationException"), ((50, 51), "ValidationException"), ((100,), None)]
)
def test_weights_must_add_up(weights: tuple[int, ...], expected: str | None) -> None:
    room, _, versions = room_with_versions(2)
    routing = [{"stateMachineVersionArn": arn, "weight": w} for arn, w in zip(versions, weights, strict=False)]
    params = {"name": "A", "routingConfiguration": routing}
    if expected is None:
        assert room.call("CreateStateMachineAlias", **params) == room.call("CreateStateMachineAlias", **params)
    else:
        assert code(room, "CreateStateMachineAlias", **params) == expected


def test_an_alias_needs_a_version_that_exists() -> None:
    room, arn, _ = room_with_versions(1)
    for target, expected in ((f"{arn}:7", "ResourceNotFound"), (f"{arn}:x", "ValidationException")):
        routing = [{"stateMachineVersionArn": target, "weight": 100}]
        assert code(room, "CreateStateMachineAlias", name="A", routingConfiguration=routing) == expected


def test_versions_and_aliases_have_quotas() -> None:
    room = MachineRoom(quotas=StepFunctionsQuotas(maximum_versions=1, maximum_aliases=1))
    arn = room.create(result(1))
    version = room.call("PublishStateMachineVersion", stateMachineArn=arn)["stateMachineVersionArn"]
    params = {"stateMachineArn": arn, "definition": result(2), "publish": True}
    assert code(room, "UpdateStateMachine", **params) == "ServiceQuotaExceededException"
    alias_of(room, (version, 100))
    routing = [{"stateMachineVersionArn": version, "weight": 100}]
    params = {"name": "B", "routingConfiguration": routing}
    assert code(room, "CreateStateMachineAlias", **params) == "ServiceQuotaExceededException"


def test_there_is_no_revision_before_the_first_change() -> None:
    room = MachineRoom()
    arn = room.create(result(0))
    for _ in range(2):
        answer = room.call("UpdateStateMachine", stateMachineArn=arn, definition=result(0), publish=True)
        assert "revisionId" not in answer
        assert answer["stateMachineVersionArn"] == f"{arn}:1"
    changed = room.call("UpdateStateMachine", stateMachineArn=arn, definition=result(1), publish=True)
    assert changed["revisionId"] and changed["stateMachineVersionArn"] == f"{arn}:2"
