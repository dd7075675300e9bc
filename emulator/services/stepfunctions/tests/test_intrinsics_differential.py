"""Our intrinsic functions against those of moto's interpreter, where both are right.

Left out, because the two differ and AWS's page speaks for ours: States.Format of a non-string (moto writes Python's spelling),
States.ArrayRange beyond its limit or downwards (moto refuses it), States.Base64Encode of other than ASCII (moto fails), and everything
random.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

CALLS = [
    "States.Array($.n, $.s, $.list)",
    "States.ArrayPartition($.list, 2)",
    "States.ArrayContains($.list, 3)",
    "States.ArrayContains($.list, 7)",
    "States.ArrayRange(1, 9, 2)",
    "States.ArrayGetItem($.list, 2)",
    "States.ArrayLength($.list)",
    "States.ArrayUnique($.doubled)",
    "States.Base64Encode($.json)",
    "States.Base64Decode($.encoded)",
    "States.Hash($.s, 'MD5')",
    "States.Hash($.s, 'SHA-1')",
    "States.Hash($.s, 'SHA-256')",
    "States.Hash($.s, 'SHA-384')",
    "States.Hash($.s, 'SHA-512')",
    "States.JsonMerge($.left, $.right, false)",
    "States.StringToJson($.json)",
    "States.JsonToString($.left)",
    "States.MathAdd(111, -11)",
    "States.StringSplit($.csv, ',')",
    "States.Format('{} and {}', $.s, 'more')",
]
DATA = {
    "n": 0,
    "s": "Grüße",
    "list": [1, 2, 3, 4, 5],
    "doubled": [1, 1, 2, 3, 2],
    "encoded": "RGF0YSB0byBlbmNvZGU=",
    "left": {"a": {"x": 1}, "b": 0},
    "right": {"a": {"y": 2}, "c": ""},
    "json": '{"falsy": [0, "", null]}',
    "csv": "1,2,,3",
}
MOTO = r"""
import json, os, sys, time
os.environ.update(AWS_ACCESS_KEY_ID="t", AWS_SECRET_ACCESS_KEY="t")
import boto3
from moto import mock_aws
definitions, data = json.load(sys.stdin)
answers = []
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.client("stepfunctions", region_name="us-east-1")
    role = "arn:aws:iam::123456789012:role/r"
    started = []
    for number, definition in enumerate(definitions):
        created = client.create_state_machine(name=f"m{number}", definition=json.dumps(definition), roleArn=role)
        arn = created["stateMachineArn"]
        started.append(client.start_execution(stateMachineArn=arn, input=json.dumps(data))["executionArn"])
    deadline = time.monotonic() + 40
    for execution in started:
        while (described := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            if time.monotonic() > deadline:
                sys.exit("moto's execution did not end")
            time.sleep(0.02)
        answers.append(described.get("output", json.dumps({"failed": described.get("cause")})))
print(json.dumps(answers))
"""


def definition(call: str) -> dict[str, Any]:
    """A machine that evaluates one call."""
    return machine(Call={"Type": "Pass", "Parameters": {"value.$": call}, "End": True})


@pytest.fixture(scope="module")
def motos() -> dict[str, Any]:
    """What moto's interpreter gives for each call, from a process of its own."""
    pytest.importorskip("antlr4", reason="moto's interpreter needs antlr4: pip install 'moto[stepfunctions]'")
    text = json.dumps([[definition(call) for call in CALLS], DATA])
    command = [sys.executable, "-c", MOTO]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return dict(zip(CALLS, map(json.loads, json.loads(done.stdout)), strict=True))


@pytest.mark.parametrize("call", CALLS)
def test_both_interpreters_agree(call: str, motos: dict[str, Any]) -> None:
    described = MachineRoom().execute(definition(call), DATA)
    assert described["status"] == "SUCCEEDED", described["cause"]
    assert json.loads(described["output"]) == motos[call]
