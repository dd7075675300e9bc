"""Executions as text and pictures, from the same answers that AWS gives."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import botocore
import pytest
from typer.testing import CliRunner

from emulator.api_client import ApiClient
from emulator.errors import EmulatorError
from emulator.explain import Diagram, build_tree, commands, explain_text, mermaid, svg
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine


def call(name: str, **fields: Any) -> dict[str, Any]:
    resource = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    return {"Type": "Task", "Resource": resource, **({} if "Next" in fields else {"End": True}), **fields}


RETRY = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
PIPELINE = machine(
    Start={"Type": "Pass", "Next": "Both"},
    Both={
        "Type": "Parallel",
        "Branches": [
            machine(Archive=call("archive")),
            machine(
                Each={
                    "Type": "Map",
                    "MaxConcurrency": 1,
                    "ItemProcessor": machine(Record=call("record", Retry=RETRY)),
                    "Next": "Sum",
                },
                Sum={"Type": "Pass", "End": True},
            ),
        ],
        "Catch": [{"ErrorEquals": ["Handled"], "Next": "Never"}],
        "Next": "Never",
    },
    Never={"Type": "Succeed"},
)


def run(definition: dict[str, Any], data: Any = None) -> tuple[MachineRoom, str]:
    room = MachineRoom()
    room.functions.functions["archive"] = lambda event: event

    def record(event: int) -> int:
        if event == 3:
            raise ValueError("three is <not> allowed")
        return event

    room.functions.functions["record"] = record
    arn = room.start(definition, data)
    room.run()
    return room, arn


def test_the_tree_has_every_state_with_attempts_branches_and_items() -> None:
    room, arn = run(PIPELINE, [1, 2])
    tree = build_tree(room.history(arn))
    assert [(visit.name, visit.kind, visit.outcome) for visit in tree.visits] == [
        ("Start", "Pass", "succeeded"),
        ("Both", "Parallel", "succeeded"),
        ("Never", "Succeed", "succeeded"),
    ]
    both = tree.visits[1]
    assert [(visit.place, visit.name) for visit in both.children] == [
        ("branch 1", "Archive"),
        ("branch 2", "Each"),
        ("branch 2", "Sum"),
    ]
    each = both.children[1]
    assert [(visit.place, visit.name, visit.output) for visit in each.children] == [
        ("item 0", "Record", "1"),
        ("item 1", "Record", "2"),
    ]
    assert tree.culprit() is None
    assert ("Start", "Both") in tree.steps
    assert ("Each", "Sum") in tree.steps


def test_the_failing_state_and_its_cause_come_first() -> None:
    room, arn = run(PIPELINE, [1, 3])
    tree = build_tree(room.history(arn))
    culprit = tree.culprit()
    assert culprit is not None
    assert (culprit.name, culprit.place, culprit.attempts) == ("Record", "item 1", 3)
    text = explain_text(room.describe(arn), tree)
    first = text.split("\n\n")[0].splitlines()
    assert first[0].startswith("FAILED after 3.00 s")
    assert first[1] == "  error  ValueError"
    assert "three is <not> allowed" in first[2]
    assert first[3] == "  in     Both > Each [branch 2] > Record [item 1] (Task record, 3 attempts)"
    assert first[4] == "  input  3"
    assert text.count("└─ FAILED  [item 1] Record") == 1


def test_data_are_cut_to_size_or_left_out() -> None:
    room, arn = run(machine(P={"Type": "Pass", "End": True}), "x" * 5_000)
    tree = build_tree(room.history(arn))
    assert "... (5,002 characters)" in explain_text(room.describe(arn), tree, width=40)
    assert max(map(len, explain_text(room.describe(arn), tree, data=False).splitlines())) < 200


def test_a_caught_error_and_a_timeout_are_told_apart() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "After"}]
    definition = machine(T=call("record", Catch=catch), After={"Type": "Wait", "Seconds": 50, "End": True})
    room, arn = run(definition | {"TimeoutSeconds": 10}, 3)
    tree = build_tree(room.history(arn))
    assert [visit.outcome for visit in tree.visits] == ["caught", "timed out"]
    culprit = tree.culprit()
    assert culprit is not None
    assert culprit.name == "After"


def test_a_redriven_execution_goes_on_in_its_tree() -> None:
    room, arn = run(machine(T=call("record")), 3)
    room.functions.functions["record"] = lambda event: "fine"
    room.call("RedriveExecution", executionArn=arn)
    room.run()
    (visit,) = build_tree(room.history(arn)).visits
    assert (visit.outcome, visit.attempts, visit.output) == ("succeeded", 2, '"fine"')
    assert "redriven 1 times" in explain_text(room.describe(arn), build_tree(room.history(arn)))


def test_mermaid_shows_shapes_errors_and_the_path() -> None:
    room, arn = run(PIPELINE, [1, 3])
    tree = build_tree(room.history(arn))
    chart = mermaid(Diagram.of(PIPELINE, tree), tree.steps)
    assert chart.startswith("flowchart TD\n    start(( )) --> s0\n")
    assert "s0 ==> s1" in chart
    assert 's1 -.->|"Handled"| ' in chart
    assert chart.count("subgraph ") == [line.strip() for line in chart.splitlines()].count("end")
    record = next(line for line in chart.splitlines() if "Record<br/>" in line).strip().partition("[")[0]
    assert f"class {record} failed" in chart


def test_svg_is_well_formed_and_has_every_state() -> None:
    definition = machine(
        **{'A <"&> state': {"Type": "Pass", "Next": "L"}}, L={"Type": "Choice", "Choices": [], "Default": "X"}
    )
    definition["States"]["X"] = {"Type": "Pass", "Next": "L"}  # a loop
    definition["States"]["P"] = PIPELINE["States"]["Both"]
    picture = ElementTree.fromstring(svg(Diagram.of(definition)))
    titles = {element.text for element in picture.iter("{http://www.w3.org/2000/svg}title")}
    assert {'A <"&> state', "L", "X", "P", "Archive", "Record"} <= titles


def test_boxes_of_a_row_do_not_overlap_and_lie_inside_the_picture() -> None:
    picture = ElementTree.fromstring(svg(Diagram.of(PIPELINE)))
    width = float(picture.attrib["width"])
    boxes = [
        tuple(float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        for box in picture.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert len(boxes) == 7
    assert all(x >= 0 and x + w <= width for x, _, w, _ in boxes)
    for x, y, w, h in boxes:
        for x2, y2, w2, h2 in boxes:
            apart = x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
            inside = (x2 >= x and x2 + w2 <= x + w and y2 >= y and y2 + h2 <= y + h) or (
                x >= x2 and x + w <= x2 + w2 and y >= y2 and y + h <= y2 + h2
            )
            assert apart or inside


class RoomClient:
    """The API of a machine room as a botocore client has it."""

    def __init__(self, room: MachineRoom) -> None:
        self.room = room

    def __getattr__(self, method: str) -> Any:
        names = {botocore.xform_name(name): name for name in type(self.room.service).operations}
        return lambda **params: self.room.call(names[method], **params)


def test_the_commands_list_explain_and_draw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room, arn = run(PIPELINE, [1, 3])
    monkeypatch.setattr(commands, "api_client", lambda service, endpoint: ApiClient(RoomClient(room)))
    runner = CliRunner()
    listed = runner.invoke(commands.app, ["executions", "--status", "FAILED"])
    name = room.describe(arn)["name"]
    assert name in listed.output
    assert "3.00 s" in listed.output
    files = ["--svg", str(tmp_path / "p.svg"), "--mermaid", str(tmp_path / "p.mmd")]
    explained = runner.invoke(commands.app, ["explain", name, "--no-data", *files])
    assert explained.exit_code == 0, explained.output
    assert "Record [item 1]" in explained.output
    assert ElementTree.parse(tmp_path / "p.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "p.mmd").read_text().startswith("flowchart")
    missing = runner.invoke(commands.app, ["explain", "nobody"])
    assert isinstance(missing.exception, EmulatorError)
    assert json.dumps("nobody")[1:-1] in str(missing.exception)
