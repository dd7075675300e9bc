"""`windtunnel executions --json` and `windtunnel explain --json`: what the text says, for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from emulator.api_client import ApiClient
from emulator.explain import commands

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
MACHINE = {"name": "flow", "stateMachineArn": "arn:flow", "type": "STANDARD"}
ROW = {"name": "one", "executionArn": "arn:one", "status": "SUCCEEDED", "startDate": BEGUN, "stopDate": BEGUN}
EVENTS = [
    {"id": 1, "type": "ExecutionStarted", "timestamp": BEGUN},
    {
        "id": 2,
        "previousEventId": 1,
        "type": "PassStateEntered",
        "timestamp": BEGUN,
        "stateEnteredEventDetails": {"name": "First", "input": "{}"},
    },
    {
        "id": 3,
        "previousEventId": 2,
        "type": "PassStateExited",
        "timestamp": BEGUN,
        "stateExitedEventDetails": {"name": "First", "output": "{}"},
    },
]


class FakeStates:
    """Step Functions as far as the commands ask it."""

    def list_state_machines(self, **_: Any) -> Any:
        return {"stateMachines": [MACHINE]}

    def list_executions(self, **_: Any) -> Any:
        return {"executions": [ROW]}

    def describe_execution(self, executionArn: str) -> Any:
        return {**ROW, "ResponseMetadata": {}}

    def get_execution_history(self, **_: Any) -> Any:
        return {"events": EVENTS}


@pytest.fixture(autouse=True)
def _api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "api_client", lambda *_: ApiClient(FakeStates()))


def shown(*words: str) -> Any:
    result = CliRunner().invoke(commands.app, [*words, "--json"])
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_executions_stand_below_their_machines() -> None:
    machines = shown("executions")["state_machines"]
    assert [(machine["name"], machine["executions"][0]["status"]) for machine in machines] == [("flow", "SUCCEEDED")]
    assert machines[0]["executions"][0]["startDate"] == BEGUN.timestamp()


def test_explained_execution_has_its_visits_with_input_and_output() -> None:
    explained = shown("explain", "one")
    assert explained["execution"]["executionArn"] == "arn:one"
    visit = explained["visits"][0]
    assert (visit["name"], visit["outcome"], visit["input"], visit["output"]) == ("First", "succeeded", "{}", "{}")
